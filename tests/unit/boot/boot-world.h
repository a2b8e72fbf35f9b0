/* A recipe, what is installed, a layout and a boot plan: what the boot tests start from. */
#pragma once

#include "boot/boot.h"

struct boot_world {
    struct recipe *recipe;
    struct era *era;
    struct layout *layout;
    struct boot_plan *plan;
};

/* 'era' is taken over. UUIDs come from a seed that is always the same. */
int boot_world_make(struct boot_world *world, const char *recipe_path, struct era *era,
    const struct boot_options *options, struct err *err);
void boot_world_done(struct boot_world *world);
