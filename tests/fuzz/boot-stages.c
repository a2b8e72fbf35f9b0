/* Boot sectors and stages are files of packages: patched in place, never beyond their end. */
#include <string.h>

#include "boot/internal.h"
#include "fuzz.h"

static void patch(int which, uint8_t *bytes, size_t size)
{
    uint8_t sector[BOOT_SECTOR_BYTES] = {0};
    struct err err = {0};
    memcpy(sector, bytes, size < sizeof sector ? size : sizeof sector);
    if (which == 0)
        (void)boot_grub2_patch_boot(sector, 1, &err);
    else if (which == 1)
        (void)boot_legacy_patch_stage1(sector, &err);
    else if (which == 2)
        (void)boot_grub2_patch_core(bytes, size, 1, &err);
    else if (which == 3)
        (void)boot_legacy_patch_stage1_5(bytes, size, 0, "/boot/grub/stage2", &err);
    else
        (void)boot_legacy_patch_stage2(bytes, size, "/boot/grub/menu.lst", &err);
    err_done(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int which = 0; which < 5; which++) {
        auto_free uint8_t *copy = xmalloc(size + !size); /* just as large, so that overruns show */
        memcpy(copy, data, size);
        patch(which, copy, size);
    }
    return 0;
}
