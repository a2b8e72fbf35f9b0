/* One attempt after the other at one file: the part of transfer.c that knows files and faults and
 * nothing of libcurl's loop. */
#pragma once

#include "fetch/transfer.h"

enum transfer_fault {
    FAULT_NONE,
    FAULT_ABSENT,    /* 404, 410: not there, ask another */
    FAULT_REFUSED,   /* will not be better next time */
    FAULT_TRANSIENT, /* may be */
    FAULT_CHECKSUM,  /* whole and wrong */
    FAULT_PIECE,     /* what was there already is of no use here: the mirror is not to blame */
    FAULT_OURS,      /* this machine's: state->err says what */
};

/* What this transfer knows of one mirror. */
struct transfer_mirror {
    unsigned tries;
    bool given_up;
    uint64_t wait_ms; /* not again before this point of time */
};

struct transfer_state {
    struct transfer *transfer;
    const struct transfer_options *options;
    bool is_finished;
    struct transfer_mirror *mirrors; /* one for each of the transfer's, or for its address */
    size_t mirror;                   /* that of this attempt */
    char *url;                       /* of this attempt */
    uint64_t offset;                 /* resumed from here */
    uint64_t got;                    /* bytes in the file */
    uint64_t told;                   /* of which the watch knows */
    bool any_absent;                 /* a mirror said that there is no such file */
    bool any_wrong;                  /* one served it whole with another checksum */
    struct strbuf complaints;        /* "URL: why; URL: why" */
    unsigned n_complaints;
    struct err err;
    void *easy; /* CURL */
    char error_text[256];
};

/* Larger than so many bytes a file may not be; 0: any size will do. */
uint64_t transfer_limit(const struct transfer *transfer);
/* Choose the mirror of the next attempt. False: there is none left. */
bool transfer_state_next(struct transfer_state *state);
/* Open the partial file for an attempt and see from where it can go on. 0, 1 if it is whole and
 * right already, or negative errno. */
int transfer_state_open(struct transfer_state *state);
/* Bytes that arrived. False: enough, an error is to end the attempt. */
bool transfer_state_write(struct transfer_state *state, const void *bytes, size_t size);
/* Throw away what there is of the file. */
int transfer_state_restart(struct transfer_state *state);
/* The answer is complete; 'announced' is its length as the server gave it, or negative. Is the
 * file whole, and right? *ret_why: the caller frees. */
enum transfer_fault transfer_state_check(
    struct transfer_state *state, int64_t announced, char **ret_why);
/* It is larger than it may be. */
enum transfer_fault transfer_state_too_large(struct transfer_state *state, char **ret_why);
/* An attempt failed: remember why, and decide whether this mirror gets another try. */
void transfer_state_fail(struct transfer_state *state, enum transfer_fault fault, const char *why);
/* The end of it: no mirror is left. */
int transfer_state_give_up(const struct transfer_state *state, struct err *err);
void transfer_state_done(struct transfer_state *state);
