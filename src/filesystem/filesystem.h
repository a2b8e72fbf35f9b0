/*
 * Writing ext2, ext3, ext4 and swap straight from a tree into a place in a disk image.
 *
 * In: a tree, the directory in it that becomes the file system's root, mount points to leave
 * empty, and options. Out: a file system of exactly size_bytes at offset_bytes of the file, all
 * blocks that hold nothing left as holes; the same bytes for the same input. libext2fs makes and
 * closes the structures, the population is ours.
 * Errors: ERR_RECIPE when it does not fit (with the size that would do), ERR_SYSTEM.
 * Source: Documentation/filesystems/ext4/, mkfs.ext4(8), mkswap(8).
 */
#pragma once

#include "base/progress.h"
#include "plan/era.h"
#include "plan/layout.h"
#include "tree/tree.h"

struct filesystem_options {
    const char *fstype; /* "ext2", "ext3", "ext4", "swap" */
    const char *label;  /* NULL: none; ext 16 bytes, swap 15 */
    uint8_t uuid[16];
    int64_t time; /* all times the file system itself needs, seconds */
    const char
        *mkfsoptions; /* the recipe's --mkfsoptions: -b, -I, -i, -N, -m, -O, -J size=, -E ... */
    /* By era. */
    unsigned inode_size;
    bool allow_64bit; /* 64bit and metadata_csum */
};

void filesystem_options_by_era(
    const struct era *era, const struct layout_part *part, struct filesystem_options *ret_options);

/* For the file system that PV-GRUB reads, whatever the era: its readers are GRUB 0.97's. */
void filesystem_options_for_grub_legacy(struct filesystem_options *options);

/* Can a file system be made with these options? ERR_RECIPE without the line, which the caller
 * knows. */
int filesystem_check_options(
    const struct filesystem_options *options, uint64_t size_bytes, struct err *err);

/* The smallest size that would do, in whole MiB as bytes, and so would every larger one. */
int filesystem_minimum(const struct tree *tree, const char *directory,
    const char *const *mountpoints, const struct filesystem_options *options, uint64_t *ret_bytes,
    struct err *err);
/* 'mountpoints' (NULL-terminated, absolute paths in the tree) stay empty directories. */
int filesystem_write(const struct tree *tree, const char *directory, const char *const *mountpoints,
    const struct filesystem_options *options, const char *file, uint64_t offset_bytes,
    uint64_t size_bytes, struct progress *progress, struct err *err);
