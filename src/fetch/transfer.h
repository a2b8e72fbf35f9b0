/*
 * Files from the network, by libcurl: several at once, each from the first of its addresses that
 * serves it whole and right, with resumption, limits on time and size, and retries.
 *
 * A file grows under partial/ in the cache and stays there when a transfer is broken off, so that
 * the next run goes on where this one ended. Nothing that was not checked leaves partial/.
 * Errors: ERR_NETWORK (naming file, addresses and what each answered), ERR_VERIFY (served whole,
 * with another checksum), ERR_SYSTEM (disk full), ERR_INTERRUPTED.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "fetch/repomd.h"

/* Base addresses of the same content; faults are counted so that a dead one comes last. */
struct mirrors {
    struct strv urls; /* on the heap */
    unsigned *faults; /* urls.n of them */
};
void mirrors_done(struct mirrors *mirrors);

/* How a repository is to be reached. Borrowed strings. */
struct transfer_site {
    const char *proxy; /* NULL: as the environment says */
    bool sslverify;
};

struct transfer {
    /* Filled by the caller, who owns what they point at. */
    char *what;                       /* "package bash-5.2-1.x86_64"; freed by transfer_done() */
    const struct transfer_site *site; /* NULL: the defaults */
    struct mirrors *mirrors;          /* NULL: 'location' is the whole address */
    char *location;                   /* freed by transfer_done() */
    char *partial_name;               /* in 'partial_dir'; freed by transfer_done() */
    uint64_t size_bytes;              /* 0: not known */
    uint64_t max_bytes;               /* what is larger is refused; 0: size_bytes */
    const struct checksums *sums;     /* NULL: none is known, and nothing is resumed */
    bool may_be_absent;               /* where a mirror has none that is no error: found is false */

    /* Filled by transfer_run(). */
    bool found;
    int fd;         /* of the whole file, locked; -1 before: the caller fills that in, too */
    char *from;     /* the address that served it, without password; NULL: it was in partial/ */
    size_t mirror;  /* which of the mirrors that is */
    uint64_t bytes; /* received over the network */
    bool is_kept;
    bool is_own;     /* its name in partial/ is one that nobody will look for */
    int partial_dir; /* borrowed */
};

struct transfer_options {
    int partial_dir;
    unsigned parallel, stall_seconds, retries;
    struct progress *progress; /* hears of attempts that failed; may be NULL */
};

/* Either may be NULL. */
struct transfer_watch {
    /* The bytes that the file has now and had not before (less than nothing when it is begun
     * anew). */
    void (*heard)(void *data, const struct transfer *transfer, int64_t bytes);
    /* It is whole, and right: the place for transfer_keep() where there are many. */
    int (*whole)(void *data, struct transfer *transfer, struct err *err);
    void *data;
};

int transfer_run(struct transfer *transfers, size_t n, const struct transfer_options *options,
    const struct transfer_watch *watch, struct err *err);
/* Sync the file, give it its final name in 'dir', and close it. */
int transfer_keep(struct transfer *transfer, int dir, const char *name, struct err *err);
/* What can't be resumed goes from partial/. */
void transfer_done(struct transfer *transfer);
