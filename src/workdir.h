/*
 * The build's scratch directory below the cache: locked while its build lives. One that a killed
 * build left behind has no lock any more and goes when the next build starts.
 */
#pragma once

#include "base/err.h"
#include "base/memory.h"

struct workdir {
    char *path;
    int fd;   /* the directory */
    int lock; /* held: the build lives */
    int root; /* descriptor of 'root' in it: where packages are installed */
    bool keep;
};

int workdir_create(const char *cache_directory, struct workdir **ret_workdir, struct err *err);
/* Removes it with all that is in it, unless keep is set. NULL-safe. */
void workdir_free(struct workdir *workdir);
DEFINE_CLEANUP(struct workdir *, workdir_free)
