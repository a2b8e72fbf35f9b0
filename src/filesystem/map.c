#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "filesystem/ext.h"

#define EXTENT_MAX_BLOCKS 32768 /* EXT_INIT_MAX_LEN */
#define INODE_EXTENTS 4
#define COUNTED_BYTES (UINT64_C(1) << 41) /* i_blocks: 2^32 sectors */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "maps are written as they are in memory");

void ext_runs_add(struct ext_runs *runs, uint64_t logical, uint64_t physical, uint64_t count)
{
    struct ext_run *last = runs->n ? &runs->v[runs->n - 1] : NULL;
    runs->blocks += count;
    if (last && last->logical + last->count == logical &&
        last->physical + last->count == physical) {
        last->count += count;
        return;
    }
    *array_push(runs->v, runs->n) =
        (struct ext_run){.logical = logical, .physical = physical, .count = count};
}

void ext_runs_done(struct ext_runs *runs)
{
    free(runs->v);
    *runs = (struct ext_runs){0};
}

/* A node of the extent tree in memory: entries of 12 bytes, leaves or indexes. */
struct level {
    struct ext3_extent *v;
    size_t n;
};

static struct level leaves_of(const struct ext_runs *runs)
{
    struct level level = {0};
    for (size_t i = 0; i < runs->n; i++) {
        for (uint64_t done = 0; done < runs->v[i].count; done += EXTENT_MAX_BLOCKS) {
            uint64_t left = runs->v[i].count - done, physical = runs->v[i].physical + done;
            *array_push(level.v, level.n) = (struct ext3_extent){
                .ee_block = (uint32_t)(runs->v[i].logical + done),
                .ee_len = (uint16_t)(left < EXTENT_MAX_BLOCKS ? left : EXTENT_MAX_BLOCKS),
                .ee_start = (uint32_t)physical,
                .ee_start_hi = (uint16_t)(physical >> 32),
            };
        }
    }
    return level;
}

static void put_header(void *at, size_t entries, size_t max, unsigned depth)
{
    struct ext3_extent_header header = {
        .eh_magic = EXT3_EXT_MAGIC,
        .eh_entries = (uint16_t)entries,
        .eh_max = (uint16_t)max,
        .eh_depth = (uint16_t)depth,
    };
    memcpy(at, &header, sizeof header);
}

/* One block of the tree: entries [from, from + n) of 'level'; its index entry in *ret_index. */
static int write_extent_block(struct ext *e, ext2_ino_t ino, const struct level *level, size_t from,
    size_t n, size_t max, unsigned depth, struct ext_runs *runs, struct ext3_extent *ret_index)
{
    uint64_t block, count;
    int r = ext_allocate(e, 1, &block, &count);
    if (r < 0)
        return r;
    auto_free uint8_t *bytes = xcalloc(1, e->fs->blocksize);
    put_header(bytes, n, max, depth);
    memcpy(bytes + sizeof(struct ext3_extent_header), level->v + from, n * sizeof *level->v);
    errcode_t code =
        ext2fs_extent_block_csum_set(e->fs, ino, (struct ext3_extent_header *)(void *)bytes);
    if (!code)
        code = io_channel_write_blk64(e->fs->io, block, 1, bytes);
    if (code)
        return ext_fail(e, code, "writing an extent block");
    runs->blocks++;
    struct ext3_extent_idx index = {.ei_block = level->v[from].ee_block,
        .ei_leaf = (uint32_t)block,
        .ei_leaf_hi = (uint16_t)(block >> 32)};
    memcpy(ret_index, &index, sizeof index);
    return 0;
}

/* Put 'level' into blocks; it becomes the level of their indexes. */
static int raise(
    struct ext *e, ext2_ino_t ino, struct level *level, unsigned depth, struct ext_runs *runs)
{
    size_t max = (e->fs->blocksize - sizeof(struct ext3_extent_header)) / sizeof *level->v;
    struct level above = {0};
    int r = 0;
    for (size_t from = 0; r == 0 && from < level->n; from += max) {
        size_t n = level->n - from < max ? level->n - from : max;
        struct ext3_extent index;
        r = write_extent_block(e, ino, level, from, n, max, depth, runs, &index);
        if (r == 0)
            *array_push(above.v, above.n) = index;
    }
    free(level->v);
    *level = above;
    return r;
}

static int map_extents(
    struct ext *e, ext2_ino_t ino, struct ext2_inode_large *inode, struct ext_runs *runs)
{
    struct level level = leaves_of(runs);
    unsigned depth = 0;
    int r = 0;
    for (; r == 0 && level.n > INODE_EXTENTS; depth++)
        r = raise(e, ino, &level, depth, runs);
    if (r == 0) {
        put_header(inode->i_block, level.n, INODE_EXTENTS, depth);
        if (level.n)
            memcpy((uint8_t *)inode->i_block + sizeof(struct ext3_extent_header), level.v,
                level.n * sizeof *level.v);
        inode->i_flags |= EXT4_EXTENTS_FL;
    }
    free(level.v);
    return r;
}

/* Walks the runs in order of logical blocks. */
struct cursor {
    const struct ext_runs *runs;
    size_t at;
};

static uint32_t block_at(struct cursor *c, uint64_t logical)
{
    while (c->at < c->runs->n && c->runs->v[c->at].logical + c->runs->v[c->at].count <= logical)
        c->at++;
    const struct ext_run *run = c->at < c->runs->n ? &c->runs->v[c->at] : NULL;
    return run && run->logical <= logical ? (uint32_t)(run->physical + logical - run->logical) : 0;
}

/* Is anything mapped in [logical, logical + count)? */
static bool is_mapped(struct cursor *c, uint64_t logical, uint64_t count)
{
    if (block_at(c, logical))
        return true;
    return c->at < c->runs->n && c->runs->v[c->at].logical < logical + count;
}

/* An indirect block of 'depth' levels for blocks from 'logical' on; *ret_block is 0 for a hole. */
static int map_indirect(struct ext *e, struct cursor *c, unsigned depth, uint64_t logical,
    uint64_t *added, uint32_t *ret_block)
{
    uint64_t per_block = e->fs->blocksize / sizeof(uint32_t), below = 1;
    for (unsigned i = 1; i < depth; i++)
        below *= per_block;
    *ret_block = 0;
    if (!is_mapped(c, logical, below * per_block))
        return 0;
    uint64_t block, count;
    int r = ext_allocate(e, 1, &block, &count);
    auto_free uint32_t *entries = xcalloc(1, e->fs->blocksize);
    for (uint64_t i = 0; r == 0 && i < per_block; i++) {
        if (depth == 1)
            entries[i] = block_at(c, logical + i);
        else
            r = map_indirect(e, c, depth - 1, logical + i * below, added, &entries[i]);
    }
    if (r < 0)
        return r;
    errcode_t code = io_channel_write_blk64(e->fs->io, block, 1, entries);
    if (code)
        return ext_fail(e, code, "writing an indirect block");
    *added += 1;
    *ret_block = (uint32_t)block;
    return 0;
}

static int map_blocks(struct ext *e, struct ext2_inode_large *inode, struct ext_runs *runs)
{
    struct cursor c = {.runs = runs};
    uint64_t per_block = e->fs->blocksize / sizeof(uint32_t), logical = EXT2_NDIR_BLOCKS, span = 1;
    uint64_t added = 0;
    int r = 0;
    for (unsigned i = 0; i < EXT2_NDIR_BLOCKS; i++)
        inode->i_block[i] = block_at(&c, i);
    for (unsigned depth = 1; r == 0 && depth <= 3; depth++) {
        uint32_t block;
        span *= per_block;
        r = map_indirect(e, &c, depth, logical, &added, &block);
        if (r == 0)
            inode->i_block[EXT2_NDIR_BLOCKS + depth - 1] = block;
        logical += span;
    }
    runs->blocks += added;
    return r;
}

uint64_t ext_max_file_bytes(const struct parameters *p)
{
    uint64_t per = p->block_size / sizeof(uint32_t);
    if (p->extents)
        return (uint64_t)UINT32_MAX * p->block_size;
    uint64_t bytes = (EXT2_NDIR_BLOCKS + per + per * per + per * per * per) * p->block_size;
    return bytes < COUNTED_BYTES ? bytes : COUNTED_BYTES;
}

int ext_map(struct ext *e, ext2_ino_t ino, struct ext2_inode_large *inode, struct ext_runs *runs)
{
    int r = e->has_extents ? map_extents(e, ino, inode, runs) : map_blocks(e, inode, runs);
    uint64_t sectors = runs->blocks * (e->fs->blocksize / 512);
    inode->i_blocks = (uint32_t)sectors;
    inode->osd2.linux2.l_i_blocks_hi = (uint16_t)(sectors >> 32);
    return r;
}
