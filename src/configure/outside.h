/*
 * What a %post --nochroot sees: not the installer's system, which there is none of, but a bare
 * root with this machine's programs (read-only), and the image at /mnt/sysimage and /mnt/sysroot.
 * Not for other rooms.
 */
#pragma once

#include "base/err.h"
#include "base/memory.h"
#include "sandbox/sandbox.h"

/* Where it stands in the image's root while a script runs. */
#define OUTSIDE_PATH "/.slipway-outside"

struct outside {
    struct arena *arena;
    struct sandbox_bind *binds;
    size_t n_binds;
    int fd; /* its directory */
};

int outside_make(int root, struct outside *ret_outside, struct err *err);
int outside_remove(int root, struct outside *outside, struct err *err);
/* 'path' of a file as the script names it, seen from the image: "/mnt/sysimage/root/log" is
 * "/root/log". NULL: it is none of the image's. */
const char *outside_path(const char *path);
