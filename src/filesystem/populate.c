#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/interrupt.h"
#include "base/strbuf.h"
#include "filesystem/ext.h"

#define FAST_SYMLINK_MAX 59 /* in i_block, with its NUL */
#define EXT3_MAX_LINKS 32000
#define EXT4_MAX_LINKS 65000
#define EXT4_MAX_TIME ((INT64_C(1) << 34) + INT32_MIN - 1)

struct population {
    struct ext *e;
    size_t first, end; /* nodes [first, end) of the tree */
    ext2_ino_t *inode; /* of node first + i; 0: left out */
    size_t *name;  /* of node first + i: the first name of its inode that is here, from 'first' */
    size_t *links; /* names of the inode of node first + i that are in this file system */
    ext2_ino_t next_inode;
    ext2_ino_t lost_found; /* 0: the tree has one of its own */
    const char *const *mountpoints;
};

bool ext_is_left_out(
    const struct tree *tree, size_t top, size_t node, const char *const *mountpoints)
{
    size_t above = strlen(tree->nodes[top].path);
    for (size_t i = 0; mountpoints && mountpoints[i]; i++) {
        size_t length = strlen(mountpoints[i]);
        const char *path = tree->nodes[node].path;
        if (length > above && strncmp(path, mountpoints[i], length) == 0 && path[length] == '/')
            return true;
    }
    return false;
}

static const struct tree_node *node_at(const struct population *p, size_t i)
{
    return &p->e->tree->nodes[p->first + i];
}

/* Hard links: the first name of an inode may be on another file system; then the first that is here
 * stands for it. */
static void number_inodes(struct population *p)
{
    auto_free size_t *first_here = xcalloc(p->end, sizeof *first_here); /* + 1; 0: none yet */
    for (size_t i = 0; i < p->end - p->first; i++) {
        size_t link = node_at(p, i)->link;
        if (ext_is_left_out(p->e->tree, p->first, p->first + i, p->mountpoints))
            continue;
        size_t *here = &first_here[link == TREE_NONE ? p->first + i : link];
        bool is_first = *here == 0;
        if (is_first)
            *here = i + 1;
        p->name[i] = *here - 1;
        p->inode[i] = i == 0 ? EXT2_ROOT_INO : is_first ? p->next_inode++ : p->inode[p->name[i]];
        p->links[p->name[i]]++;
    }
}

static uint8_t file_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return EXT2_FT_DIR;
    case S_IFLNK:
        return EXT2_FT_SYMLINK;
    case S_IFBLK:
        return EXT2_FT_BLKDEV;
    case S_IFCHR:
        return EXT2_FT_CHRDEV;
    case S_IFIFO:
        return EXT2_FT_FIFO;
    case S_IFSOCK:
        return EXT2_FT_SOCK;
    default:
        return EXT2_FT_REG_FILE;
    }
}

/* A time in the inode: 32 bits, and 2 more where the inode is large. Beyond: the nearest. */
static int64_t nearest_time(int64_t time, unsigned inode_size)
{
    int64_t max = inode_size > EXT2_GOOD_OLD_INODE_SIZE ? EXT4_MAX_TIME : INT32_MAX;
    return time < INT32_MIN ? INT32_MIN : time > max ? max : time;
}

static void set_times(struct ext2_inode_large *inode, int64_t time, unsigned inode_size)
{
    time = nearest_time(time, inode_size);
    inode->i_atime = inode->i_ctime = inode->i_mtime = (uint32_t)time;
    if (inode_size <= EXT2_GOOD_OLD_INODE_SIZE)
        return;
    uint32_t epoch = (uint32_t)((time - (int32_t)time) >> 32) & EXT4_EPOCH_MASK;
    inode->i_extra_isize = sizeof *inode - EXT2_GOOD_OLD_INODE_SIZE;
    inode->i_crtime = (uint32_t)time;
    inode->i_atime_extra = inode->i_ctime_extra = inode->i_mtime_extra = epoch;
    inode->i_crtime_extra = epoch;
}

static void set_common(
    const struct ext *e, const struct tree_node *node, struct ext2_inode_large *inode)
{
    inode->i_mode = (uint16_t)node->mode;
    inode->i_uid = (uint16_t)node->uid;
    inode->i_gid = (uint16_t)node->gid;
    inode->osd2.linux2.l_i_uid_high = (uint16_t)(node->uid >> 16);
    inode->osd2.linux2.l_i_gid_high = (uint16_t)(node->gid >> 16);
    set_times(inode, node->mtime, e->parameters->inode_size);
}

static void set_size(struct ext2_inode_large *inode, uint64_t size)
{
    inode->i_size = (uint32_t)size;
    inode->i_size_high = (uint32_t)(size >> 32);
}

/* linux/kdev_t.h: the 16-bit form where it fits, else the 32-bit one in the second word. */
static void set_device(struct ext2_inode_large *inode, unsigned major, unsigned minor)
{
    if (major < 256 && minor < 256)
        inode->i_block[0] = major << 8 | minor;
    else
        inode->i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* Directory blocks, built one behind the other. */
struct directory {
    struct strbuf bytes;
    size_t last_at; /* of the last entry, in bytes */
    size_t left;    /* unused bytes of the current block, while it is open */
    bool is_open;
};

static size_t usable(const struct ext *e)
{
    return e->fs->blocksize -
           (e->parameters->metadata_csum ? sizeof(struct ext2_dir_entry_tail) : 0);
}

/* The last entry of a block takes what is left of it; then comes the checksum's tail. */
static void finish_block(struct ext *e, struct directory *d)
{
    struct ext2_dir_entry *last = (struct ext2_dir_entry *)(void *)(d->bytes.s + d->last_at);
    unsigned length;
    ext2fs_get_rec_len(e->fs, last, &length);
    ext2fs_set_rec_len(e->fs, length + (unsigned)d->left, last);
    static const uint8_t zeros[4096];
    strbuf_add(&d->bytes, zeros, d->left + e->fs->blocksize - usable(e));
    if (e->parameters->metadata_csum)
        ext2fs_initialize_dirent_tail(e->fs,
            EXT2_DIRENT_TAIL(d->bytes.s + d->bytes.len - e->fs->blocksize, e->fs->blocksize));
    d->left = 0;
    d->is_open = false;
}

static void add_entry(struct ext *e, struct directory *d, ext2_ino_t ino, const char *name,
    size_t length, uint8_t type)
{
    uint8_t buffer[EXT2_DIR_ENTRY_HEADER_LEN + EXT2_NAME_LEN + 3] = {0};
    unsigned size = (unsigned)((EXT2_DIR_ENTRY_HEADER_LEN + length + 3) / 4 * 4);
    if (d->is_open && d->left < size)
        finish_block(e, d);
    if (!d->is_open)
        d->left = usable(e);
    d->is_open = true;
    struct ext2_dir_entry *entry = (struct ext2_dir_entry *)(void *)buffer;
    entry->inode = ino;
    ext2fs_set_rec_len(e->fs, size, entry);
    ext2fs_dirent_set_name_len(entry, (int)length);
    if (e->parameters->filetype)
        ext2fs_dirent_set_file_type(entry, type);
    memcpy(entry->name, name, length);
    d->last_at = d->bytes.len;
    strbuf_add(&d->bytes, buffer, size);
    d->left -= size;
}

/* An unused entry that takes a block. */
static void add_empty_block(struct ext *e, struct directory *d)
{
    add_entry(e, d, 0, "", 0, 0);
    finish_block(e, d);
}

static int write_directory(
    struct ext *e, ext2_ino_t ino, struct directory *d, struct ext2_inode_large *inode)
{
    struct ext_runs runs = {0};
    unsigned size = e->fs->blocksize;
    if (d->is_open)
        finish_block(e, d);
    for (size_t at = 0; e->parameters->metadata_csum && at < d->bytes.len; at += size)
        ext2fs_dir_block_csum_set(e->fs, ino, (struct ext2_dir_entry *)(void *)(d->bytes.s + at));
    set_size(inode, d->bytes.len);
    int r = ext_write_blocks(e, &runs, 0, (const uint8_t *)d->bytes.s, d->bytes.len / size);
    if (r == 0)
        r = ext_map(e, ino, inode, &runs);
    ext_runs_done(&runs);
    return r;
}

static int set_directory_links(
    struct ext *e, const struct tree_node *node, size_t links, struct ext2_inode_large *inode)
{
    size_t max = e->parameters->dir_nlink ? EXT4_MAX_LINKS : EXT3_MAX_LINKS;
    if (links > max && !e->parameters->dir_nlink)
        return err_set(e->err, ERR_RECIPE, -EMLINK,
            "'%s' has %zu subdirectories, more than this file system can have", node->path,
            links - 2);
    inode->i_links_count = links > max ? 1 : (uint16_t)links;
    return 0;
}

static int make_directory(struct population *p, size_t i, struct ext2_inode_large *inode)
{
    struct ext *e = p->e;
    const struct tree_node *node = node_at(p, i);
    struct directory d = {0};
    size_t links = 2;
    ext2_ino_t up = i == 0 ? EXT2_ROOT_INO : p->inode[node->parent - p->first];
    add_entry(e, &d, p->inode[i], ".", 1, EXT2_FT_DIR);
    add_entry(e, &d, up, "..", 2, EXT2_FT_DIR);
    if (i == 0 && p->lost_found) {
        add_entry(e, &d, p->lost_found, "lost+found", 10, EXT2_FT_DIR);
        links++;
    }
    for (size_t k = p->first + i + 1; k < node->end; k = e->tree->nodes[k].end) {
        const struct tree_node *child = &e->tree->nodes[k];
        if (!p->inode[k - p->first])
            continue;
        add_entry(e, &d, p->inode[k - p->first], child->name, strlen(child->name),
            file_type(child->mode));
        links += S_ISDIR(child->mode);
    }
    int r = set_directory_links(e, node, links, inode);
    if (r == 0)
        r = write_directory(e, p->inode[i], &d, inode);
    strbuf_done(&d.bytes);
    return r;
}

static int make_symlink(
    struct ext *e, const struct tree_node *node, ext2_ino_t ino, struct ext2_inode_large *inode)
{
    size_t length = strlen(node->target);
    set_size(inode, length);
    if (length <= FAST_SYMLINK_MAX) {
        memcpy(inode->i_block, node->target, length);
        return 0;
    }
    if (length >= e->fs->blocksize)
        return err_set(e->err, ERR_RECIPE, -ENAMETOOLONG,
            "the symlink '%s' is longer than a block of the file system", node->path);
    struct ext_runs runs = {0};
    auto_free uint8_t *block = xcalloc(1, e->fs->blocksize);
    memcpy(block, node->target, length);
    int r = ext_write_blocks(e, &runs, 0, block, 1);
    if (r == 0)
        r = ext_map(e, ino, inode, &runs);
    ext_runs_done(&runs);
    return r;
}

static int make_file(
    struct ext *e, const struct tree_node *node, ext2_ino_t ino, struct ext2_inode_large *inode)
{
    struct ext_runs runs = {0};
    if (node->size > ext_max_file_bytes(e->parameters)) {
        err_set(e->err, ERR_RECIPE, -EFBIG, "'%s' is too large for this file system: %llu bytes",
            node->path, (unsigned long long)node->size);
        return err_hint(e->err, "a larger block size may do: --mkfsoptions=\"-b 4096\"");
    }
    if (node->size > INT32_MAX)
        ext2fs_set_feature_large_file(e->fs->super);
    set_size(inode, node->size);
    int r = ext_write_content(e, node, &runs);
    if (r == 0)
        r = ext_map(e, ino, inode, &runs);
    ext_runs_done(&runs);
    return r;
}

static int make_content(struct population *p, size_t i, struct ext2_inode_large *inode)
{
    const struct tree_node *node = node_at(p, i);
    switch (node->mode & S_IFMT) {
    case S_IFDIR:
        return make_directory(p, i, inode);
    case S_IFLNK:
        return make_symlink(p->e, node, p->inode[i], inode);
    case S_IFREG:
        return make_file(p->e, node, p->inode[i], inode);
    case S_IFBLK:
    case S_IFCHR:
        set_device(inode, node->rdev_major, node->rdev_minor);
        return 0;
    default:
        return 0;
    }
}

static int write_inode(struct ext *e, ext2_ino_t ino, const struct ext2_inode_large *inode)
{
    uint8_t bytes[4096] = {0};
    unsigned size = e->parameters->inode_size;
    memcpy(bytes, inode, size < sizeof *inode ? size : sizeof *inode);
    errcode_t code =
        ext2fs_write_inode_full(e->fs, ino, (struct ext2_inode *)(void *)bytes, (int)size);
    return code ? ext_fail(e, code, "writing an inode") : 0;
}

static int write_xattrs(struct ext *e, const struct tree_node *node, ext2_ino_t ino)
{
    struct ext2_xattr_handle *handle = NULL;
    if (!node->n_xattrs)
        return 0;
    errcode_t code = ext2fs_xattrs_open(e->fs, ino, &handle);
    if (!code)
        code = ext2fs_xattrs_read(handle);
    for (size_t i = 0; !code && i < node->n_xattrs; i++)
        code = ext2fs_xattr_set(
            handle, node->xattrs[i].name, node->xattrs[i].value, node->xattrs[i].size);
    errcode_t closed = handle ? ext2fs_xattrs_close(&handle) : 0;
    if (!code)
        code = closed;
    if (code == EXT2_ET_EA_NO_SPACE)
        return err_set(e->err, ERR_RECIPE, -ENOSPC,
            "the extended attributes of '%s' are too large for this file system", node->path);
    return code ? ext_fail(e, code, "writing extended attributes") : 0;
}

static int make_node(struct population *p, size_t i)
{
    struct ext *e = p->e;
    const struct tree_node *node = node_at(p, i);
    struct ext2_inode_large inode = {.i_links_count = (uint16_t)p->links[i]};
    if (p->links[i] > EXT4_MAX_LINKS)
        return err_set(e->err, ERR_RECIPE, -EMLINK, "'%s' has too many hard links", node->path);
    if (strlen(node->name) > EXT2_NAME_LEN)
        return err_set(
            e->err, ERR_RECIPE, -ENAMETOOLONG, "the name of '%s' is too long", node->path);
    set_common(e, node, &inode);
    if (i != 0)
        ext2fs_inode_alloc_stats2(e->fs, p->inode[i], +1, S_ISDIR(node->mode));
    int r = make_content(p, i, &inode);
    if (r == 0)
        r = write_inode(e, p->inode[i], &inode);
    return r < 0 ? r : write_xattrs(e, node, p->inode[i]);
}

static int make_lost_found(struct population *p)
{
    struct ext *e = p->e;
    struct tree_node node = {.mode = S_IFDIR | 0700, .mtime = e->parameters->time};
    struct ext2_inode_large inode = {.i_links_count = 2};
    struct directory d = {0};
    set_common(e, &node, &inode);
    ext2fs_inode_alloc_stats2(e->fs, p->lost_found, +1, 1);
    add_entry(e, &d, p->lost_found, ".", 1, EXT2_FT_DIR);
    add_entry(e, &d, EXT2_ROOT_INO, "..", 2, EXT2_FT_DIR);
    finish_block(e, &d);
    while (d.bytes.len < EXT_LOST_FOUND_BYTES)
        add_empty_block(e, &d);
    int r = write_directory(e, p->lost_found, &d, &inode);
    strbuf_done(&d.bytes);
    return r < 0 ? r : write_inode(e, p->lost_found, &inode);
}

static int make_nodes(struct population *p)
{
    uint64_t free_before = ext2fs_free_blocks_count(p->e->fs->super);
    int r = p->lost_found ? make_lost_found(p) : 0;
    for (size_t i = 0; r == 0 && i < p->end - p->first; i++) {
        const struct tree_node *node = node_at(p, i);
        if (interrupt_pending())
            return interrupt_error(p->e->err);
        if (!p->inode[i] || p->name[i] != i)
            continue;
        r = make_node(p, i);
        uint64_t taken = free_before - ext2fs_free_blocks_count(p->e->fs->super);
        progress_advance(p->e->progress, taken * p->e->fs->blocksize, node->path);
    }
    return r;
}

int ext_populate(struct ext *e, const char *directory, const char *const *mountpoints)
{
    const struct tree_node *top = tree_find(e->tree, directory);
    if (!top || !S_ISDIR(top->mode))
        return err_set(
            e->err, ERR_SYSTEM, -ENOTDIR, "'%s' is not a directory of the root", directory);
    struct population p = {.e = e, .mountpoints = mountpoints};
    p.first = (size_t)(top - e->tree->nodes);
    p.end = top->end;
    size_t n = p.end - p.first;
    auto_free ext2_ino_t *inode = xcalloc(n, sizeof *inode);
    auto_free size_t *name = xcalloc(n, sizeof *name);
    auto_free size_t *links = xcalloc(n, sizeof *links);
    auto_free char *own = xprintf("%s/lost+found", strcmp(directory, "/") == 0 ? "" : directory);
    p.inode = inode;
    p.name = name;
    p.links = links;
    p.next_inode = EXT2_FIRST_INODE(e->fs->super);
    p.lost_found = tree_find(e->tree, own) ? 0 : p.next_inode++;
    number_inodes(&p);
    if (p.next_inode - 1 > e->fs->super->s_inodes_count) {
        err_set(e->err, ERR_RECIPE, -ENOSPC, "'%s' has %u files and the file system %u inodes",
            directory, p.next_inode - 1, e->fs->super->s_inodes_count);
        return err_hint(e->err, "give it a larger --size, or --mkfsoptions=\"-N %u\"",
            p.next_inode + p.next_inode / 10);
    }
    return make_nodes(&p);
}
