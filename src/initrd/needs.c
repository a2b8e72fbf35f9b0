#include "initrd/needs.h"

#include <string.h>

static const struct need virtio[] = {
    {NEED_HELPER, {"virtio_pci"}, "VIRTIO_PCI"},
    {NEED_HELPER, {"virtio_mmio"}, "VIRTIO_MMIO"},
    {NEED_DISK, {"virtio_blk"}, "VIRTIO_BLK"},
    {NEED_HELPER, {"sd_mod"}, "BLK_DEV_SD"},
    {NEED_DISK, {"virtio_scsi"}, "SCSI_VIRTIO"},
};
static const struct need xen[] = {
    {NEED_HELPER, {"xen-platform-pci"}, "XEN_PLATFORM_PCI"},
    {NEED_DISK, {"xen-blkfront", "xenblk"}, "XEN_BLKDEV_FRONTEND"},
};
static const struct need nvme[] = {
    {NEED_DISK, {"nvme"}, "BLK_DEV_NVME"},
};
static const struct need ata[] = {
    {NEED_HELPER, {"sd_mod"}, "BLK_DEV_SD"},
    {NEED_DISK, {"ahci"}, "SATA_AHCI"},
    {NEED_DISK, {"ata_piix", "piix"}, "ATA_PIIX"},
    {NEED_HELPER, {"ata_generic"}, "ATA_GENERIC"},
};
static const struct need scsi[] = {
    {NEED_HELPER, {"sd_mod"}, "BLK_DEV_SD"},
    {NEED_DISK, {"mptspi"}, "FUSION_SPI"},
    {NEED_DISK, {"mptsas"}, "FUSION_SAS"},
    {NEED_DISK, {"sym53c8xx"}, "SCSI_SYM53C8XX_2"},
    {NEED_DISK, {"megaraid_sas"}, "MEGARAID_SAS"},
    {NEED_DISK, {"vmw_pvscsi"}, "VMWARE_PVSCSI"},
};
static const struct need network[] = {
    {NEED_HELPER, {"virtio_net"}, "VIRTIO_NET"},
    {NEED_HELPER, {"xen-netfront", "xennet"}, "XEN_NETDEV_FRONTEND"},
    {NEED_HELPER, {"ena"}, "ENA_ETHERNET"},
    {NEED_HELPER, {"ixgbevf"}, "IXGBEVF"},
    {NEED_HELPER, {"e1000"}, "E1000"},
};

/* A checksum that ext4, xfs and btrfs ask the crypto layer for by name at mount time, which then
 * would call a modprobe that an initramfs does not have. */
static const struct need crc32c[] = {
    {NEED_HELPER, {"crc32c_generic", "crc32c-generic", "crc32c"}, "CRYPTO_CRC32C"},
    {NEED_HELPER, {"crc32c-intel"}, "CRYPTO_CRC32C_INTEL"},
};

/* ext4's driver serves its ancestors where their own are no longer made. */
static const struct {
    const char *fstype;
    struct need need;
} filesystems[] = {
    {"ext2", {NEED_FILESYSTEM, {"ext2", "ext4", "ext3"}, "EXT2_FS"}},
    {"ext3", {NEED_FILESYSTEM, {"ext3", "ext4"}, "EXT3_FS"}},
    {"ext4", {NEED_FILESYSTEM, {"ext4"}, "EXT4_FS"}},
    {"xfs", {NEED_FILESYSTEM, {"xfs"}, "XFS_FS"}},
    {"btrfs", {NEED_FILESYSTEM, {"btrfs"}, "BTRFS_FS"}},
};

struct list {
    struct need *v;
    size_t n;
};

static void add(struct list *list, const struct need *needs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *array_push(list->v, list->n) = needs[i];
}

static void add_filesystem(struct list *list, const char *fstype)
{
    for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
        if (strcmp(filesystems[i].fstype, fstype) == 0) {
            add(list, &filesystems[i].need, 1);
            return;
        }
    const struct need by_name = {NEED_FILESYSTEM, {fstype}, NULL};
    add(list, &by_name, 1);
}

struct need *needs_make(const struct initrd_options *options, size_t *ret_n)
{
    struct list list = {0};
    if (options->with_virtio)
        add(&list, virtio, ARRAY_SIZE(virtio));
    if (options->with_xen)
        add(&list, xen, ARRAY_SIZE(xen));
    if (options->with_nvme)
        add(&list, nvme, ARRAY_SIZE(nvme));
    if (options->with_ata)
        add(&list, ata, ARRAY_SIZE(ata));
    if (options->with_scsi)
        add(&list, scsi, ARRAY_SIZE(scsi));
    if (options->with_network)
        add(&list, network, ARRAY_SIZE(network));
    add(&list, crc32c, ARRAY_SIZE(crc32c));
    add_filesystem(&list, options->root_fstype);
    *ret_n = list.n;
    return list.v;
}
