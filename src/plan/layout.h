/*
 * Partitions: from the recipe's part lines and a disk size to exact places. Pure arithmetic.
 *
 * Kickstart's rules: sizes are MiB, none means 500; growth is shared in proportion to base size,
 * capped by --maxsize and shared again; everything is aligned to 1 MiB. Order on disk: ESP,
 * biosboot, prepboot, /boot, then fixed before growing, larger first, so that root is last and can
 * grow; with logical partitions, --asprimary ones before all. Errors: ERR_RECIPE (no root, larger
 * than the disk, unknown file system, two on one mount point), naming the line and the size that
 * would do.
 */
#pragma once

#include "recipe/recipe.h"

enum layout_label { LABEL_NONE, LABEL_MSDOS, LABEL_GPT };
enum layout_kind {
    LAYOUT_FILESYSTEM,
    LAYOUT_SWAP,
    LAYOUT_BIOSBOOT,
    LAYOUT_PREPBOOT,
    LAYOUT_ESP,
    LAYOUT_PV
};

struct layout_part {
    unsigned number; /* 1-based; 0 on a disk without partition table; 5.. are MBR logicals */
    enum layout_kind kind;
    char *mountpoint; /* "/", "/boot"; NULL for swap and the like */
    char *fstype;     /* "ext3", "ext4", "swap", "vfat", "xfs"... */
    char *label;      /* file system's, or NULL */
    char *fsoptions;  /* for fstab, never NULL: "defaults" */
    char *mkfsoptions;
    uint64_t start_bytes, size_bytes;
    uint8_t uuid[16];      /* file system's */
    uint8_t part_uuid[16]; /* GPT partition's */
    bool active;           /* MBR boot flag */
    struct recipe_place place;
};

struct layout {
    struct arena *arena;
    enum layout_label label;
    uint64_t disk_bytes;
    uint32_t disk_id;          /* MBR disk signature */
    uint8_t disk_uuid[16];     /* GPT */
    struct layout_part *parts; /* in order of place on disk */
    size_t n;
    struct strv warnings;
};

struct layout_options {
    uint64_t disk_bytes;     /* 0: as small as the recipe's sizes and the content allow */
    uint64_t content_bytes;  /* installed size of the packages; a part that grows from nothing on
                                a disk of no given size gets this and room to work */
    enum layout_label label; /* used with has_label, else by recipe and age */
    bool has_label;
    bool is_recent;             /* a release whose installer makes GPT by default */
    const char *default_fstype; /* for part lines without --fstype, and autopart */
    const uint8_t *seed;        /* 32 bytes, for UUIDs */
};

int layout_make(const struct recipe *recipe, const struct layout_options *options,
    struct layout **ret_layout, struct err *err);
void layout_free(struct layout *layout);
DEFINE_CLEANUP(struct layout *, layout_free)

/* The part that holds 'path' ("/boot/grub" is in /boot's part if there is one); NULL: none. */
const struct layout_part *layout_part_for(const struct layout *layout, const char *path);
const struct layout_part *layout_part_at(const struct layout *layout, const char *mountpoint);

/* A table: number, start, size, type, mount point, label; and as JSON. */
void layout_print(const struct layout *layout, FILE *out);
void layout_print_json(const struct layout *layout, FILE *out);
