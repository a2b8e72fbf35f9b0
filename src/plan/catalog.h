/*
 * Every package that the repositories offer for an architecture, with lookups by name, glob,
 * version, file and provided name. By libsolv and libsolvext, which no header shows.
 *
 * A package is a number > 0, valid as long as the catalog. Lists are in order of name, then newest
 * version first. Errors: ERR_NETWORK for metadata that can't be read, naming repository and file.
 */
#pragma once

#include "plan/comps.h"
#include "plan/sources.h"

struct catalog;

struct ids {
    int *v;
    size_t n;
};
void ids_add(struct ids *ids, int id);
bool ids_have(const struct ids *ids, int id);
void ids_done(struct ids *ids);
static inline void cleanup_ids(struct ids *ids)
{
    ids_done(ids);
}
#define auto_ids __attribute__((cleanup(cleanup_ids)))

int catalog_load(const struct sources *sources, const struct metadata *metadata, size_t n,
    struct catalog **ret_catalog, struct err *err);
void catalog_free(struct catalog *catalog);
DEFINE_CLEANUP(struct catalog *, catalog_free)

const struct comps *catalog_comps(const struct catalog *catalog);
struct strv *catalog_warnings(struct catalog *catalog);
/* All names, sorted; for suggestions. The array is the catalog's. */
const char *const *catalog_names(const struct catalog *catalog, size_t *ret_n);

const char *catalog_name(const struct catalog *catalog, int id);
const char *catalog_version(const struct catalog *catalog, int id); /* [epoch:]version-release */
const char *catalog_arch(const struct catalog *catalog, int id);
/* name-[epoch:]version-release.arch; the caller frees. */
char *catalog_nevra(const struct catalog *catalog, int id);
size_t catalog_source(const struct catalog *catalog, int id); /* index in struct sources */

/* Never install this one; 'clause' is read as "package 'b', which CLAUSE". The first one stays. */
void catalog_exclude(struct catalog *catalog, int id, const char *clause);
/* The clause, or NULL for a package that may be installed. */
const char *catalog_exclusion(const struct catalog *catalog, int id);
/* Of a list, those that may be installed. */
void catalog_usable(const struct catalog *catalog, const struct ids *all, struct ids *ret_ids);

/* Excluded packages are found as well. */
void catalog_by_name(const struct catalog *catalog, const char *name, struct ids *ret_ids);
/* Name or name.arch by a shell pattern. */
void catalog_by_glob(const struct catalog *catalog, const char *pattern, struct ids *ret_ids);
/* name.arch, name-version, name-version-release, either with .arch; patterns are allowed. */
void catalog_by_version(const struct catalog *catalog, const char *spec, struct ids *ret_ids);
/* Who owns the path; reads the full file lists if it must. */
int catalog_by_file(
    struct catalog *catalog, const char *path, struct ids *ret_ids, struct err *err);
/* Who provides a name, or a relation such as "perl(Carp) >= 1.2". */
void catalog_by_provides(struct catalog *catalog, const char *text, struct ids *ret_ids);
/* Packages that obsolete one of these. */
void catalog_obsoleters(struct catalog *catalog, const struct ids *ids, struct ids *ret_ids);
/* Architectures of packages of this name that don't run here, as "ppc64, s390"; NULL: none. */
char *catalog_foreign_archs(const struct catalog *catalog, const char *name);

bool is_glob(const char *text);
