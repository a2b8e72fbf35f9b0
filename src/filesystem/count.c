#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "filesystem/ext.h"

#define HOLE_WORTH_LOOKING (UINT64_C(1) << 20)
#define EXTENT_MAX_BLOCKS 32768
#define INODE_EXTENTS 4
#define FAST_SYMLINK_MAX 59

/* What is known of a file while its data is walked from its beginning to its end. */
struct counted {
    const struct parameters *parameters;
    uint64_t data, extents;
    uint64_t next_block;            /* first one that is not counted */
    uint64_t leaves, middles, tops; /* indirect blocks; the last of each level, + 1 */
    uint64_t last_leaf, last_middle;
    bool has_single;
};

static uint64_t blocks_of(uint64_t bytes, unsigned block_size)
{
    return bytes / block_size + (bytes % block_size != 0);
}

/* Indirect blocks that logical blocks [start, end) need and earlier ones did not. */
static void add_indirect(struct counted *c, uint64_t start, uint64_t end)
{
    uint64_t per = c->parameters->block_size / sizeof(uint32_t);
    if (start < EXT2_NDIR_BLOCKS)
        start = EXT2_NDIR_BLOCKS;
    if (start >= end)
        return;
    start -= EXT2_NDIR_BLOCKS;
    end -= EXT2_NDIR_BLOCKS;
    if (start < per)
        c->has_single = true;
    if (end <= per)
        return;
    start = start < per ? 0 : start - per;
    end -= per;
    uint64_t from = start / per > c->last_leaf ? start / per : c->last_leaf;
    uint64_t to = (end - 1) / per + 1;
    c->leaves += to > from ? to - from : 0;
    c->last_leaf = to > c->last_leaf ? to : c->last_leaf;
    /* The first 'per' leaves hang on the double indirect block, the others on the triple's. */
    from = start / per / per > c->last_middle ? start / per / per : c->last_middle;
    to = (to - 1) / per + 1;
    c->middles += to > from ? to - from : 0;
    c->last_middle = to > c->last_middle ? to : c->last_middle;
    c->tops = c->last_middle > 1;
}

/* Data at bytes [from, to) of the file. */
static void add_range(struct counted *c, uint64_t from, uint64_t to)
{
    uint64_t start = from / c->parameters->block_size,
             end = blocks_of(to, c->parameters->block_size);
    bool continues = start <= c->next_block && c->next_block > 0;
    if (start < c->next_block)
        start = c->next_block;
    if (start >= end)
        return;
    c->data += end - start;
    c->extents += !continues + (end - start) / EXTENT_MAX_BLOCKS;
    add_indirect(c, start, end);
    c->next_block = end;
}

/* An upper bound: a file is cut where a block group's own structures stand in its way. */
static uint64_t extent_blocks(const struct counted *c)
{
    unsigned block_size = c->parameters->block_size;
    uint64_t per_group = UINT64_C(8) * block_size, per_block = (block_size - 12) / 12, total = 0;
    uint64_t n = c->extents + (c->data > per_group ? c->data / per_group * 2 + 2 : 0);
    while (n > INODE_EXTENTS) {
        n = (n + per_block - 1) / per_block;
        total += n;
    }
    return total;
}

static uint64_t total_blocks(const struct counted *c)
{
    return c->data + (c->parameters->extents ? extent_blocks(c)
                                             : c->has_single + c->leaves + c->middles + c->tops);
}

/* Holes are left out as far as the directory's file system knows them. */
static void add_file(const struct tree *tree, const struct tree_node *node, struct counted *c)
{
    struct err err = {0};
    if (node->bytes || (tree->root >= 0 && node->size < HOLE_WORTH_LOOKING)) {
        add_range(c, 0, node->size);
        return;
    }
    auto_close int fd = tree->root < 0 ? -1 : tree_open(tree, node, &err);
    err_done(&err); /* writing it will fail, and say so */
    for (off_t data = 0, hole; fd >= 0 && (data = lseek(fd, data, SEEK_DATA)) >= 0; data = hole) {
        hole = lseek(fd, data, SEEK_HOLE);
        if (hole < 0)
            return;
        add_range(c, (uint64_t)data, (uint64_t)hole);
    }
}

static uint64_t directory_bytes(const struct tree *tree, size_t at, const struct parameters *p,
    const char *const *mountpoints, size_t top)
{
    uint64_t blocks = 1, used = 24, room = p->block_size - (p->metadata_csum ? 12u : 0u);
    if (at == top)
        used += 20; /* lost+found */
    for (size_t k = at + 1; k < tree->nodes[at].end; k = tree->nodes[k].end) {
        uint64_t size = (8 + strlen(tree->nodes[k].name) + 3) / 4 * 4;
        if (ext_is_left_out(tree, top, k, mountpoints))
            break; /* of a mount point all is */
        if (used + size > room) {
            blocks++;
            used = 0;
        }
        used += size;
    }
    return blocks * p->block_size;
}

/* The part of a name that is stored as one byte: linux/xattr.h and fs/ext4/xattr.h. */
static size_t stored_name_length(const char *name)
{
    static const char *const whole[] = {"system.posix_acl_access", "system.posix_acl_default"};
    static const char *const prefixes[] = {"user.", "trusted.", "security.", "system."};
    for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
        if (strcmp(name, whole[i]) == 0)
            return 0;
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return strlen(name) - strlen(prefixes[i]);
    return strlen(name);
}

/* Those that the inode has no room for go into one block. */
static bool needs_xattr_block(const struct tree_node *node, const struct parameters *p)
{
    const unsigned used = sizeof(struct ext2_inode_large) + 2 * sizeof(uint32_t);
    uint64_t bytes = 0, room = p->inode_size > used ? p->inode_size - used : 0;
    for (size_t i = 0; i < node->n_xattrs; i++)
        bytes +=
            (sizeof(struct ext2_ext_attr_entry) + stored_name_length(node->xattrs[i].name) + 3) /
                4 * 4 +
            (node->xattrs[i].size + 3) / 4 * 4;
    return bytes > room;
}

static uint64_t node_blocks(const struct tree *tree, size_t at, const struct parameters *p,
    const char *const *mountpoints, size_t top)
{
    const struct tree_node *node = &tree->nodes[at];
    struct counted c = {.parameters = p};
    if (S_ISDIR(node->mode))
        add_range(&c, 0, directory_bytes(tree, at, p, mountpoints, top));
    else if (S_ISREG(node->mode))
        add_file(tree, node, &c);
    else if (S_ISLNK(node->mode) && node->size > FAST_SYMLINK_MAX)
        add_range(&c, 0, 1);
    return total_blocks(&c) + needs_xattr_block(node, p);
}

void ext_count(const struct tree *tree, const char *directory, const char *const *mountpoints,
    const struct parameters *p, uint64_t *ret_blocks, uint64_t *ret_inodes)
{
    const struct tree_node *node = tree_find(tree, directory);
    size_t top = node ? (size_t)(node - tree->nodes) : 0, end = node ? node->end : 0;
    struct counted lost_found = {.parameters = p};
    auto_free bool *is_counted = xcalloc(tree->n + 1, sizeof *is_counted);
    add_range(&lost_found, 0, EXT_LOST_FOUND_BYTES);
    *ret_blocks = total_blocks(&lost_found);
    *ret_inodes = 12;
    for (size_t i = top; i < end; i++) {
        size_t inode = tree->nodes[i].link == TREE_NONE ? i : tree->nodes[i].link;
        if (is_counted[inode] || ext_is_left_out(tree, top, i, mountpoints))
            continue;
        is_counted[inode] = true;
        *ret_blocks += node_blocks(tree, i, p, mountpoints, top);
        *ret_inodes += 1;
    }
}
