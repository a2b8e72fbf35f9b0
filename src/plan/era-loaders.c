#include <string.h>

#include "plan/era-parts.h"

/* The first of these that is there. */
static const char *first_of(int root, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (era_exists(root, paths[i]))
            return paths[i];
    return NULL;
}

static bool has_file(int root, const char *directory, const char *name)
{
    auto_free char *path = xprintf("%s/%s", directory, name);
    return era_exists(root, path);
}

static void find_grub2(int root, struct era *era)
{
    static const char *const modules[] = {"/usr/lib/grub/i386-pc/normal.mod",
        "/usr/lib/grub2/i386-pc/normal.mod", "/usr/share/grub2/i386-pc/normal.mod",
        "/usr/lib64/grub/i386-pc/normal.mod"};
    static const char *const makers[] = {
        "/usr/bin/grub2-mkimage", "/usr/bin/grub-mkimage", "/usr/sbin/grub2-mkimage"};
    static const char *const named_grub2[] = {"/usr/sbin/grub2-install", "/usr/sbin/grub2-mkconfig",
        "/usr/bin/grub2-mkimage", "/boot/grub2"};

    const char *found = first_of(root, modules, ARRAY_SIZE(modules));
    if (found) {
        era->has_grub2 = true;
        era->grub2_modules =
            arena_strndup(era->arena, found, strlen(found) - strlen("/normal.mod"));
    }
    era->grub2_mkimage = arena_strdup(era->arena, first_of(root, makers, ARRAY_SIZE(makers)));
    bool is_grub2 = first_of(root, named_grub2, ARRAY_SIZE(named_grub2));
    era->grub2_directory = arena_strdup(era->arena, is_grub2 ? "/boot/grub2" : "/boot/grub");
    era->has_bls = found && has_file(root, era->grub2_modules, "blscfg.mod") &&
                   era_exists(root, "/usr/lib/kernel/install.d") &&
                   era_exists(root, "/boot/loader");
}

static void find_stages(int root, struct era *era, const char *directory)
{
    if (era->grub_legacy_stages || !has_file(root, directory, "stage1") ||
        !has_file(root, directory, "stage2"))
        return;
    era->has_grub_legacy = true;
    era->grub_legacy_stages = arena_strdup(era->arena, directory);
}

void era_find_loaders(int root, struct era *era)
{
    static const char *const parents[] = {"/usr/share/grub", "/usr/lib/grub"};
    find_grub2(root, era);
    for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
        auto_strv struct strv names = era_list(root, parents[i]);
        for (size_t j = 0; j < names.n; j++) {
            auto_free char *directory = xprintf("%s/%s", parents[i], names.v[j]);
            find_stages(root, era, directory);
        }
    }
    find_stages(root, era, "/boot/grub");
}
