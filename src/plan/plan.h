/*
 * The plan: which packages, from where, and why. recipe + repository metadata + options in, an
 * immutable value out; nothing is downloaded and nothing written. By libsolv.
 *
 * Errors: ERR_RECIPE for a group, environment or package that no repository has (with the line and
 * the nearest names), ERR_DEPENDENCY for a request that can't be solved, explained in a sentence.
 */
#pragma once

#include "plan/era.h"
#include "plan/sources.h"

enum plan_reason {
    REASON_USER,       /* named in %packages */
    REASON_GROUP,      /* member of a group that was asked for */
    REASON_IMPLICIT,   /* added for the boot: kernel, boot loader, file system tools */
    REASON_DEPENDENCY, /* required by another */
    REASON_WEAK,       /* recommended or supplemented */
};

#define PLAN_NO_PARENT SIZE_MAX

struct plan_package {
    char *name, *version, *release, *arch;
    uint64_t epoch;
    char *nevra;         /* name-[epoch:]version-release.arch */
    char *checksum_type; /* "sha256", "sha1", "sha512", "md5" */
    char *checksum;      /* lower-case hex, of the whole .rpm file */
    uint64_t download_bytes, installed_bytes;
    char *location; /* relative to the source's base URL */
    char *base;     /* xml:base, or NULL: instead of the source's base URL */
    size_t source;  /* index in struct sources */
    enum plan_reason reason;
    char *because; /* for people: "group core (centos5.ks:30)", "required by openssh-server",
                      "centos5.ks:31" */
    size_t parent; /* index of the package that requires or recommends it, or PLAN_NO_PARENT */
    char *dep;     /* what the parent asks for: "libc.so.6()(64bit)"; NULL without a parent */
};

struct plan {
    struct arena *arena;
    struct plan_package *packages; /* sorted by name, then arch */
    size_t n;
    uint64_t download_bytes, installed_bytes;
    struct strv groups; /* ids of the groups and environments that were installed */
    char *releasever, *arch;
    struct strv langs; /* %_install_langs; "all" alone: every language */
    bool excludedocs;
    uint8_t seed[32]; /* SHA-256 of the packages' checksums: from it come UUIDs and salts */
    int64_t newest_build_time; /* of the packages, seconds; 0: not known */
    struct era *era;           /* predicted from package names; read again off the installed tree */
    struct strv warnings;
    char *locked_from; /* the lock file's path, or NULL */
};

struct plan_options {
    bool no_weak_deps;      /* --no-weak-deps */
    const struct strv *add; /* --package: added to the recipe's */
};

int plan_make(const struct recipe *recipe, const struct sources *sources,
    const struct metadata *metadata, size_t n_metadata, const struct plan_options *options,
    struct plan **ret_plan, struct err *err);
void plan_free(struct plan *plan);
DEFINE_CLEANUP(struct plan *, plan_free)

/* Why is this package there: a chain from the recipe's line down to it, a line each. ERR_USAGE if
 * it is not in the plan, with the nearest name. */
int plan_why(const struct plan *plan, const char *name, FILE *out, struct err *err);

void plan_print(const struct plan *plan, const struct sources *sources, FILE *out);
void plan_print_json(const struct plan *plan, const struct sources *sources, FILE *out);

/* The lock: a JSON file that pins every package by checksum, with the sources they come from.
 * Reading one makes a plan without metadata; 'recipe' is checked to be the one that was locked
 * (ERR_RECIPE if its %packages differ). */
int plan_lock_write(const struct plan *plan, const struct recipe *recipe,
    const struct sources *sources, const char *path, struct err *err);
int plan_lock_read(const char *path, const struct recipe *recipe, const struct sources *sources,
    struct plan **ret_plan, struct err *err);
