#include "boot-world.h"

int boot_world_make(struct boot_world *world, const char *recipe_path, struct era *era,
    const struct boot_options *options, struct err *err)
{
    static const uint8_t seed[32] = {0xb0, 0x07};
    const struct recipe_options recipe_options = {0};
    world->era = era;
    const struct layout_options layout_options = {.content_bytes = 100 << 20,
        .default_fstype = era->default_fstype,
        .is_recent = era->has_bls,
        .seed = seed};
    int r = recipe_read(recipe_path, &recipe_options, &world->recipe, err);
    if (r == 0)
        r = layout_make(world->recipe, &layout_options, &world->layout, err);
    if (r == 0)
        r = boot_plan_make(world->recipe, world->layout, era, options, &world->plan, err);
    return r;
}

void boot_world_done(struct boot_world *world)
{
    boot_plan_free(world->plan);
    layout_free(world->layout);
    era_free(world->era);
    recipe_free(world->recipe);
}
