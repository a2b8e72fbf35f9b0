/* Patching boot sectors for where their next part stands. Offsets: GRUB 2's i386/pc/boot.h and
 * setup.c; GRUB 0.97's stage1.h, shared.h and its 'install' command. */
#include <errno.h>
#include <string.h>

#include "boot/internal.h"

#define SIGNATURE_AT 510

#define BOOT_CORE_LBA_AT 0x5c
#define BOOT_DRIVE_AT 0x64
#define BOOT_DRIVE_CHECK_AT 0x66
#define CORE_LIST_AT (BOOT_SECTOR_BYTES - 12) /* u64 first sector, u16 how many, u16 segment */
#define CORE_SEGMENT 0x820
#define CORE_LINK_ADDRESS 0x8200
#define CORE_END_ADDRESS 0x78000

#define STAGE1_VERSION_AT 0x3e
#define STAGE1_DRIVE_AT 0x40
#define STAGE1_FORCE_LBA_AT 0x41
#define STAGE1_ADDRESS_AT 0x42
#define STAGE1_SECTOR_AT 0x44
#define STAGE1_SEGMENT_AT 0x48
#define STAGE1_DRIVE_CHECK_AT 0x4b
#define STAGE1_5_ADDRESS 0x2000U
#define LIST_AT (BOOT_SECTOR_BYTES - 8) /* u32 first sector, u16 how many, u16 segment */
/* In the second sector of stage1_5 and stage2. */
#define STAGE_VERSION_AT (BOOT_SECTOR_BYTES + 0x6)
#define STAGE_INSTALL_PARTITION_AT (BOOT_SECTOR_BYTES + 0x8)
#define STAGE_FORCE_LBA_AT (BOOT_SECTOR_BYTES + 0x11)
#define STAGE_VERSION_TEXT_AT (BOOT_SECTOR_BYTES + 0x12)
#define ANY_DRIVE 0xff
#define WHOLE_DISK 0xffffffU
#define COMPATIBLE_MAJOR 3
#define COMPATIBLE_MINOR 2

#define NOP 0x90

static void put(uint8_t *p, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static bool has_signature(const uint8_t *sector)
{
    return sector[SIGNATURE_AT] == 0x55 && sector[SIGNATURE_AT + 1] == 0xaa;
}

static bool is_compatible(const uint8_t *version)
{
    return version[0] == COMPATIBLE_MAJOR && version[1] == COMPATIBLE_MINOR;
}

static int foreign(struct err *err, const char *what)
{
    return err_set(
        err, ERR_CHECK, -EBADMSG, "%s of the installed GRUB is not as it should be", what);
}

int boot_grub2_patch_boot(uint8_t image[BOOT_SECTOR_BYTES], uint64_t core_lba, struct err *err)
{
    /* A short jump over the parameter block, and the jump that the drive check begins with. */
    if (!has_signature(image) || image[0] != 0xeb || image[BOOT_DRIVE_CHECK_AT] != 0xeb)
        return foreign(err, "boot.img");
    put(image + BOOT_CORE_LBA_AT, core_lba, 8);
    image[BOOT_DRIVE_AT] = ANY_DRIVE;
    /* Some BIOSes pass a wrong drive; a hard disk's boot sector is told to check it. */
    image[BOOT_DRIVE_CHECK_AT] = image[BOOT_DRIVE_CHECK_AT + 1] = NOP;
    return 0;
}

int boot_grub2_patch_core(uint8_t *core, size_t size, uint64_t core_lba, struct err *err)
{
    size_t sectors = (size + BOOT_SECTOR_BYTES - 1) / BOOT_SECTOR_BYTES;
    size_t most = (CORE_END_ADDRESS - CORE_LINK_ADDRESS) / BOOT_SECTOR_BYTES;
    if (sectors < 2)
        return foreign(err, "core.img");
    if (sectors - 1 > most)
        return err_set(err, ERR_CHECK, -EFBIG,
            "GRUB 2's core image has %zu sectors; a BIOS can load %zu", sectors, most + 1);
    put(core + CORE_LIST_AT, core_lba + 1, 8);
    put(core + CORE_LIST_AT + 8, sectors - 1, 2);
    put(core + CORE_LIST_AT + 10, CORE_SEGMENT, 2);
    return 0;
}

int boot_legacy_patch_stage1(uint8_t image[BOOT_SECTOR_BYTES], struct err *err)
{
    if (!has_signature(image) || !is_compatible(image + STAGE1_VERSION_AT))
        return foreign(err, "stage1");
    image[STAGE1_DRIVE_AT] = ANY_DRIVE;
    image[STAGE1_FORCE_LBA_AT] = 0;
    put(image + STAGE1_ADDRESS_AT, STAGE1_5_ADDRESS, 2);
    put(image + STAGE1_SECTOR_AT, 1, 4);
    put(image + STAGE1_SEGMENT_AT, STAGE1_5_ADDRESS >> 4, 2);
    image[STAGE1_DRIVE_CHECK_AT] = image[STAGE1_DRIVE_CHECK_AT + 1] = NOP;
    return 0;
}

/* Behind the version text stands the configuration's name; it may take the rest of the sector up
 * to the code, which begins at 0x70 at the earliest. */
static int put_name(uint8_t *bytes, const void *name, size_t name_size, struct err *err)
{
    size_t at = STAGE_VERSION_TEXT_AT, end = BOOT_SECTOR_BYTES + 0x70;
    while (at < end && bytes[at])
        at++;
    at++;
    if (at + name_size > end)
        return foreign(err, "stage2");
    memcpy(bytes + at, name, name_size);
    return 0;
}

int boot_legacy_patch_stage1_5(
    uint8_t *bytes, size_t size, unsigned partition, const char *stage2, struct err *err)
{
    size_t sectors = (size + BOOT_SECTOR_BYTES - 1) / BOOT_SECTOR_BYTES;
    uint8_t name[64];
    size_t name_size = 4 + strlen(stage2) + 1;
    if (size < 2 * BOOT_SECTOR_BYTES || !is_compatible(bytes + STAGE_VERSION_AT) ||
        name_size > sizeof name || sectors > 0x100)
        return foreign(err, "e2fs_stage1_5");
    /* One run of sectors behind the first, loaded behind it; other entries of the list go. */
    for (size_t at = LIST_AT; bytes[at + 4] || bytes[at + 5]; at -= 8) {
        memset(bytes + at, 0, 8);
        if (at < BOOT_SECTOR_BYTES / 2)
            return foreign(err, "e2fs_stage1_5");
    }
    put(bytes + LIST_AT, 2, 4);
    put(bytes + LIST_AT + 4, sectors - 1, 2);
    put(bytes + LIST_AT + 6, (STAGE1_5_ADDRESS + BOOT_SECTOR_BYTES) >> 4, 2);
    put(bytes + STAGE_INSTALL_PARTITION_AT, WHOLE_DISK, 4);
    bytes[STAGE_FORCE_LBA_AT] = 0;
    put(name, (uint32_t)ANY_DRIVE << 24 | partition << 16 | 0xffffU, 4);
    memcpy(name + 4, stage2, name_size - 4);
    return put_name(bytes, name, name_size, err);
}

int boot_legacy_patch_stage2(uint8_t *bytes, size_t size, const char *menu, struct err *err)
{
    if (size < 2 * BOOT_SECTOR_BYTES || !is_compatible(bytes + STAGE_VERSION_AT))
        return foreign(err, "stage2");
    bytes[STAGE_FORCE_LBA_AT] = 0;
    return put_name(bytes, menu, strlen(menu) + 1, err);
}
