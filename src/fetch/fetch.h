/*
 * Getting metadata and packages, verified, into a cache that builds share.
 *
 * The cache is a directory (default $XDG_CACHE_HOME/slipway, else ~/.cache/slipway): packages by
 * the checksum of the file, metadata by source; a file there is complete and verified or absent
 * (written under a temporary name, synced, renamed). Any number of builds may use it at once.
 * Errors: ERR_NETWORK (naming the package, the mirror and what it answered), ERR_VERIFY (checksum,
 * signature: unsigned, unknown key, wrong), ERR_SYSTEM (disk full ...).
 * Effects: network, the cache directory.
 */
#pragma once

#include "base/progress.h"
#include "plan/plan.h"

struct fetch_options {
    const char *cache_directory; /* NULL: the default */
    bool offline;                /* only what the cache has (--offline) */
    bool refresh;                /* ask for repomd.xml again even if it was fetched just now */
    unsigned parallel;           /* transfers at once; 0: 4 */
    unsigned stall_seconds;      /* a transfer slower than 1000 B/s for so long fails; 0: 30 */
    unsigned retries;            /* per mirror; 0: 3 */
};

struct fetch; /* an open cache */
int fetch_open(const struct fetch_options *options, struct fetch **ret_fetch, struct err *err);
void fetch_close(struct fetch *fetch);
DEFINE_CLEANUP(struct fetch *, fetch_close)
const char *fetch_cache_directory(const struct fetch *fetch);

/* Metadata of every source; *ret_metadata has sources->n elements, the caller frees by
 * fetch_metadata_free(). */
int fetch_metadata(struct fetch *fetch, const struct sources *sources, struct progress *progress,
    struct metadata **ret_metadata, struct err *err);
void fetch_metadata_free(struct metadata *metadata, size_t n);

/* Every package of the plan; ret_paths[i] is the verified file of plan->packages[i], valid until
 * fetch_close() (which lets the cache prune them again). The caller frees by strv_done(). */
int fetch_packages(struct fetch *fetch, const struct sources *sources, const struct plan *plan,
    struct progress *progress, struct strv *ret_paths, struct err *err);

/* slipway cache. */
struct fetch_cache_entry {
    char *name; /* package file or source name */
    char *kind; /* "package", "metadata", "partial" */
    uint64_t bytes;
    int64_t last_used; /* seconds since the epoch */
};
struct fetch_cache_list {
    struct arena *arena;
    struct fetch_cache_entry *v;
    size_t n;
};
int fetch_cache_list(struct fetch *fetch, struct fetch_cache_list **ret_list, struct err *err);
void fetch_cache_list_free(struct fetch_cache_list *list);
DEFINE_CLEANUP(struct fetch_cache_list *, fetch_cache_list_free)
/* Remove what was not used for so many days (0: everything not in use by a running build). */
int fetch_cache_prune(struct fetch *fetch, unsigned days, uint64_t *ret_bytes, struct err *err);
/* Read every package again and remove those whose checksum no longer holds. */
int fetch_cache_verify(
    struct fetch *fetch, struct progress *progress, size_t *ret_bad, struct err *err);
