/*
 * A newc cpio archive, as the kernel unpacks it: inodes counted from 1, owner root, time 0.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

struct cpio_entry {
    const char *path; /* without a leading slash */
    uint32_t mode;    /* as st_mode */
    unsigned rdev_major, rdev_minor;
    const void *bytes;
    size_t size; /* below 4 GiB */
};

/* Adds the archive of these entries, sorted by path here, with its trailer to 'ret'. */
void cpio_write(struct cpio_entry *entries, size_t n, struct strbuf *ret);
