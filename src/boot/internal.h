/* What the files of boot/ share. */
#pragma once

#include "base/strbuf.h"
#include "boot/boot.h"

#define BOOT_SECTOR_BYTES 512

/* --- texts */
bool boot_has_own_partition(const struct boot_plan *plan); /* /boot is one of its own */
/* "/boot/vmlinuz-1" as the loader sees it: without /boot where that is a partition. */
const char *boot_loader_path(const struct boot_plan *plan, const char *path);
/* The console is a serial line that GRUB can drive too: its unit, else -1. */
int boot_serial_unit(const struct boot_plan *plan);
char *boot_menu_lst(const struct boot_plan *plan, const struct layout *layout);
char *boot_grub_cfg(
    const struct boot_plan *plan, const struct layout *layout, const struct era *era);
char *boot_default_grub(const struct boot_plan *plan, const struct era *era);
char *boot_bls_entry(const struct boot_plan *plan, const struct boot_entry *entry);
char *boot_grub_environment(const struct boot_plan *plan, const struct era *era);

/* --- what GRUB 2 needs for reading a file system or a table; NULL: it has nothing for it */
const char *boot_grub2_fs_module(const char *fstype);

/* --- sectors: pure patching, as grub-bios-setup and GRUB 0.97's shell do it */
/* 'image' is boot.img; makes it start the core image at that sector. */
int boot_grub2_patch_boot(uint8_t image[BOOT_SECTOR_BYTES], uint64_t core_lba, struct err *err);
/* 'core' begins with diskboot.img; the rest of it stands in the sectors behind core_lba. */
int boot_grub2_patch_core(uint8_t *core, size_t size, uint64_t core_lba, struct err *err);
int boot_legacy_patch_stage1(uint8_t image[BOOT_SECTOR_BYTES], struct err *err);
/* The config path in stage1_5 is that of stage2 as the loader sees it, 'partition' 0-based. */
int boot_legacy_patch_stage1_5(
    uint8_t *bytes, size_t size, unsigned partition, const char *stage2, struct err *err);
int boot_legacy_patch_stage2(uint8_t *bytes, size_t size, const char *menu, struct err *err);

/* --- preparing and embedding, by loader */
int boot_grub2_prepare(int root, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, struct progress *progress, struct err *err);
int boot_legacy_prepare(
    int root, const struct boot_plan *plan, const struct era *era, struct err *err);
int boot_grub2_embed(int disk, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, const struct tree *tree, struct err *err);
int boot_legacy_embed(int disk, const struct boot_plan *plan, const struct layout *layout,
    const struct tree *tree, struct err *err);
/* A file of the tree that must be there; the caller frees. */
int boot_read_tree(const struct tree *tree, const char *path, uint8_t **ret_bytes, size_t *ret_size,
    struct err *err);
/* The same for a file that is one sector. */
int boot_read_sector(
    const struct tree *tree, const char *path, uint8_t ret[BOOT_SECTOR_BYTES], struct err *err);
/* Bytes into the sectors from 1 on, if they fit; 'what' is a noun for messages. */
int boot_write_behind_mbr(int disk, const struct layout *layout, const char *what,
    const uint8_t *bytes, size_t size, struct err *err);
/* Boot code into the first sector: bytes 440..511 of the disk stay. */
int boot_write_mbr(int disk, const uint8_t image[BOOT_SECTOR_BYTES], struct err *err);
/* Bytes free between the first sector and the first partition. */
uint64_t boot_gap_bytes(const struct layout *layout);
