/*
 * What a block device holds, from its first bytes: file system, label, UUID, and the partition
 * tables' names for partitions. Pure: bytes in, values out, every access bounds-checked, as disks
 * are foreign input.
 * Sources: the kernel's fs/ext4/ext4.h, fs/xfs/libxfs/xfs_format.h, fs/btrfs (disk format wiki),
 * mm/swapfile.c; UEFI specification, chapter 5 (GPT).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes from the start of a device that probe_filesystem() wants, as far as there are so many:
 * btrfs has its superblock at 64 KiB. */
#define PROBE_BYTES (68 * 1024)
#define PROBE_LABEL_BYTES 65
#define PROBE_UUID_BYTES 40

struct probe {
    const char *type; /* "ext4"; NULL: nothing known */
    char label[PROBE_LABEL_BYTES];
    char uuid[PROBE_UUID_BYTES]; /* text, lower case; "" if it has none */
};

void probe_filesystem(const uint8_t *bytes, size_t size, struct probe *ret);

struct probe_partition {
    char uuid[PROBE_UUID_BYTES]; /* a GPT partition's, or MBR "0123abcd-02"; "": none */
    char label[73];              /* GPT name; what is not ASCII is '?' */
};

/* Partition 'number' (1-based) of the disk that begins with these bytes (as many as
 * PROBE_BYTES; sectors of 512 or 4096 bytes). */
void probe_partition(
    const uint8_t *bytes, size_t size, unsigned number, struct probe_partition *ret);
