/*
 * Cases for the plan's tests, written in one small file: repositories, a recipe, options.
 *
 *   =repo NAME [priority=N] [cost=N] [broken=primary|filelists|group|modules] [directory=DIR]
 *   pkg name-[epoch:]version-release.arch
 *    provides|requires|recommends|suggests|supplements|conflicts|obsoletes: a, b >= 1-2, (c if d)
 *    files: /usr/bin/a, /etc/b        (in primary.xml and filelists.xml)
 *    filelist: /usr/share/a           (in filelists.xml alone)
 *    size: DOWNLOAD INSTALLED
 *    location: | checksum: | base:    (instead of what is usual)
 *   =comps / =modules                 (of the repository above; as they are)
 *   =recipe                           (kickstart text; it is named "in.ks")
 *   =options                          (arch X, releasever X, add NAME, repo NAME=URL, no-weak,
 *                                      why NAME, json, lock, lock-recipe-below)
 *
 * Metadata is written below a directory of its own, which inline_free() removes.
 */
#pragma once

#include "plan/plan.h"

struct inline_repo {
    char *name;
    int priority, cost; /* 0: not given */
    struct strbuf primary, filelists, comps, modules;
    size_t n_packages;
    char *broken, *directory;
};

struct inline_case {
    struct arena *arena;
    struct inline_repo *repos;
    size_t n_repos;
    struct strbuf recipe;
    struct strv options;
    char directory[64]; /* where the metadata is */
    struct metadata *metadata;
};

/* Reads 'path'; a fault of the case itself ends the program. */
void inline_read(struct inline_case *c, const char *path);
/* The recipe with the case's repositories in it: recipe lines 'repo' are not needed. */
int inline_sources(const struct inline_case *c, const struct recipe *recipe,
    struct sources **ret_sources, struct err *err);
/* Write the metadata of the sources; c->metadata has sources->n elements. */
void inline_metadata(struct inline_case *c, const struct sources *sources);
/* The value of the n-th option of that name, "" for one without; NULL: none. */
const char *inline_option(const struct inline_case *c, const char *name, size_t n);
void inline_free(struct inline_case *c);
