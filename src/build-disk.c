#include <string.h>

#include "base/interrupt.h"
#include "build-stages.h"
#include "disk/disk.h"
#include "filesystem/filesystem.h"
#include "tree/tree.h"

/* Where other file systems are mounted, NULL-terminated; the caller frees the array only. */
static const char **mountpoints_of(const struct layout *layout)
{
    const char **list = xcalloc(layout->n + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].mountpoint && strcmp(layout->parts[i].mountpoint, "/") != 0)
            list[n++] = layout->parts[i].mountpoint;
    return list;
}

static struct filesystem_options options_for(const struct build *b, const struct layout_part *part)
{
    struct filesystem_options options = {0};
    filesystem_options_by_era(b->era, part, &options);
    options.time = b->time;
    if (b->boot_plan->pvgrub && part == b->boot_plan->boot_part)
        filesystem_options_for_grub_legacy(&options);
    return options;
}

static int refuse_apart(const struct layout_part *part, struct err *err)
{
    recipe_error(err, part->place,
        "part: '%s' holds /sbin/init of this system, and has to be on the root file system",
        part->mountpoint);
    return err_hint(err, "leave the line out, and make '/' larger");
}

/* The initramfs mounts the root and nothing else: init has to be there. */
static int check_init_is_on_root(const struct build *b, const struct tree *tree, struct err *err)
{
    const struct tree_node *init = tree_resolve(tree, "/sbin/init");
    const struct layout_part *part = init ? layout_part_for(b->layout, init->path) : NULL;
    return part && strcmp(part->mountpoint, "/") != 0 ? refuse_apart(part, err) : 0;
}

int build_check_filesystems(const struct build *b, struct err *err)
{
    /* Where there is systemd, /sbin is in /usr. */
    const struct layout_part *usr = layout_part_at(b->layout, "/usr");
    int r = usr && b->era->init == INIT_SYSTEMD ? refuse_apart(usr, err) : 0;
    for (size_t i = 0; r == 0 && i < b->layout->n; i++) {
        const struct layout_part *part = &b->layout->parts[i];
        if (part->kind != LAYOUT_FILESYSTEM)
            continue;
        struct filesystem_options options = options_for(b, part);
        r = filesystem_check_options(&options, part->size_bytes, err);
        if (r < 0)
            err_wrap(err, r, "%s:%u: part", part->place.file, part->place.line);
    }
    return r;
}

static int check_fit(const struct build *b, const struct tree *tree, const struct layout_part *part,
    const char *const *mountpoints, const struct filesystem_options *options, struct err *err)
{
    uint64_t needed = 0;
    int r = filesystem_minimum(tree, part->mountpoint, mountpoints, options, &needed, err);
    if (r < 0 || needed <= part->size_bytes)
        return r;
    unsigned long long mib = (needed + ((1 << 20) - 1)) >> 20;
    r = recipe_error(err, part->place, "part: the file system for '%s' needs %llu MiB and has %llu",
        part->mountpoint, mib, (unsigned long long)part->size_bytes >> 20);
    err_hint(err, "write --size=%llu or more%s", mib + mib / 10,
        b->request->layout_options.disk_bytes ? ", on a disk that is large enough" : "");
    return r;
}

static int write_part(struct build *b, const struct tree *tree, const struct disk *disk,
    const struct layout_part *part, const char *const *mountpoints, struct err *err)
{
    bool is_swap = part->kind == LAYOUT_SWAP;
    if (!is_swap && part->kind != LAYOUT_FILESYSTEM)
        return 0;
    struct filesystem_options options = options_for(b, part);
    const char *directory = is_swap ? "/" : part->mountpoint;
    int r = is_swap ? 0 : check_fit(b, tree, part, mountpoints, &options, err);
    if (r == 0)
        r = filesystem_write(tree, directory, mountpoints, &options, disk->path, part->start_bytes,
            part->size_bytes, b->progress, err);
    return r;
}

static int write_disk(struct build *b, const struct tree *tree, struct disk *disk, struct err *err)
{
    auto_free const char **mountpoints = mountpoints_of(b->layout);
    int r = disk_write_table(disk, b->layout, err);
    for (size_t i = 0; r == 0 && i < b->layout->n; i++)
        r = interrupt_pending() ? interrupt_error(err)
                                : write_part(b, tree, disk, &b->layout->parts[i], mountpoints, err);
    if (r == 0)
        r = boot_embed(disk->fd, b->boot_plan, b->layout, b->era, tree, err);
    return r < 0 ? r : disk_commit(disk, err);
}

int build_disk(struct build *b, int root, FILE *out, struct err *err)
{
    auto_cleanup(tree_free) struct tree *tree = NULL;
    auto_cleanup(disk_discard) struct disk *disk = NULL;
    int r = tree_scan(root, b->time, &tree, err);
    if (r < 0)
        return r;
    if (b->request->last == STAGE_TREE) {
        tree_print(tree, out);
        return 0;
    }
    r = check_init_is_on_root(b, tree, err);
    if (r == 0)
        r = disk_create(b->request->output, b->layout->disk_bytes, b->request->force, &disk, err);
    return r < 0 ? r : write_disk(b, tree, disk, err);
}
