/* Which drivers an image needs to reach its root: the table behind struct initrd_options. Pure. */
#pragma once

#include "initrd/initrd.h"

enum need_kind {
    NEED_FILESYSTEM, /* the root can't be mounted without */
    NEED_DISK,       /* of all these of an image there must be one */
    NEED_HELPER,     /* taken when it is there */
};

struct need {
    enum need_kind kind;
    const char *drivers[4]; /* the first that is there is taken; NULL-terminated */
    const char *config;     /* without CONFIG_: says for old kernels whether it is built in */
};

/* Those of an image, in load order; the caller frees the list. A file system that the table does
 * not have is looked for by its name (which 'options' must outlive). */
struct need *needs_make(const struct initrd_options *options, size_t *ret_n);
