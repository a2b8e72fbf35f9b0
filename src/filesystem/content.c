#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "filesystem/ext.h"

int ext_allocate(struct ext *e, uint64_t wanted, uint64_t *ret_start, uint64_t *ret_count)
{
    blk64_t last = ext2fs_blocks_count(e->fs->super) - 1, start, end;
    if (e->next_free > last ||
        ext2fs_find_first_zero_block_bitmap2(e->fs->block_map, e->next_free, last, &start))
        return ext_full(e);
    blk64_t limit = wanted > last - start ? last : start + wanted - 1;
    if (ext2fs_find_first_set_block_bitmap2(e->fs->block_map, start, limit, &end))
        end = limit + 1;
    ext2fs_block_alloc_stats_range(e->fs, start, (blk_t)(end - start), +1);
    e->next_free = end;
    *ret_start = start;
    *ret_count = end - start;
    return 0;
}

int ext_write_blocks(
    struct ext *e, struct ext_runs *runs, uint64_t logical, const uint8_t *bytes, uint64_t blocks)
{
    unsigned size = e->fs->blocksize;
    while (blocks) {
        uint64_t start, count;
        int r = ext_allocate(e, blocks, &start, &count);
        if (r < 0)
            return r;
        r = file_pwrite_all(e->fd, bytes, count * size, e->offset_bytes + start * size);
        if (r < 0)
            return err_code(e->err, r, "cannot write the disk image");
        ext_runs_add(runs, logical, start, count);
        bytes += count * size;
        logical += count;
        blocks -= count;
    }
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* What is in the buffer: whole blocks, the first being 'logical'. Zero blocks are left out. */
static int write_buffer(struct ext *e, struct ext_runs *runs, uint64_t logical, uint64_t blocks)
{
    unsigned size = e->fs->blocksize;
    for (uint64_t i = 0; i < blocks;) {
        uint64_t from = i;
        while (i < blocks && !is_zero(e->buffer + i * size, size))
            i++;
        int r = i > from
                    ? ext_write_blocks(e, runs, logical + from, e->buffer + from * size, i - from)
                    : 0;
        if (r < 0)
            return r;
        while (i < blocks && is_zero(e->buffer + i * size, size))
            i++;
    }
    return 0;
}

/* Fill the buffer from 'at' on; -1 of 'fd': from memory. Padded with zeros to a block. */
static int fill_buffer(struct ext *e, int fd, const struct tree_node *node, uint64_t at,
    size_t size, uint64_t *ret_blocks)
{
    unsigned block = e->fs->blocksize;
    size_t padded = (size + block - 1) / block * block;
    int r = 0;
    if (fd >= 0)
        r = file_pread_all(fd, e->buffer, size, at);
    else
        memcpy(e->buffer, node->bytes + at, size);
    memset(e->buffer + size, 0, padded - size);
    *ret_blocks = padded / block;
    return r < 0 ? err_code(e->err, r, "cannot read '%s' of the root", node->path) : 0;
}

/* Where the next data is, so that holes are not read: at a multiple of the buffer. */
static uint64_t skip_hole(int fd, uint64_t at, uint64_t size)
{
    off_t data = fd >= 0 ? lseek(fd, (off_t)at, SEEK_DATA) : (off_t)at;
    if (data < 0)
        return errno == ENXIO ? size : at;
    return (uint64_t)data / EXT_BUFFER * EXT_BUFFER;
}

int ext_write_content(struct ext *e, const struct tree_node *node, struct ext_runs *runs)
{
    auto_close int fd = -1;
    if (!node->bytes && (!node->size || e->tree->root < 0))
        return 0;
    if (!node->bytes) {
        fd = tree_open(e->tree, node, e->err);
        if (fd < 0)
            return fd;
    }
    int r = 0;
    for (uint64_t at = 0; r == 0 && at < node->size; at += EXT_BUFFER) {
        if (fd >= 0 && node->size > EXT_BUFFER)
            at = skip_hole(fd, at, node->size);
        if (at >= node->size)
            break;
        uint64_t left = node->size - at, blocks = 0;
        r = fill_buffer(e, fd, node, at, left < EXT_BUFFER ? left : EXT_BUFFER, &blocks);
        if (r == 0)
            r = write_buffer(e, runs, at / e->fs->blocksize, blocks);
    }
    return r;
}
