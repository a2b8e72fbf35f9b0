/*
 * The root directory as '/' of a process. Both calls are for a process that has a mount namespace
 * of its own (and, for view_enter(), a pid namespace): the machine's files are out of reach behind
 * them, except through descriptors that are open.
 */
#pragma once

#include "sandbox/sandbox.h"

/* As the image's programs are to see it: /dev, /proc, /sys and the binds lie over the root.
 * Errors: ERR_SYSTEM. */
int view_enter(int root, const struct sandbox_bind *binds, size_t n_binds, struct err *err);
/* As it is on disk: nothing lies over it. */
int view_enter_bare(int root, struct err *err);
