/* print-operations ERA [json] RECIPE: the operations for a recipe on a system of that kind. */
#include <stdio.h>
#include <string.h>

#include "configure/configure.h"

static const struct {
    const char *name, *releasever, *packages, *console;
} systems[] = {
    {"sysv", "5", "SysVinit initscripts kernel-xen-2.6.18-194.8.1.el5 grub", "hvc0"},
    {"upstart", "6", "upstart initscripts kernel-2.6.32-71.el6 grub", "ttyS0"},
    {"systemd-ifcfg", "7", "systemd initscripts NetworkManager kernel-3.10.0-1160.el7 grub2",
        "ttyS0"},
    {"systemd-nm", "9", "systemd NetworkManager kernel-core-5.14.0-1.el9 selinux-policy-targeted",
        "ttyS0"},
    {"systemd-networkd", "41", "systemd kernel-core-6.11.4-301.fc41", "ttyS0"},
    {"systemd-ifupdown", NULL, "systemd ifupdown linux-image-6.1.0-56-cloud-amd64", "ttyS0"},
    {"no-network", NULL, "SysVinit", NULL},
};

static struct era *make_era(const char *name, const char **ret_console)
{
    for (size_t i = 0; i < ARRAY_SIZE(systems); i++) {
        if (strcmp(systems[i].name, name) != 0)
            continue;
        struct arena *arena = arena_new();
        struct strv packages = {0};
        strv_arena_split(arena, &packages, systems[i].packages, " ");
        struct era *era = era_predict(&packages, systems[i].releasever);
        arena_free(arena);
        *ret_console = systems[i].console;
        return era;
    }
    return NULL;
}

static int print_error(struct err *err)
{
    fprintf(stderr, "%s\n", err->message);
    if (err->hint)
        fprintf(stderr, "  hint: %s\n", err->hint);
    int status = (int)err->kind;
    err_done(err);
    return status;
}

static int run(const struct recipe *recipe, const struct era *era, const char *console, bool json,
    struct err *err)
{
    static const uint8_t seed[32] = "golden";
    struct layout_options layout_options = {
        .disk_bytes = UINT64_C(8) << 30, .default_fstype = era->default_fstype, .seed = seed};
    struct configure_options options = {.console = console, .seed = seed};
    auto_cleanup(layout_free) struct layout *layout = NULL;
    auto_cleanup(operations_free) struct operations *operations = NULL;
    int r = layout_make(recipe, &layout_options, &layout, err);
    if (r == 0)
        r = configure_plan(recipe, layout, era, &options, &operations, err);
    if (r < 0)
        return r;
    (json ? operations_print_json : operations_print)(operations, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    const char *console = NULL;
    bool json = argc > 3 && strcmp(argv[2], "json") == 0;
    auto_cleanup(era_free) struct era *era = argc > 2 ? make_era(argv[1], &console) : NULL;
    if (!era)
        return 2;
    struct err err = {0};
    struct recipe_options recipe_options = {.allow_nochroot = true};
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    int r = recipe_read(argv[argc - 1], &recipe_options, &recipe, &err);
    if (r == 0)
        r = run(recipe, era, console, json, &err);
    fflush(stdout);
    return r < 0 ? print_error(&err) : 0;
}
