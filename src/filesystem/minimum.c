#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "filesystem/ext.h"

#define MIB (UINT64_C(1) << 20)
#define LOST_FOUND_BYTES 16384
#define HOLE_WORTH_LOOKING (UINT64_C(1) << 20)

/* A way to no file at all: what is written is forgotten, what is read is zeros. It lets libext2fs
 * lay a file system out so that its free blocks can be counted. */
static struct struct_io_manager nothing_manager; /* never changed; libext2fs wants it so */

static errcode_t nothing_open(const char *name, int flags, io_channel *ret_channel)
{
    (void)flags;
    errcode_t code = ext2fs_get_memzero(sizeof(struct struct_io_channel), ret_channel);
    if (code)
        return code;
    io_channel channel = *ret_channel;
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = &nothing_manager;
    channel->block_size = 1024;
    channel->refcount = 1;
    return ext2fs_get_mem(strlen(name) + 1, &channel->name) ? EXT2_ET_NO_MEMORY
                                                            : (strcpy(channel->name, name), 0);
}

static errcode_t nothing_close(io_channel channel)
{
    if (--channel->refcount > 0)
        return 0;
    ext2fs_free_mem(&channel->name);
    return ext2fs_free_mem(&channel);
}

static errcode_t nothing_set_blksize(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

static errcode_t nothing_read64(io_channel channel, unsigned long long block, int count, void *data)
{
    (void)block;
    memset(data, 0, count < 0 ? (size_t)-count : (size_t)count * (size_t)channel->block_size);
    return 0;
}

static errcode_t nothing_read(io_channel channel, unsigned long block, int count, void *data)
{
    return nothing_read64(channel, block, count, data);
}

static errcode_t nothing_write64(
    io_channel channel, unsigned long long block, int count, const void *data)
{
    (void)channel, (void)block, (void)count, (void)data;
    return 0;
}

static errcode_t nothing_write(io_channel channel, unsigned long block, int count, const void *data)
{
    return nothing_write64(channel, block, count, data);
}

static errcode_t nothing_flush(io_channel channel)
{
    (void)channel;
    return 0;
}

static struct struct_io_manager nothing_manager = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "nothing",
    .open = nothing_open,
    .close = nothing_close,
    .set_blksize = nothing_set_blksize,
    .read_blk = nothing_read,
    .write_blk = nothing_write,
    .flush = nothing_flush,
    .read_blk64 = nothing_read64,
    .write_blk64 = nothing_write64,
};

/* Bytes of a file that are not in holes, as far as its directory's file system knows them. */
static uint64_t data_bytes(const struct tree *tree, const struct tree_node *node)
{
    struct err err = {0};
    if (node->bytes || node->size < HOLE_WORTH_LOOKING || tree->root < 0)
        return node->size;
    auto_close int fd = tree_open(tree, node, &err);
    err_done(&err);
    uint64_t bytes = 0;
    for (off_t data = 0, hole; fd >= 0 && (data = lseek(fd, data, SEEK_DATA)) >= 0; data = hole) {
        hole = lseek(fd, data, SEEK_HOLE);
        if (hole < 0)
            return node->size;
        bytes += (uint64_t)(hole - data);
    }
    return fd >= 0 ? bytes : node->size;
}

static uint64_t blocks_of(uint64_t bytes, unsigned block_size)
{
    return (bytes + block_size - 1) / block_size;
}

static uint64_t map_blocks(uint64_t blocks, const struct parameters *p)
{
    if (p->extents) /* fragments come where groups' structures stand in the way */
        return blocks > 4 * 32768 ? 1 + blocks / (32768 * 64) : 0;
    uint64_t per = p->block_size / 4, total = 0;
    for (uint64_t left = blocks > 12 ? blocks - 12 : 0; left;
         left = left > 1 ? blocks_of(left, (unsigned)per) : 0)
        total += left > 1 || !total ? blocks_of(left, (unsigned)per) : 0;
    return total;
}

static uint64_t directory_blocks(const struct tree *tree, size_t at, const struct parameters *p)
{
    uint64_t blocks = 1, used = 24, room = p->block_size - (p->metadata_csum ? 12 : 0);
    for (size_t k = at + 1; k < tree->nodes[at].end; k = tree->nodes[k].end) {
        uint64_t size = (8 + strlen(tree->nodes[k].name) + 3) / 4 * 4;
        if (used + size > room) {
            blocks++;
            used = 0;
        }
        used += size;
    }
    return blocks;
}

static uint64_t node_blocks(const struct tree *tree, size_t at, const struct parameters *p)
{
    const struct tree_node *node = &tree->nodes[at];
    uint64_t blocks = 0, attributes = 0;
    if (S_ISDIR(node->mode))
        blocks = directory_blocks(tree, at, p);
    else if (S_ISREG(node->mode) && node->link == TREE_NONE)
        blocks = blocks_of(data_bytes(tree, node), p->block_size);
    else if (S_ISLNK(node->mode))
        blocks = node->size > 59;
    for (size_t i = 0; i < node->n_xattrs; i++)
        attributes += node->xattrs[i].size + strlen(node->xattrs[i].name) + 20;
    bool is_outside = attributes > (p->inode_size > 160 ? p->inode_size - 160u : 0);
    return blocks + map_blocks(blocks, p) + is_outside;
}

void ext_count(const struct tree *tree, const char *directory, const char *const *mountpoints,
    const struct parameters *p, uint64_t *ret_blocks, uint64_t *ret_inodes)
{
    const struct tree_node *top = tree_find(tree, directory);
    size_t first = top ? (size_t)(top - tree->nodes) : 0, end = top ? top->end : 0;
    *ret_blocks = blocks_of(LOST_FOUND_BYTES, p->block_size);
    *ret_inodes = 12;
    for (size_t i = first; i < end; i++) {
        if (ext_is_left_out(tree, first, i, mountpoints))
            continue;
        *ret_blocks += node_blocks(tree, i, p);
        *ret_inodes += tree->nodes[i].link == TREE_NONE;
    }
}

/* Does it fit into a file system of this size? */
static int fits(const struct tree *tree, const char *directory, const char *const *mountpoints,
    const struct filesystem_options *options, uint64_t size_bytes, bool *ret_fits, struct err *err)
{
    struct parameters parameters;
    struct err small = {0};
    uint64_t blocks, inodes;
    int r = parameters_make(options, size_bytes, &parameters, err);
    if (r < 0)
        return r;
    ext_count(tree, directory, mountpoints, &parameters, &blocks, &inodes);
    parameters_fit_inodes(&parameters, size_bytes, inodes);
    struct ext e = {.parameters = &parameters, .tree = tree, .what = directory, .err = &small};
    *ret_fits = ext_create(&e, &nothing_manager, "nothing", size_bytes) == 0 &&
                ext2fs_free_blocks_count(e.fs->super) >= blocks;
    if (e.fs)
        ext2fs_free(e.fs);
    err_done(&small);
    return 0;
}

int filesystem_minimum(const struct tree *tree, const char *directory,
    const char *const *mountpoints, const struct filesystem_options *options, uint64_t *ret_bytes,
    struct err *err)
{
    uint64_t low = 0, high = 1; /* MiB: low does not fit, high does */
    bool is_enough = false;
    for (; !is_enough; high *= 2) {
        int r = fits(tree, directory, mountpoints, options, high * MIB, &is_enough, err);
        if (r < 0)
            return r;
        if (high > UINT64_C(1) << 30)
            return err_set(err, ERR_RECIPE, -EFBIG, "no file system can hold '%s'", directory);
        if (is_enough)
            break;
        low = high;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        int r = fits(tree, directory, mountpoints, options, middle * MIB, &is_enough, err);
        if (r < 0)
            return r;
        *(is_enough ? &high : &low) = middle;
    }
    *ret_bytes = high * MIB;
    return 0;
}
