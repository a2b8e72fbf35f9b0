/*
 * How a file system is made: features, block and inode size, numbers. From the options and the
 * recipe's --mkfsoptions, which are mke2fs(8)'s. Pure.
 */
#pragma once

#include "filesystem/filesystem.h"

struct parameters {
    bool has_journal, extents, is_64bit, metadata_csum, uninit_bg, flex_bg, huge_file, dir_nlink,
        extra_isize, dir_index, resize_inode, sparse_super, large_file, ext_attr, filetype;
    unsigned block_size, inode_size;
    uint64_t bytes_per_inode, inodes; /* inodes 0: by ratio */
    double reserved_percent;
    uint64_t journal_mib;                    /* 0: by size */
    uint64_t raid_stride, raid_stripe_width; /* blocks; 0: none */
    char label[17];
    uint8_t uuid[16];
    int64_t time;
};

/* ERR_RECIPE for a mkfs option that is not known. size_bytes decides mke2fs's "small" type. */
int parameters_make(const struct filesystem_options *options, uint64_t size_bytes,
    struct parameters *ret_parameters, struct err *err);
/* At least as many inodes as there are files, and some to work with. */
void parameters_fit_inodes(struct parameters *parameters, uint64_t size_bytes, uint64_t inodes);
