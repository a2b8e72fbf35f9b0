/*
 * The modules of one kernel in a tree, and those picked from them with all that they need, in
 * load order. Goes by what is there: files and their .modinfo, so that neither depmod's tables nor
 * the directory's name have to fit.
 * Errors: ERR_CHECK (a module that is broken, or needs one that is not there), ERR_SYSTEM.
 */
#pragma once

#include "initrd/initrd.h"

struct drivers;

struct driver {
    const char *name; /* "virtio_blk" as the file calls it, without suffix */
    const char *path; /* in the tree */
    const uint8_t *bytes;
    size_t size;
    bool is_optional; /* its failing is no news */
};

int drivers_open(const struct tree *tree, const struct era_kernel *kernel,
    struct drivers **ret_drivers, struct err *err);
void drivers_free(struct drivers *drivers);
DEFINE_CLEANUP(struct drivers *, drivers_free)

bool drivers_has_module(const struct drivers *drivers, const char *name);
/* 'config' (may be NULL) is the kernel's configuration symbol, asked where there is no
 * modules.builtin (before 2.6.33). */
bool drivers_has_builtin(const struct drivers *drivers, const char *name, const char *config);

/* Pick a module (which must be there) and what it depends on. */
int drivers_pick(struct drivers *drivers, const char *name, bool is_optional, struct err *err);
/* In load order; belong to 'drivers', valid until the next pick. */
const struct driver *drivers_picked(const struct drivers *drivers, size_t *ret_n);
