/*
 * apply-operations WHAT INIT CASE: in a root made from the description CASE/root, do what the
 * recipe CASE/recipe.ks asks for (WHAT is "apply"), run its %post scripts ("post"), or clean up
 * ("clean"); print what has changed by it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "configure/configure.h"
#include "configure/root-files.h"
#include "made-root.h"
#include "sandbox/sandbox.h"

static const uint8_t seed[32] = "golden";

static void print_note(struct progress *p, enum progress_note level, const char *text)
{
    (void)p;
    printf("%s: %s\n", level == PROGRESS_WARNING ? "warning" : "info", text);
}

static void ignore_begin(
    struct progress *p, const char *stage, enum progress_unit unit, uint64_t total)
{
    (void)p, (void)stage, (void)unit, (void)total;
}

static void ignore_advance(struct progress *p, uint64_t done, const char *item)
{
    (void)p, (void)done, (void)item;
}

static void ignore_end(struct progress *p)
{
    (void)p;
}

static struct era make_era(const char *name)
{
    struct era era = {.init = strcmp(name, "sysv") == 0      ? INIT_SYSV
                              : strcmp(name, "upstart") == 0 ? INIT_UPSTART
                                                             : INIT_SYSTEMD,
        .network = NETWORK_NONE,
        .default_fstype = "ext4"};
    era.needs_static_dev = era.init == INIT_SYSV;
    return era;
}

static int apply(int root, const struct era *era, const char *recipe_path,
    struct progress *progress, struct err *err)
{
    struct layout_options layout_options = {
        .disk_bytes = UINT64_C(8) << 30, .default_fstype = "ext4", .seed = seed};
    struct configure_options options = {.seed = seed, .build_time = 1277942400};
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    auto_cleanup(layout_free) struct layout *layout = NULL;
    auto_cleanup(operations_free) struct operations *operations = NULL;
    int r = recipe_read(recipe_path, &(struct recipe_options){0}, &recipe, err);
    if (r == 0)
        r = layout_make(recipe, &layout_options, &layout, err);
    if (r == 0)
        r = configure_plan(recipe, layout, era, &options, &operations, err);
    return r < 0 ? r : configure_apply(root, operations, era, &options, progress, err);
}

static int run_scripts(
    int root, const char *recipe_path, struct progress *progress, struct err *err)
{
    struct configure_options options = {
        .seed = seed, .script_seconds = 2, .file_bytes = 1 << 20, .allow_nochroot = true};
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    int r =
        recipe_read(recipe_path, &(struct recipe_options){.allow_nochroot = true}, &recipe, err);
    return r < 0 ? r : configure_scripts(root, recipe, &options, progress, err);
}

static int print_error(struct err *err)
{
    printf("error: %s\n", err->message);
    if (err->hint)
        printf("  hint: %s\n", err->hint);
    int status = (int)err->kind;
    err_done(err);
    return status;
}

static int run(int root, const char *what, const char *init, const char *directory)
{
    struct progress progress = {ignore_begin, ignore_advance, ignore_end, print_note};
    struct era era = make_era(init);
    struct err e = {0};
    auto_free char *path = xprintf("%s/root", directory), *text = NULL;
    auto_free char *recipe = xprintf("%s/recipe.ks", directory);
    size_t size;
    if (file_read(path, 1 << 20, &text, &size) < 0)
        errx(1, "cannot read '%s'", path);
    made_root_fill(root, text);
    auto_free char *before = made_root_dump(root);
    int r = strcmp(what, "clean") == 0  ? configure_clean(root, &era, &progress, &e)
            : strcmp(what, "post") == 0 ? run_scripts(root, recipe, &progress, &e)
                                        : apply(root, &era, recipe, &progress, &e);
    auto_free char *after = made_root_dump(root);
    made_root_print_changes(before, after);
    return r < 0 ? print_error(&e) : 0;
}

/* A file beside the root, where a symlink that leads out of it would end. */
static void check_outside(int top)
{
    auto_free char *text = NULL;
    size_t size = 0;
    auto_strv struct strv names = {0};
    struct err e = {0};
    if (file_read_in(top, "etc/passwd", 100, &text, &size) < 0 || strcmp(text, "outside\n") != 0)
        printf("ESCAPED: a file outside of the root has changed\n");
    if (root_list(top, "", &names, &e) < 0 || names.n != 2)
        printf("ESCAPED: there is something new outside of the root\n");
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc != 4)
        errx(2, "usage: apply-operations WHAT INIT CASE");
    if (sandbox_enter(&e) < 0) {
        fprintf(stderr, "skipped: %s\n", e.message);
        return 77;
    }
    umask(077); /* modes must not depend on it */
    char path[] = "/var/tmp/slipway-configure-XXXXXX";
    if (!mkdtemp(path))
        err(1, "cannot make a directory");
    auto_close int top = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mkdirat(top, "root", 0755) < 0 ||
        file_write_in(top, "etc/passwd", "outside\n", 8, 0644) < 0)
        err(1, "cannot fill '%s'", path);
    auto_close int root = openat(top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = run(root, argv[1], argv[2], argv[3]);
    check_outside(top);
    file_remove_tree(AT_FDCWD, path);
    return status;
}
