/*
 * Device nodes, which a user namespace may not make: mknod(2) by anything confined is caught by a
 * seccomp filter, and the supervisor puts a placeholder there (SANDBOX_NODE_XATTR).
 * Source: seccomp_unotify(2).
 */
#pragma once

#include "base/err.h"
#include "base/memory.h"

/* In the child: from now on mknod(2) of devices, by it and all it starts, goes to *ret_listener. */
int nodes_filter(int *ret_listener, struct err *err);

struct nodes;
/* In the supervisor. Owns 'listener'; 'root' is borrowed. */
struct nodes *nodes_new(int listener, int root);
/* The listener, to be polled; -1 when nothing is left that could call. */
int nodes_listener(const struct nodes *nodes);
/* Answer one call; for when the listener can be read. */
void nodes_answer(struct nodes *nodes);
/* Also gives the nodes of the root's own /dev the owners and modes that their doubles in the
 * sandbox's /dev ended with. NULL-safe. */
void nodes_free(struct nodes *nodes);
DEFINE_CLEANUP(struct nodes *, nodes_free)
