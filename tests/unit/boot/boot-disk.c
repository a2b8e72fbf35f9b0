/*
 * boot-disk STEP ROOT RECIPE TARGET DISK: what build.c does from an installed root on, with nothing
 * but the boot room and its neighbours. STEP 'table' makes DISK, empty, and prints its partitions
 * for sfdisk; 'write' prepares ROOT, then writes file systems and boot sectors.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "boot-world.h"
#include "filesystem/filesystem.h"
#include "initrd/initrd.h"
#include "sandbox/sandbox.h"

#define BUILD_TIME 1700000000

static void print_table(const struct layout *layout)
{
    bool is_gpt = layout->label == LABEL_GPT;
    if (layout->label == LABEL_NONE)
        return;
    printf("label: %s\n", is_gpt ? "gpt" : "dos");
    for (size_t i = 0; i < layout->n; i++) {
        const struct layout_part *p = &layout->parts[i];
        const char *type = p->kind == LAYOUT_BIOSBOOT ? "21686148-6449-6E6F-744E-656564454649"
                           : is_gpt                   ? "linux"
                                                      : "83";
        printf("start=%llu, size=%llu, type=%s%s\n", (unsigned long long)p->start_bytes / 512,
            (unsigned long long)p->size_bytes / 512, type, p->active ? ", bootable" : "");
    }
}

static int write_initrd(
    int root, const struct boot_world *w, const struct boot_entry *e, struct err *err)
{
    auto_cleanup(tree_free) struct tree *tree = NULL;
    struct initrd initrd = {0};
    struct initrd_options options = {.root_fstype = w->plan->root_part->fstype,
        .architecture = "x86_64",
        .with_ata = true,
        .with_virtio = true,
        .with_xen = true,
        .with_scsi = true,
        .with_nvme = true};
    for (size_t i = 0; i < w->era->n_kernels; i++)
        if (strcmp(w->era->kernels[i].release, e->kernel_release) == 0)
            options.kernel = &w->era->kernels[i];
    int r = tree_scan(root, BUILD_TIME, &tree, err);
    if (r == 0)
        r = initrd_make(tree, &options, &initrd, err);
    const struct boot_file file = {
        .path = e->initrd, .bytes = initrd.bytes, .size = initrd.size, .mode = 0600};
    if (r == 0)
        r = boot_file_write(root, &file, err);
    initrd_done(&initrd);
    return r;
}

static int prepare(int root, const struct boot_world *w, struct err *err)
{
    auto_cleanup(boot_files_free) struct boot_files *files = NULL;
    int r = boot_prepare(root, w->plan, w->layout, w->era, NULL, err);
    if (r == 0)
        r = boot_files_make(w->plan, w->layout, w->era, &files, err);
    for (size_t i = 0; r == 0 && i < files->n; i++)
        r = boot_file_write(root, &files->v[i], err);
    for (size_t i = 0; r == 0 && i < w->plan->n; i++)
        r = write_initrd(root, w, &w->plan->entries[i], err);
    return r;
}

static int write_file_systems(
    const struct boot_world *w, const struct tree *tree, const char *disk, struct err *err)
{
    const char *mountpoints[] = {w->plan->boot_part != w->plan->root_part ? "/boot" : NULL, NULL};
    int r = 0;
    for (size_t i = 0; r == 0 && i < w->layout->n; i++) {
        const struct layout_part *p = &w->layout->parts[i];
        struct filesystem_options options = {0};
        if (p->kind != LAYOUT_FILESYSTEM)
            continue;
        filesystem_options_by_era(w->era, p, &options);
        options.time = BUILD_TIME;
        r = filesystem_write(tree, p->mountpoint, mountpoints, &options, disk, p->start_bytes,
            p->size_bytes, NULL, err);
    }
    return r;
}

static int write_disk(int root, const struct boot_world *w, const char *path, struct err *err)
{
    auto_cleanup(tree_free) struct tree *tree = NULL;
    int r = prepare(root, w, err);
    if (r == 0)
        r = tree_scan(root, BUILD_TIME, &tree, err);
    if (r == 0)
        r = write_file_systems(w, tree, path, err);
    auto_close int disk = r < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (r == 0 && disk < 0)
        r = err_errno(err, "cannot open '%s'", path);
    return r < 0 ? r : boot_embed(disk, w->plan, w->layout, w->era, tree, err);
}

static int make_table(const struct boot_world *w, const char *path, struct err *err)
{
    auto_close int disk = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (disk < 0 || ftruncate(disk, (off_t)w->layout->disk_bytes) < 0)
        return err_errno(err, "cannot make '%s'", path);
    print_table(w->layout);
    return 0;
}

static int run(char **argv, struct boot_world *world, struct err *err)
{
    struct boot_options options = {0};
    struct era *era = NULL;
    int r = boot_target_parse(argv[4], &options.target, err);
    if (r == 0 && strcmp(argv[1], "write") == 0)
        r = sandbox_enter(err);
    auto_close int root = r < 0 ? -1 : open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r == 0 && root < 0)
        r = err_errno(err, "cannot open '%s'", argv[2]);
    if (r == 0)
        r = era_detect(root, &era, err);
    if (r == 0)
        r = boot_world_make(world, argv[3], era, &options, err);
    if (r < 0)
        return r;
    return strcmp(argv[1], "write") == 0 ? write_disk(root, world, argv[5], err)
                                         : make_table(world, argv[5], err);
}

int main(int argc, char **argv)
{
    struct boot_world world = {0};
    struct err err = {0};
    if (argc != 6)
        return 2;
    int r = run(argv, &world, &err);
    if (r < 0)
        fprintf(stderr, "%s%s%s\n", err.message, err.hint ? "; " : "", err.hint ? err.hint : "");
    boot_world_done(&world);
    err_done(&err);
    return r < 0 ? 1 : 0;
}
