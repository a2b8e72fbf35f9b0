/*
 * Where packages come from: the recipe's url and repo lines and the command line's --repo, with
 * variables filled in, as one list. Pure.
 */
#pragma once

#include "recipe/recipe.h"

struct source {
    char *name;
    struct strv baseurls; /* file://, http://, https:// or ftp://; a plain path becomes file:// */
    char *mirrorlist, *metalink, *proxy;
    struct strv gpgkeys;                            /* URLs or paths of armored public keys */
    struct strv include_packages, exclude_packages; /* globs */
    int cost;                                       /* default 1000, lower is preferred */
    int priority;                                   /* default 99, lower wins */
    bool gpgcheck;                                  /* packages must carry a good signature */
    bool repo_gpgcheck; /* repomd.xml must; without it a stranger's signature counts as none, and a
                           bad one by a known key is an error all the same */
    bool sslverify;
    bool ignoregroups;         /* its comps.xml is not read */
    unsigned overridden;       /* by --repo NAME=URL */
    struct recipe_place place; /* line 0: from the command line */
};

struct sources {
    struct arena *arena;
    struct source *v;
    size_t n;
    char *releasever, *basearch, *arch;
};

struct source_options {
    const char *releasever;     /* NULL: from the recipe's #version (RHEL7 -> 7), else unset */
    const char *arch;           /* NULL: this machine's; x86_64, i386, aarch64 */
    const struct strv *repos;   /* NAME=URL: replaces the recipe's repo of that name, or is added */
    const struct strv *gpgkeys; /* --gpgkey: for every source */
    bool only_command_line;     /* drop the recipe's own repositories (--no-recipe-repos) */
    bool no_gpgcheck;
};

/* ERR_RECIPE for a variable that is not known, ERR_USAGE for a bad NAME=URL, ERR_RECIPE when there
 * is no repository at all. */
int sources_make(const struct recipe *recipe, const struct source_options *options,
    struct sources **ret_sources, struct err *err);
void sources_free(struct sources *sources);
DEFINE_CLEANUP(struct sources *, sources_free)

/* The metadata files of one source on this machine, verified (made by fetch/). Paths are NULL
 * where the repository has no such file. Compressed as they came (gz, xz, zst, bz2). */
struct metadata {
    const struct source *source; /* borrowed from struct sources */
    char *repomd, *primary, *filelists, *group, *modules, *updateinfo;
    char *revision; /* of repomd.xml */
    bool is_signed; /* repomd.xml had a good signature */
};
