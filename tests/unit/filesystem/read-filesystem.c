/* read-filesystem IMAGE: all that is in an ext file system, one line a name, by libext2fs alone:
 * path (hexadecimal), mode, uid, gid, mtime, size, device, links, inode, bytes that blocks take,
 * content (a chain of SHA-256 over each KiB that is not zero, with its offset; the target of a
 * symlink), extended attributes. For comparing with what was to be written. */
#include <ext2fs/ext2fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/memory.h"

#define UNIT 1024

struct content {
    ext2_filsys fs;
    uint64_t size, blocks;
    uint8_t chain[SHA256_BYTES];
    uint8_t block[65536];
};

struct listing {
    ext2_filsys fs;
    char path[65536];
    errcode_t failed;
};

static void print_hex(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", ((const uint8_t *)bytes)[i]);
}

static void add_unit(struct content *c, uint64_t offset, const uint8_t *bytes, size_t size)
{
    static const uint8_t zeros[UNIT];
    uint8_t link[SHA256_BYTES + 8 + UNIT] = {0};
    if (memcmp(bytes, zeros, size) == 0)
        return;
    memcpy(link, c->chain, SHA256_BYTES);
    memcpy(link + SHA256_BYTES, &offset, 8);
    memcpy(link + SHA256_BYTES + 8, bytes, size);
    digest_sha256(link, SHA256_BYTES + 8 + size, c->chain);
}

static int add_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t logical, blk64_t ref_block,
    int ref_offset, void *context)
{
    struct content *c = context;
    (void)ref_block, (void)ref_offset;
    c->blocks++;
    if (logical < 0)
        return 0;
    if (io_channel_read_blk64(fs->io, *block, 1, c->block))
        return BLOCK_ABORT;
    uint64_t at = (uint64_t)logical * fs->blocksize;
    for (unsigned i = 0; i < fs->blocksize && at + i < c->size; i += UNIT) {
        uint64_t left = c->size - at - i;
        add_unit(c, at + i, c->block + i, left < UNIT ? (size_t)left : UNIT);
    }
    return 0;
}

static errcode_t print_content(struct listing *l, ext2_ino_t ino, uint64_t size)
{
    struct content *c = xcalloc(1, sizeof *c);
    c->fs = l->fs;
    c->size = size;
    errcode_t code = ext2fs_block_iterate3(l->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, add_block, c);
    printf(" %llu ", (unsigned long long)c->blocks * l->fs->blocksize);
    print_hex(c->chain, sizeof c->chain);
    free(c);
    return code;
}

static errcode_t print_target(struct listing *l, ext2_ino_t ino, struct ext2_inode *inode)
{
    char target[4097] = {0};
    if (ext2fs_is_fast_symlink(inode)) {
        printf(" 0 ");
        print_hex(inode->i_block, inode->i_size);
        return 0;
    }
    ext2_file_t file;
    unsigned got = 0;
    errcode_t code = ext2fs_file_open(l->fs, ino, 0, &file);
    if (!code) {
        code = ext2fs_file_read(file, target, sizeof target - 1, &got);
        ext2fs_file_close(file);
    }
    printf(" %u ", l->fs->blocksize);
    print_hex(target, got);
    return code;
}

static int print_xattr(char *name, char *value, size_t size, void *context)
{
    int *n = context;
    printf("%s", (*n)++ ? "," : " ");
    print_hex(name, strlen(name));
    printf("=");
    print_hex(value, size);
    return 0;
}

static errcode_t print_xattrs(struct listing *l, ext2_ino_t ino)
{
    struct ext2_xattr_handle *handle = NULL;
    int n = 0;
    errcode_t code = ext2fs_xattrs_open(l->fs, ino, &handle);
    if (!code)
        code = ext2fs_xattrs_read(handle);
    if (!code)
        code = ext2fs_xattrs_iterate(handle, print_xattr, &n);
    if (handle)
        ext2fs_xattrs_close(&handle);
    if (!n)
        printf(" -");
    return code;
}

/* The 16-bit form in the first word, or the 32-bit one in the second (linux/kdev_t.h). */
static void print_device(const struct ext2_inode *inode)
{
    unsigned old = inode->i_block[0], new = inode->i_block[1];
    if (!S_ISBLK(inode->i_mode) && !S_ISCHR(inode->i_mode))
        printf(" -");
    else if (old)
        printf(" %u:%u", old >> 8 & 0xff, old & 0xff);
    else
        printf(" %u:%u", (new & 0xfff00) >> 8, (new & 0xff) | (new >> 12 & 0xfff00));
}

static int64_t mtime_of(const ext2_filsys fs, const struct ext2_inode_large *inode)
{
    int64_t time = (int32_t)inode->i_mtime;
    if (EXT2_INODE_SIZE(fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
        time += (int64_t)(inode->i_mtime_extra & 3) << 32;
    return time;
}

static errcode_t print_inode(struct listing *l, ext2_ino_t ino)
{
    struct ext2_inode_large inode = {0};
    struct ext2_inode *small = (struct ext2_inode *)(void *)&inode;
    errcode_t code = ext2fs_read_inode_full(l->fs, ino, small, sizeof inode);
    if (code)
        return code;
    uint64_t size = EXT2_I_SIZE(&inode);
    print_hex(l->path[0] ? l->path : "/", l->path[0] ? strlen(l->path) : 1);
    printf(" %o %u %u %lld %llu", inode.i_mode, inode_uid(*small), inode_gid(*small),
        (long long)mtime_of(l->fs, &inode),
        S_ISDIR(inode.i_mode) ? 0ULL : (unsigned long long)size);
    print_device(small);
    printf(" %u %u", inode.i_links_count, ino);
    if (S_ISREG(inode.i_mode))
        code = print_content(l, ino, size);
    else if (S_ISLNK(inode.i_mode))
        code = print_target(l, ino, small);
    else
        printf(" 0 -");
    if (!code)
        code = print_xattrs(l, ino);
    printf("\n");
    return code;
}

static errcode_t list_directory(struct listing *l, ext2_ino_t ino);

static int list_entry(
    struct ext2_dir_entry *entry, int offset, int blocksize, char *buffer, void *context)
{
    struct listing *l = context;
    int length = ext2fs_dirent_name_len(entry);
    size_t before = strlen(l->path);
    (void)offset, (void)blocksize, (void)buffer;
    if ((length == 1 && entry->name[0] == '.') || (length == 2 && !memcmp(entry->name, "..", 2)))
        return 0;
    if (before + (size_t)length + 2 > sizeof l->path) {
        l->failed = EXT2_ET_NO_MEMORY;
        return DIRENT_ABORT;
    }
    sprintf(l->path + before, "/%.*s", length, entry->name);
    l->failed = print_inode(l, entry->inode);
    if (!l->failed && ext2fs_check_directory(l->fs, entry->inode) == 0)
        l->failed = list_directory(l, entry->inode);
    l->path[before] = '\0';
    return l->failed ? DIRENT_ABORT : 0;
}

static errcode_t list_directory(struct listing *l, ext2_ino_t ino)
{
    auto_free char *block = xcalloc(1, l->fs->blocksize);
    errcode_t code = ext2fs_dir_iterate(l->fs, ino, 0, block, list_entry, l);
    return code ? code : l->failed;
}

int main(int argc, char **argv)
{
    struct listing *l = xcalloc(1, sizeof *l);
    if (argc != 2)
        return 2;
    errcode_t code = ext2fs_open(argv[1], EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &l->fs);
    if (!code)
        code = print_inode(l, EXT2_ROOT_INO);
    if (!code)
        code = list_directory(l, EXT2_ROOT_INO);
    if (l->fs)
        ext2fs_close_free(&l->fs);
    free(l);
    if (code)
        fprintf(stderr, "libext2fs: %ld\n", (long)code);
    return code != 0;
}
