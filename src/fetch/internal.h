/* What the files of this room share: an open cache, and what is known of each source. */
#pragma once

#include "fetch/fetch.h"
#include "fetch/repomd.h"
#include "fetch/transfer.h"
#include "fetch/verify.h"

/* One source as it is used: where it is served from, by whom it is signed. */
struct site {
    const struct source *source; /* borrowed */
    char *id;                    /* of its addresses; its directory is metadata/ID */
    char *local_root;            /* a directory of this machine that is used as it lies, or NULL */
    struct mirrors mirrors;      /* empty until site_find_mirrors() */
    struct checksums repomd;     /* of repomd.xml, by the metalink; may be empty */
    struct transfer_site transfer;
    struct keys *keys; /* NULL until site_find_keys() */
    char *directory;   /* "metadata/ID", below the cache */
};

struct fetch {
    struct fetch_options options;
    struct progress *progress; /* of the call under way; may be NULL */
    char *directory;
    int dir;          /* the cache */
    int partial;      /* its directory partial/ */
    int lock;         /* its file "lock": held for moments only, see cache.c */
    int users;        /* this process' file below users/: what it uses; locked while open */
    char *users_name; /* NULL until something was used */
    struct site **sites;
    size_t n_sites;
};

/* cache.c */
/* This process uses these files (names below the cache, or whole directories of metadata/):
 * nobody prunes them until fetch_close(). */
int cache_use(struct fetch *fetch, const struct strv *names, struct err *err);
/* The lock that orders cache_use() and prune; held for moments only. 'how' as for flock(2). */
int cache_lock(struct fetch *fetch, int how, struct err *err);
void cache_unlock(struct fetch *fetch);
int cache_make_directory(struct fetch *fetch, const char *name, struct err *err);
/* The absolute path of a name below the cache; the caller frees. */
char *cache_path(const struct fetch *fetch, const char *name);
/* Replace a small file, at once for whoever reads it. */
int cache_write(struct fetch *fetch, const char *name, const char *text, struct err *err);
/* It was used now (its modification time says so). */
void cache_touch(struct fetch *fetch, const char *name);
/* packages/TYPE/HH/HEX-NAME for a package; the caller frees. */
char *cache_package_name(const struct plan_package *package);
/* Its parts back: false for a name that is none. *ret_file is borrowed from name. */
bool cache_package_parts(const char *name, char **ret_type, char **ret_hex, const char **ret_file);

/* site.c; *ret_site is borrowed, and lives until fetch_close(). */
int site_of(
    struct fetch *fetch, const struct source *source, struct site **ret_site, struct err *err);
/* Fill site->mirrors from base addresses, metalink and mirror list. */
int site_find_mirrors(struct fetch *fetch, struct site *site, struct err *err);
void site_free(struct site *site);
/* A file of a site's own that has no checksum (a key, a list), at an address of its own: kept as
 * metadata/ID/NAME, from where --offline takes it. Returns a descriptor, or negative with *err. */
int site_document(struct fetch *fetch, struct site *site, const char *url, const char *name,
    const char *what, struct err *err);
/* ERR_NETWORK: --offline, and this is not in the cache. */
int site_is_offline(const struct site *site, const char *what, struct err *err);
/* "metadata/ID/NAME"; the caller frees. */
char *site_name(const struct site *site, const char *name);

/* index.c */
/* The source's repomd.xml, signed well if it is to be; the caller frees *ret_path. *ask: ask the
 * source also where the cache has it from a few minutes ago; then, whether it was asked. */
int index_find(struct fetch *fetch, struct site *site, bool *ask, char **ret_path, bool *ret_signed,
    struct err *err);

/* keys.c */
/* The keys that may sign for a source, into site->keys; empty when it names none. */
int site_find_keys(struct fetch *fetch, struct site *site, struct err *err);
/* ERR_VERIFY: it has none and needs one. */
int site_needs_keys(const struct site *site, struct err *err);

/* Carry these out with the options of this cache. */
int fetch_transfer(struct fetch *fetch, struct transfer *transfers, size_t n,
    const struct transfer_watch *watch, struct err *err);
/* What a fault of a file means: ERR_VERIFY or ERR_SYSTEM, with 'what' and where it is from. */
int fetch_fault(const struct verify_job *job, const char *what, const char *from, struct err *err);
