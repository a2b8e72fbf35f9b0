/* The documents that say what a repository has and where it is served: repomd.xml, metalinks and
 * mirror lists, as plain values. All of it is hostile until its checksum or
 * signature was seen. Errors: ERR_NETWORK, with 'what' as the document's name. */
#pragma once

#include "base/err.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "fetch/checksum.h"

/* Checksums of one kind, any of which will do. */
struct checksums {
    const char *type; /* NULL: none are known */
    struct strv hex;  /* on the heap */
};
void checksums_done(struct checksums *sums);

struct repomd_record {
    char *location; /* relative, inside the repository */
    char *base;     /* xml:base, or NULL */
    const char *checksum_type;
    char *checksum;
    uint64_t size_bytes; /* 0: not said */
};

struct repomd {
    char *revision; /* or NULL */
    /* Empty (location NULL) where the repository has none. */
    struct repomd_record primary, filelists, group, modules;
};

/* *ret_repomd: the caller frees by repomd_free(). */
int repomd_read(int fd, const char *what, struct repomd **ret_repomd, struct err *err);
void repomd_free(struct repomd *repomd);
DEFINE_CLEANUP(struct repomd *, repomd_free)

/* Base addresses, best first, appended to *urls; of repomd.xml's checksums the strongest kind. */
int metalink_read(
    int fd, const char *what, struct strv *urls, struct checksums *ret_repomd, struct err *err);
int mirrorlist_read(int fd, const char *what, struct strv *urls, struct err *err);
