#include "probe.h"

static bool has(size_t size, size_t offset, size_t length)
{
    return offset <= size && length <= size - offset;
}

static bool is_at(const uint8_t *bytes, size_t size, size_t offset, const char *magic, size_t n)
{
    if (!has(size, offset, n))
        return false;
    for (size_t i = 0; i < n; i++)
        if (bytes[offset + i] != (uint8_t)magic[i])
            return false;
    return true;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Unprintable bytes become '?', so that a label can't talk to the terminal. */
static void copy_label(char *ret, const uint8_t *label, size_t n)
{
    size_t i = 0;
    for (; i < n && i < PROBE_LABEL_BYTES - 1 && label[i]; i++)
        ret[i] = label[i] < 0x20 || label[i] == 0x7f ? '?' : (char)label[i];
    ret[i] = 0;
}

static void put_hex(char *ret, uint8_t byte)
{
    ret[0] = "0123456789abcdef"[byte >> 4];
    ret[1] = "0123456789abcdef"[byte & 15];
}

/* 'order' is which byte stands in each place: GPT keeps the first three groups little-endian. */
static void put_uuid(char *ret, const uint8_t uuid[16], const uint8_t order[16])
{
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ret[at++] = '-';
        put_hex(ret + at, uuid[order[i]]);
        at += 2;
    }
    ret[at] = 0;
}

static const uint8_t uuid_straight[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t uuid_gpt[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

#define EXT_AT 1024
#define EXT_HAS_JOURNAL 0x4U
#define EXT_JOURNAL_DEVICE 0x8U
#define EXT3_INCOMPAT 0x16U /* filetype, recover, meta_bg */
#define EXT3_RO_COMPAT 0x7U /* sparse_super, large_file, btree_dir */

static const char *ext_type(const uint8_t *super)
{
    uint32_t compat = le32(super + 0x5c), incompat = le32(super + 0x60);
    uint32_t ro_compat = le32(super + 0x64);
    if (incompat & EXT_JOURNAL_DEVICE)
        return "jbd";
    if ((incompat & ~EXT3_INCOMPAT) || (ro_compat & ~EXT3_RO_COMPAT))
        return "ext4";
    return compat & EXT_HAS_JOURNAL ? "ext3" : "ext2";
}

static bool probe_ext(const uint8_t *bytes, size_t size, struct probe *ret)
{
    if (!is_at(bytes, size, EXT_AT + 0x38, "\x53\xef", 2) || !has(size, EXT_AT, 1024))
        return false;
    const uint8_t *super = bytes + EXT_AT;
    ret->type = ext_type(super);
    copy_label(ret->label, super + 0x78, 16);
    put_uuid(ret->uuid, super + 0x68, uuid_straight);
    return true;
}

static bool probe_xfs(const uint8_t *bytes, size_t size, struct probe *ret)
{
    if (!is_at(bytes, size, 0, "XFSB", 4) || !has(size, 0, 512))
        return false;
    ret->type = "xfs";
    copy_label(ret->label, bytes + 108, 12);
    put_uuid(ret->uuid, bytes + 32, uuid_straight);
    return true;
}

#define BTRFS_AT 0x10000

static bool probe_btrfs(const uint8_t *bytes, size_t size, struct probe *ret)
{
    if (!is_at(bytes, size, BTRFS_AT + 0x40, "_BHRfS_M", 8) || !has(size, BTRFS_AT, 0x300))
        return false;
    ret->type = "btrfs";
    copy_label(ret->label, bytes + BTRFS_AT + 0x12b, 64);
    put_uuid(ret->uuid, bytes + BTRFS_AT + 0x20, uuid_straight);
    return true;
}

static bool probe_swap(const uint8_t *bytes, size_t size, struct probe *ret)
{
    if (!is_at(bytes, size, 4086, "SWAPSPACE2", 10))
        return false;
    ret->type = "swap";
    put_uuid(ret->uuid, bytes + 1036, uuid_straight);
    copy_label(ret->label, bytes + 1052, 16);
    return true;
}

static bool probe_vfat(const uint8_t *bytes, size_t size, struct probe *ret)
{
    bool is_32 = is_at(bytes, size, 0x52, "FAT32", 5);
    if (!is_32 && !is_at(bytes, size, 0x36, "FAT1", 4))
        return false;
    const uint8_t *serial = bytes + (is_32 ? 0x43 : 0x27);
    ret->type = "vfat";
    for (size_t i = 0; i < 4; i++)
        put_hex(ret->uuid + 2 * i + (i > 1), serial[3 - i]);
    ret->uuid[4] = '-';
    ret->uuid[9] = 0;
    copy_label(ret->label, serial + 4, 11);
    for (size_t i = 11; i > 0 && ret->label[i - 1] == ' '; i--)
        ret->label[i - 1] = 0;
    return true;
}

void probe_filesystem(const uint8_t *bytes, size_t size, struct probe *ret)
{
    ret->type = NULL;
    ret->label[0] = ret->uuid[0] = 0;
    if (probe_ext(bytes, size, ret) || probe_xfs(bytes, size, ret) ||
        probe_btrfs(bytes, size, ret) || probe_swap(bytes, size, ret) ||
        probe_vfat(bytes, size, ret))
        return;
    if (is_at(bytes, size, 0, "LUKS\xba\xbe", 6))
        ret->type = "crypto_LUKS";
    else if (is_at(bytes, size, 512, "LABELONE", 8))
        ret->type = "LVM2_member";
}

static void gpt_partition(const uint8_t *bytes, size_t size, size_t sector_bytes, unsigned number,
    struct probe_partition *ret)
{
    const uint8_t *header = bytes + sector_bytes;
    uint32_t first = le32(header + 72), first_high = le32(header + 76);
    uint32_t count = le32(header + 80), entry_bytes = le32(header + 84);
    if (first_high || first > PROBE_BYTES / 512 || entry_bytes < 128 || entry_bytes > 4096 ||
        !number || number > count || number > 1024)
        return;
    size_t at = first * sector_bytes + (size_t)(number - 1) * entry_bytes;
    if (!has(size, at, 128))
        return;
    put_uuid(ret->uuid, bytes + at + 16, uuid_gpt);
    size_t i = 0;
    for (const uint8_t *name = bytes + at + 56; i < 36 && (name[0] || name[1]); i++, name += 2)
        ret->label[i] = !name[1] && name[0] >= 0x20 && name[0] < 0x7f ? (char)name[0] : '?';
    ret->label[i] = 0;
}

void probe_partition(
    const uint8_t *bytes, size_t size, unsigned number, struct probe_partition *ret)
{
    ret->uuid[0] = ret->label[0] = 0;
    for (size_t sector_bytes = 512; sector_bytes <= 4096; sector_bytes *= 8)
        if (is_at(bytes, size, sector_bytes, "EFI PART", 8) && has(size, sector_bytes, 92)) {
            gpt_partition(bytes, size, sector_bytes, number, ret);
            return;
        }
    if (!is_at(bytes, size, 510, "\x55\xaa", 2) || !number || number > 255)
        return;
    for (size_t i = 0; i < 4; i++)
        put_hex(ret->uuid + 2 * i, bytes[440 + 3 - i]);
    ret->uuid[8] = '-';
    put_hex(ret->uuid + 9, (uint8_t)number);
    ret->uuid[11] = 0;
}
