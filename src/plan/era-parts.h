/* What the files of era share; not for other rooms. */
#pragma once

#include "base/memory.h"
#include "plan/era.h"

/* Releases longer or stranger than this are nobody's kernel, and they go into boot menus. */
#define ERA_RELEASE_MAX 96

/* Numbers at the start of a release: "2.6.18-194.el5" gives 2, 6, 18. False: it has none. */
bool era_version_parse(const char *release, unsigned ret_version[3]);
/* Order of kernel releases as rpm compares versions and then releases: <0, 0, >0. */
int era_release_compare(const char *a, const char *b);
/* Newest first, then debug kernels, rescue kernels last. */
void era_kernels_sort(struct era_kernel *kernels, size_t n);
/* Everything in 'era' that follows from its kernels, init and boot loaders. */
void era_derive(struct era *era);

/* Fills kernels, with their images. */
int era_find_kernels(int root, struct era *era, struct err *err);
/* Fills everything about GRUB and GRUB 2. */
void era_find_loaders(int root, struct era *era);

bool era_exists(int root, const char *path);
/* Names in a directory of the root, sorted, at most a few thousand; an absent directory has none.
 * strv_done() frees. */
struct strv era_list(int root, const char *path);
