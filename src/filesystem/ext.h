/*
 * An ext2, ext3 or ext4 file system while it is being written: what the parts of filesystem/ share.
 * Structures are libext2fs's; data blocks go straight to the file.
 */
#pragma once

#include <ext2fs/ext2fs.h>

#include "filesystem/filesystem.h"
#include "filesystem/parameters.h"

struct ext {
    ext2_filsys fs;
    const struct parameters *parameters;
    const struct tree *tree;
    struct progress *progress;
    const char *what; /* the mount point, for messages */
    int fd;           /* the disk image */
    uint64_t offset_bytes;
    blk64_t next_free; /* everything before it is taken */
    uint8_t *buffer;   /* EXT_BUFFER bytes, for file content */
    bool has_extents;
    struct err *err;
};

#define EXT_BUFFER ((size_t)1 << 20)
#define EXT_LOST_FOUND_BYTES 16384 /* as mke2fs makes it: e2fsck needs no new blocks to use it */

/* Blocks [physical, physical + count) hold blocks [logical, logical + count) of a file. */
struct ext_run {
    uint64_t logical, physical, count;
};
struct ext_runs {
    struct ext_run *v;
    size_t n;
    uint64_t blocks; /* with those of the map itself */
};

/* Errors of libext2fs, with 'what' it was doing. Returns a negative errno. */
int ext_fail(struct ext *e, errcode_t code, const char *doing);
int ext_full(struct ext *e);
/* At most 'wanted' blocks that follow one another; ERR_RECIPE when there are none. */
int ext_allocate(struct ext *e, uint64_t wanted, uint64_t *ret_start, uint64_t *ret_count);
/* Append to the last run if it continues it. */
void ext_runs_add(struct ext_runs *runs, uint64_t logical, uint64_t physical, uint64_t count);
void ext_runs_done(struct ext_runs *runs);
/* Bytes into freshly allocated blocks, appended to runs; logical blocks from 'logical'. */
int ext_write_blocks(
    struct ext *e, struct ext_runs *runs, uint64_t logical, const uint8_t *bytes, uint64_t blocks);
/* The runs into an inode: an extent tree or indirect blocks. Sets i_block, i_blocks, i_flags. */
int ext_map(struct ext *e, ext2_ino_t ino, struct ext2_inode_large *inode, struct ext_runs *runs);
/* The largest file that a map can reach, or that i_blocks can count. */
uint64_t ext_max_file_bytes(const struct parameters *parameters);
/* Content of a regular file; blocks of zeros become holes. */
int ext_write_content(struct ext *e, const struct tree_node *node, struct ext_runs *runs);
/* Everything below 'directory' of the tree. */
int ext_populate(struct ext *e, const char *directory, const char *const *mountpoints);

/* Make the empty file system's structures in memory (and, with 'file', its journal in the file).
 * 'manager' is libext2fs's way to the file. */
int ext_create(struct ext *e, io_manager manager, const char *file, uint64_t size_bytes);
int ext_close(struct ext *e); /* writes what is left; e->fs is gone whatever it returns */
/* Blocks that the content takes, and its inodes, for 'block_size'. */
void ext_count(const struct tree *tree, const char *directory, const char *const *mountpoints,
    const struct parameters *parameters, uint64_t *ret_blocks, uint64_t *ret_inodes);
/* Of the file system whose root is node 'top': is this node left out, since it is below one of the
 * mount points in it? The mount point itself is not. */
bool ext_is_left_out(
    const struct tree *tree, size_t top, size_t node, const char *const *mountpoints);
