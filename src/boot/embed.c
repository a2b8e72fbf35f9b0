/* The sectors outside any file system, and what both loaders need for writing them. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "boot/internal.h"

#define MBR_CODE_BYTES 440 /* behind it: the disk's signature, the partition table, 55 aa */
#define LOADER_FILE_MAX ((size_t)4 << 20)

uint64_t boot_gap_bytes(const struct layout *layout)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].start_bytes < first)
            first = layout->parts[i].start_bytes;
    return layout->n && first > BOOT_SECTOR_BYTES ? first - BOOT_SECTOR_BYTES : 0;
}

int boot_read_tree(const struct tree *tree, const char *path, uint8_t **ret_bytes, size_t *ret_size,
    struct err *err)
{
    const struct tree_node *node = tree_resolve(tree, path);
    char *data = NULL;
    if (!node) {
        (void)err_set(
            err, ERR_CHECK, -ENOENT, "'%s' of the boot loader is gone from the tree", path);
        return err_hint(err, "see whether a %%post script removes it");
    }
    int r = tree_read(tree, node, LOADER_FILE_MAX, &data, ret_size, err);
    if (r == 0)
        *ret_bytes = (uint8_t *)data;
    return r;
}

int boot_read_sector(
    const struct tree *tree, const char *path, uint8_t ret[BOOT_SECTOR_BYTES], struct err *err)
{
    auto_free uint8_t *bytes = NULL;
    size_t size = 0;
    int r = boot_read_tree(tree, path, &bytes, &size, err);
    if (r < 0)
        return r;
    if (size != BOOT_SECTOR_BYTES)
        return err_set(err, ERR_CHECK, -EBADMSG, "'%s' has %zu bytes; a boot sector has %d", path,
            size, BOOT_SECTOR_BYTES);
    memcpy(ret, bytes, BOOT_SECTOR_BYTES);
    return 0;
}

int boot_write_mbr(int disk, const uint8_t image[BOOT_SECTOR_BYTES], struct err *err)
{
    int r = file_pwrite_all(disk, image, MBR_CODE_BYTES, 0);
    return r < 0 ? err_code(err, r, "cannot write the disk's boot sector") : 0;
}

int boot_write_behind_mbr(int disk, const struct layout *layout, const char *what,
    const uint8_t *bytes, size_t size, struct err *err)
{
    uint64_t gap = boot_gap_bytes(layout);
    if (size > gap) {
        (void)err_set(err, ERR_CHECK, -ENOSPC,
            "%s needs %zu bytes behind the boot sector, but the first partition begins after %llu",
            what, size, (unsigned long long)gap);
        return err_hint(err, "let the first partition begin at 1 MiB");
    }
    int r = file_pwrite_all(disk, bytes, size, BOOT_SECTOR_BYTES);
    return r < 0 ? err_code(err, r, "cannot write %s to the disk", what) : 0;
}

int boot_embed(int disk, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, const struct tree *tree, struct err *err)
{
    if (plan->grub2_bios)
        return boot_grub2_embed(disk, plan, layout, era, tree, err);
    if (plan->grub_legacy)
        return boot_legacy_embed(disk, plan, layout, tree, err);
    return 0;
}
