/* GRUB 0.97 in the MBR: stage1, then stage1_5 behind it, which loads stage2 from /boot. */
#include <string.h>

#include "base/file.h"
#include "boot/internal.h"

#define STAGE1 "/boot/grub/stage1"
#define STAGE1_5 "/boot/grub/e2fs_stage1_5"
#define STAGE2 "/boot/grub/stage2"
#define MENU "/boot/grub/menu.lst"
#define STAGE_MAX ((size_t)1 << 20)

/* The package keeps its stages outside /boot; grub-install would copy them. */
static int put_stage(
    int root, const char *directory, const char *path, const char *menu, struct err *err)
{
    auto_free char *from = xprintf("%s%s", directory, strrchr(path, '/'));
    auto_free char *to = xstrdup(path);
    auto_free char *bytes = NULL;
    struct boot_file file = {.path = to, .mode = 0644};
    int r = file_read_in(root, from, STAGE_MAX, &bytes, &file.size);
    if (r < 0)
        return err_code(err, r, "cannot read '%s' of the installed GRUB", from);
    file.bytes = (uint8_t *)bytes;
    if (menu)
        r = boot_legacy_patch_stage2(file.bytes, file.size, menu, err);
    return r < 0 ? err_wrap(err, r, "%s", from) : boot_file_write(root, &file, err);
}

int boot_legacy_prepare(
    int root, const struct boot_plan *plan, const struct era *era, struct err *err)
{
    const char *from = era->grub_legacy_stages;
    int r = put_stage(root, from, STAGE1, NULL, err);
    if (r == 0)
        r = put_stage(root, from, STAGE1_5, NULL, err);
    if (r == 0)
        r = put_stage(root, from, STAGE2, boot_loader_path(plan, MENU), err);
    return r;
}

int boot_legacy_embed(int disk, const struct boot_plan *plan, const struct layout *layout,
    const struct tree *tree, struct err *err)
{
    uint8_t stage1[BOOT_SECTOR_BYTES];
    auto_free uint8_t *bytes = NULL;
    size_t size = 0;
    int r = boot_read_sector(tree, STAGE1, stage1, err);
    if (r == 0)
        r = boot_legacy_patch_stage1(stage1, err);
    if (r == 0)
        r = boot_read_tree(tree, STAGE1_5, &bytes, &size, err);
    if (r == 0)
        r = boot_legacy_patch_stage1_5(
            bytes, size, plan->boot_part->number - 1, boot_loader_path(plan, STAGE2), err);
    if (r == 0)
        r = boot_write_behind_mbr(disk, layout, "GRUB 0.97's stage 1.5", bytes, size, err);
    return r < 0 ? r : boot_write_mbr(disk, stage1, err);
}
