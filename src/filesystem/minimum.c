#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filesystem/ext.h"

#define MIB (UINT64_C(1) << 20)

/* What is to fit. The count depends on the size by way of the block size only. */
struct question {
    const struct tree *tree;
    const char *directory;
    const char *const *mountpoints;
    const struct filesystem_options *options;
    unsigned block_size; /* for which these two are; 0: none yet */
    uint64_t blocks, inodes;
};

/* A file for libext2fs to lay a file system out in, so that its free blocks can be counted; what it
 * writes for that are a few blocks. */
static int memory_file(uint64_t size_bytes, int *ret_fd, char **ret_name, struct err *err)
{
    auto_close int fd = memfd_create("file-system", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size_bytes) < 0)
        return err_errno(err, "cannot make a file in memory");
    *ret_name = xprintf("/proc/self/fd/%d", fd);
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* Does it fit into a file system of this size? */
static int fits(struct question *q, uint64_t size_bytes, bool *ret_fits, struct err *err)
{
    struct parameters parameters;
    struct err small = {0};
    auto_close int memory = -1;
    auto_free char *name = NULL;
    int r = parameters_make(q->options, size_bytes, &parameters, err);
    if (r < 0)
        return r;
    if (q->block_size != parameters.block_size)
        ext_count(q->tree, q->directory, q->mountpoints, &parameters, &q->blocks, &q->inodes);
    q->block_size = parameters.block_size;
    parameters_fit_inodes(&parameters, size_bytes, q->inodes);
    struct ext e = {
        .parameters = &parameters, .tree = q->tree, .what = q->directory, .err = &small};
    r = memory_file(size_bytes, &memory, &name, err);
    if (r < 0)
        return r;
    *ret_fits = q->blocks <= size_bytes / parameters.block_size &&
                ext_create(&e, unix_io_manager, name, size_bytes) == 0 &&
                ext2fs_free_blocks_count(e.fs->super) >= q->blocks;
    if (e.fs)
        ext2fs_free(e.fs);
    err_done(&small);
    return 0;
}

int filesystem_minimum(const struct tree *tree, const char *directory,
    const char *const *mountpoints, const struct filesystem_options *options, uint64_t *ret_bytes,
    struct err *err)
{
    struct question q = {
        .tree = tree, .directory = directory, .mountpoints = mountpoints, .options = options};
    /* A journal grows, and blocks become larger, at powers of two: what fits into one of them fits
     * into all that is larger. */
    uint64_t low = 0, high = 1; /* MiB: low does not fit, high does */
    bool is_enough = false;
    for (; !is_enough; high *= 2) {
        int r = fits(&q, high * MIB, &is_enough, err);
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
        int r = fits(&q, middle * MIB, &is_enough, err);
        if (r < 0)
            return r;
        *(is_enough ? &high : &low) = middle;
    }
    *ret_bytes = high * MIB;
    return 0;
}
