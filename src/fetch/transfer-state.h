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
    FAULT_OURS,      /* this machine's: state->err says what */
};

struct transfer_state {
    struct transfer *transfer;
    const struct transfer_options *options;
    char *url;                /* of this attempt */
    size_t mirror;            /* index in the transfer's mirrors */
    bool *given_up;           /* mirrors that are not asked again */
    unsigned tries;           /* at this mirror */
    uint64_t offset;          /* resumed from here */
    uint64_t got;             /* bytes in the file */
    uint64_t wait_ms;         /* not before this point of time; 0: at once */
    bool all_absent;          /* every mirror so far said so */
    bool any_wrong;           /* one served it whole with another checksum */
    struct strbuf complaints; /* "URL: why; URL: why" */
    struct err err;
    void *easy; /* CURL */
    char error_text[256];
};

/* Choose the mirror of the next attempt. False: there is none left. */
bool transfer_state_next(struct transfer_state *state);
/* Open the partial file for an attempt and see from where it can go on. 0 or negative errno. */
int transfer_state_open(struct transfer_state *state);
/* Bytes that arrived. False: enough, an error is to end the attempt. */
bool transfer_state_write(struct transfer_state *state, const void *bytes, size_t size);
/* Throw away what there is of the file. */
int transfer_state_restart(struct transfer_state *state);
/* All has arrived: is it whole, and right? *ret_why: the caller frees. */
enum transfer_fault transfer_state_check(struct transfer_state *state, char **ret_why);
/* An attempt failed: remember why, and decide whether this mirror gets another try. */
void transfer_state_fail(struct transfer_state *state, enum transfer_fault fault, const char *why);
