/* Where a confined process wants a device node, and the placeholder there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct node_call {
    pid_t pid;     /* who calls */
    int directory; /* its descriptor, or AT_FDCWD */
    uint64_t path; /* address in its memory */
    uint32_t mode, device;
};

/* A placeholder to be made: 'name' in 'parent'. */
struct node_place {
    int parent; /* O_PATH; the caller closes it */
    char name[256];
    mode_t mask; /* the caller's umask */
};

/* 0 or negative errno, which is what the call is to return. */
int node_place_find(const struct node_call *call, struct node_place *ret_place);
/* Make the placeholder, with the attribute. Returns a descriptor of it, or negative errno. A file
 * system without user attributes is an error only if 'must' is set. */
int node_place_make(const struct node_place *place, const struct node_call *call, bool must);
