/*
 * librpm's transaction, in the child that install_packages() confines. Everything that it says goes
 * to the parent as messages; the parent holds the packages' files and hands out one at a time.
 */
#pragma once

#include <stdint.h>

#include "install/install.h"

/* Messages to the parent (channel.h), and the parent's two answers. */
enum {
    MESSAGE_OPEN = 'O',    /* uint32_t: index of the package whose file is wanted */
    MESSAGE_FILE = 'F',    /* the answer, with the descriptor (none: it could not be opened) */
    MESSAGE_PACKAGE = 'P', /* uint32_t how many so far, then the package's name */
    MESSAGE_START = 'S',   /* a scriptlet starts: package NUL scriptlet */
    MESSAGE_STOP = 'T',    /* struct scriptlet_end */
    MESSAGE_TAKEN = 'A',   /* the answer: what it printed was read, the next may print */
    MESSAGE_REMARK = 'W',  /* a line of librpm's log */
    MESSAGE_DONE = 'D',    /* struct transaction_sum */
};

struct scriptlet_end {
    int32_t status;   /* exit status, or 128 + signal */
    int32_t is_fatal; /* rpm gives the package up */
    int32_t is_quiet; /* succeeded */
    char name[32];    /* of a file trigger that failed */
};

struct transaction_sum {
    uint64_t n_packages, n_files;
    int32_t needs_own_rpm; /* the image's rpm can't read a database of ours: see database.h */
};

struct transaction {
    int channel, output;      /* output: what scriptlets print goes there */
    const struct strv *paths; /* of the packages; not reachable from the child */
    const struct install_options *options;
};

/* For confine_start(). */
int transaction_main(void *transaction, int root);
