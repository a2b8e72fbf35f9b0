/* GRUB 2 on a BIOS: its core image made by its own tool, modules beside it, both into place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "boot/internal.h"
#include "sandbox/sandbox.h"

#define MODULE_MAX ((size_t)8 << 20)
#define MKIMAGE_SECONDS 120

static const char *table_name(const struct layout *layout)
{
    return layout->label == LABEL_GPT ? "gpt" : "msdos";
}

static const struct layout_part *biosboot_of(const struct layout *layout)
{
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].kind == LAYOUT_BIOSBOOT)
            return &layout->parts[i];
    return NULL;
}

static int copy_file(int root, const char *from_directory, const char *to_directory,
    const char *name, struct err *err)
{
    auto_free char *from = xprintf("%s/%s", from_directory, name);
    auto_free char *to = xprintf("%s/%s", to_directory, name);
    auto_free char *bytes = NULL;
    struct boot_file file = {.path = to, .mode = 0644};
    int r = file_read_in(root, from, MODULE_MAX, &bytes, &file.size);
    if (r < 0)
        return err_code(err, r, "cannot read '%s' of the installed GRUB", from);
    file.bytes = (uint8_t *)bytes;
    return boot_file_write(root, &file, err);
}

static bool is_wanted(const char *name)
{
    return str_ends(name, ".mod") || str_ends(name, ".lst") || strcmp(name, "boot.img") == 0;
}

/* As grub-install does, so that the loader needs nothing outside /boot. */
static int copy_modules(int root, const char *from, const char *to, struct err *err)
{
    int fd = file_open_in(root, from, O_RDONLY | O_DIRECTORY, 0);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        int code = fd < 0 ? fd : -errno;
        if (fd >= 0)
            close(fd);
        return err_code(err, code, "cannot read '%s' of the installed GRUB", from);
    }
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(directory));)
        if (is_wanted(e->d_name))
            r = copy_file(root, from, to, e->d_name, err);
    closedir(directory);
    return r;
}

/* What the core image does first: find /boot by its file system, wherever that disk is now. */
static int write_early_config(int root, const char *path, const struct boot_plan *plan,
    const struct layout *layout, const char *prefix, struct err *err)
{
    char uuid[37];
    auto_free char *path_copy = xstrdup(path);
    digest_uuid_text(plan->boot_part->uuid, uuid);
    auto_free char *text = xprintf("search.fs_uuid %s root hd0,%s%u\nset prefix=($root)%s\n", uuid,
        table_name(layout), plan->boot_part->number, prefix);
    const struct boot_file file = {
        .path = path_copy, .bytes = (uint8_t *)text, .size = strlen(text), .mode = 0644};
    return boot_file_write(root, &file, err);
}

static int run_mkimage(int root, const char *const *argv, const char *core, struct err *err)
{
    struct sandbox_result result = {0};
    const struct sandbox_command command = {.argv = argv, .timeout_seconds = MKIMAGE_SECONDS};
    int r = sandbox_run(root, &command, &result, err);
    if (r < 0)
        return err_wrap(err, r, "cannot run '%s' in the root", argv[0]);
    if (result.timed_out)
        r = err_set(
            err, ERR_SCRIPT, -ETIMEDOUT, "'%s' did not end in %d s", argv[0], MKIMAGE_SECONDS);
    else if (result.status)
        r = err_set(err, ERR_SCRIPT, -EIO, "'%s' failed with status %d: %s", argv[0], result.status,
            result.output ? result.output : "");
    else if (file_exists_in(root, core) != 1)
        r = err_set(err, ERR_SCRIPT, -ENOENT, "'%s' ended well but made no '%s'", argv[0], core);
    sandbox_result_done(&result);
    return r;
}

/* 'directory' is where modules and core image go: /boot/grub2/i386-pc. */
static int make_core(int root, const char *directory, const struct boot_plan *plan,
    const struct layout *layout, const struct era *era, struct err *err)
{
    const char *prefix = boot_loader_path(plan, era->grub2_directory);
    auto_free char *config = xprintf("%s/load.cfg", directory);
    auto_free char *core = xprintf("%s/core.img", directory);
    /* Should the search fail, the disk that the BIOS started is tried. */
    auto_free char *fallback =
        xprintf("(,%s%u)%s", table_name(layout), plan->boot_part->number, prefix);
    auto_free char *part_module = xprintf("part_%s", table_name(layout));
    const char *const argv[] = {era->grub2_mkimage, "-O", "i386-pc", "-d", era->grub2_modules, "-o",
        core, "-p", fallback, "-c", config, "biosdisk", part_module,
        boot_grub2_fs_module(plan->boot_part->fstype), "search_fs_uuid", NULL};
    int r = write_early_config(root, config, plan, layout, prefix, err);
    return r < 0 ? r : run_mkimage(root, argv, core, err);
}

int boot_grub2_prepare(int root, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, struct progress *progress, struct err *err)
{
    auto_free char *directory = xprintf("%s/i386-pc", era->grub2_directory);
    progress_begin(progress, "making the boot loader", PROGRESS_COUNT, 2);
    int r = copy_modules(root, era->grub2_modules, directory, err);
    progress_advance(progress, 1, "core.img");
    if (r == 0)
        r = make_core(root, directory, plan, layout, era, err);
    if (r == 0)
        progress_advance(progress, 2, NULL);
    progress_end(progress);
    return r;
}

static int write_core(
    int disk, const struct layout *layout, const uint8_t *core, size_t size, struct err *err)
{
    const struct layout_part *biosboot = biosboot_of(layout);
    if (layout->label != LABEL_GPT)
        return boot_write_behind_mbr(disk, layout, "GRUB 2's core image", core, size, err);
    if (!biosboot || size > biosboot->size_bytes) {
        (void)err_set(err, ERR_CHECK, -ENOSPC,
            "GRUB 2's core image of %zu bytes does not fit into the BIOS boot partition", size);
        return err_hint(err, "write 'part biosboot --fstype=biosboot --size=2'");
    }
    int r = file_pwrite_all(disk, core, size, biosboot->start_bytes);
    return r < 0 ? err_code(err, r, "cannot write the BIOS boot partition") : 0;
}

int boot_grub2_embed(int disk, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, const struct tree *tree, struct err *err)
{
    (void)plan;
    auto_free char *boot_path = xprintf("%s/i386-pc/boot.img", era->grub2_directory);
    auto_free char *core_path = xprintf("%s/i386-pc/core.img", era->grub2_directory);
    const struct layout_part *biosboot = biosboot_of(layout);
    uint64_t core_lba =
        layout->label == LABEL_GPT && biosboot ? biosboot->start_bytes / BOOT_SECTOR_BYTES : 1;
    uint8_t image[BOOT_SECTOR_BYTES];
    auto_free uint8_t *core = NULL;
    size_t size = 0;
    int r = boot_read_sector(tree, boot_path, image, err);
    if (r == 0)
        r = boot_grub2_patch_boot(image, core_lba, err);
    if (r == 0)
        r = boot_read_tree(tree, core_path, &core, &size, err);
    if (r == 0)
        r = boot_grub2_patch_core(core, size, core_lba, err);
    if (r == 0)
        r = write_core(disk, layout, core, size, err);
    return r < 0 ? r : boot_write_mbr(disk, image, err);
}
