/* What the parts of the layout share: partitions while their sizes are not settled. All in MiB. */
#pragma once

#include "plan/layout.h"

struct draft {
    enum layout_kind kind;
    const char *mountpoint; /* NULL: none */
    const char *fstype, *label, *fsoptions, *mkfsoptions;
    uint64_t size_mib, max_mib; /* max 0: none */
    bool grow, asprimary, has_uuid;
    uint8_t uuid[16];
    struct recipe_place place;
};

struct drafts {
    struct arena *arena; /* borrowed: the layout's */
    struct draft *v;
    size_t n;
};

#define LAYOUT_ALIGN_MIB 1
#define LAYOUT_MSDOS_PRIMARY 4

/* The recipe's partitions, checked, in their order on disk. Warnings go to the layout. */
int layout_choose(const struct recipe *recipe, const struct layout_options *options,
    struct layout *layout, struct drafts *ret_drafts, struct err *err);
/* Sizes and places: fills layout->parts and disk_bytes. */
int layout_place(const struct drafts *drafts, const struct layout_options *options,
    struct layout *layout, struct err *err);
/* Share 'room_mib' among the growing ones, by base size and up to their maximum. */
void layout_grow(struct drafts *drafts, uint64_t room_mib);
