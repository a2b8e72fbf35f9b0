#include "filesystem/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "filesystem/ext.h"
#include "filesystem/swap.h"

/* Its ext2 reader goes by 128 bytes an inode, and by the short group descriptors. */
void filesystem_options_for_grub_legacy(struct filesystem_options *options)
{
    options->allow_64bit = false;
    options->inode_size = 128;
}

void filesystem_options_by_era(
    const struct era *era, const struct layout_part *part, struct filesystem_options *ret_options)
{
    *ret_options = (struct filesystem_options){
        .fstype = part->fstype,
        .label = part->label,
        .mkfsoptions = part->mkfsoptions,
        .inode_size = era->ext_inode_size,
        .allow_64bit = era->ext_64bit_ok,
    };
    memcpy(ret_options->uuid, part->uuid, sizeof ret_options->uuid);
    if (era->has_grub_legacy && !era->has_grub2)
        filesystem_options_for_grub_legacy(ret_options);
}

static int write_ext(struct ext *e, const char *directory, const char *const *mountpoints,
    const char *file, uint64_t size_bytes)
{
    int r = ext_create(e, unix_io_manager, file, size_bytes);
    if (r == 0)
        r = ext_populate(e, directory, mountpoints);
    if (r == 0)
        return ext_close(e);
    if (e->fs) /* what is half-made need not be written */
        ext2fs_free(e->fs);
    return r;
}

static int write_filesystem(const struct tree *tree, const char *directory,
    const char *const *mountpoints, const struct filesystem_options *options, const char *file,
    int fd, uint64_t offset_bytes, uint64_t size_bytes, struct progress *progress, struct err *err)
{
    struct parameters parameters;
    uint64_t blocks, inodes;
    int r = parameters_make(options, size_bytes, &parameters, err);
    if (r < 0)
        return r;
    ext_count(tree, directory, mountpoints, &parameters, &blocks, &inodes);
    parameters_fit_inodes(&parameters, size_bytes, inodes);
    auto_free uint8_t *buffer = xmalloc(EXT_BUFFER);
    struct ext e = {
        .parameters = &parameters,
        .tree = tree,
        .progress = progress,
        .what = directory,
        .fd = fd,
        .offset_bytes = offset_bytes,
        .buffer = buffer,
        .err = err,
    };
    auto_free char *stage = xprintf("write %s", directory);
    progress_begin(progress, stage, PROGRESS_BYTES, blocks * parameters.block_size);
    r = write_ext(&e, directory, mountpoints, file, size_bytes);
    progress_end(progress);
    return r;
}

int filesystem_check_options(
    const struct filesystem_options *options, uint64_t size_bytes, struct err *err)
{
    struct parameters parameters;
    return strcmp(options->fstype, "swap") == 0
               ? 0
               : parameters_make(options, size_bytes, &parameters, err);
}

int filesystem_write(const struct tree *tree, const char *directory, const char *const *mountpoints,
    const struct filesystem_options *options, const char *file, uint64_t offset_bytes,
    uint64_t size_bytes, struct progress *progress, struct err *err)
{
    auto_close int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open '%s'", file);
    if (strcmp(options->fstype, "swap") == 0)
        return swap_write(fd, options, offset_bytes, size_bytes, err);
    if (strcmp(options->fstype, "ext2") != 0 && strcmp(options->fstype, "ext3") != 0 &&
        strcmp(options->fstype, "ext4") != 0)
        return err_set(err, ERR_RECIPE, -EOPNOTSUPP, "the file system '%s' can't be written yet",
            options->fstype);
    return write_filesystem(
        tree, directory, mountpoints, options, file, fd, offset_bytes, size_bytes, progress, err);
}
