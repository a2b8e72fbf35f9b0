/* The parts of the build line behind build.h: what build.c calls in order. */
#pragma once

#include "build.h"

/* Layout, boot and operations for what is known of the system so far, in place of those there. */
int build_decide(struct build *build, struct err *err);
/* Can file systems be made as the part lines ask? Before anything is downloaded. */
int build_check_filesystems(const struct build *build, struct err *err);
/* Packages into 'root', configured, with boot files and initramfs, after %post, cleaned. */
int build_root(struct build *build, int root, const struct strv *paths, struct err *err);
/* 'root' into the disk image. With STAGE_TREE as the last stage the tree is printed instead. */
int build_disk(struct build *build, int root, FILE *out, struct err *err);
