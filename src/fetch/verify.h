/*
 * Checksums and signatures of files, by processes beside this one: librpm keeps process-wide
 * state and reads hostile bytes, so it never runs here; and two of them are twice as quick.
 *
 * Errors: ERR_SYSTEM where the processes can't be had, ERR_INTERRUPTED. What is wrong with a file
 * is no error here but the job's fault. No process is left behind.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/strbuf.h"

enum verify_fault {
    VERIFY_NOT_DONE,
    VERIFY_GOOD,
    VERIFY_NO_FILE,     /* detail: why it can't be read */
    VERIFY_SIZE,        /* detail: "123 bytes" */
    VERIFY_CHECKSUM,    /* detail: the checksum it has */
    VERIFY_UNSIGNED,    /* neither by a known key nor by another */
    VERIFY_UNKNOWN_KEY, /* detail: the key's id */
    VERIFY_BAD,         /* a signature or digest in the file does not hold; detail: which */
    VERIFY_BROKEN,      /* no package, or no signature; detail: what librpm says */
};

/* Public keys, as they were written: armored or not. */
struct keys {
    struct keys_text {
        char *from; /* a path or URL */
        char *bytes;
        size_t size;
    } * v;
    size_t n;
};
void keys_free(struct keys *keys);

struct verify_job {
    const char *path;
    uint64_t size_bytes;                  /* 0: not known */
    const char *checksum_type, *checksum; /* NULL: not asked */
    const struct keys *keys;              /* a signature by one of these; NULL: not asked */
    const char *signature; /* a file with a detached one; NULL: 'path' is a package */
    enum verify_fault fault;
    char *detail; /* the caller frees; "" if there is nothing to say */
};

/* Every job, or an error. 'advance' (may be NULL) hears of each finished one. */
int verify_run(struct verify_job *jobs, size_t n,
    void (*advance)(void *data, const struct verify_job *job), void *data, struct err *err);
