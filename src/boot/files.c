#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "boot/internal.h"

#define MODE_PUBLIC 0644
#define MODE_SECRET 0600 /* with a password in it */

/* 'text' is taken over. */
static void add_text(struct boot_files *files, const char *path, uint32_t mode, char *text)
{
    struct boot_file *file = arena_push(files->arena, files->v, files->n);
    file->path = arena_strdup(files->arena, path);
    file->size = strlen(text);
    file->bytes = arena_dup(files->arena, text, file->size + 1);
    file->mode = mode;
    free(text);
}

static void add_link(struct boot_files *files, const char *path, const char *target)
{
    struct boot_file *file = arena_push(files->arena, files->v, files->n);
    file->path = arena_strdup(files->arena, path);
    file->mode = 0777;
    file->link_target = arena_strdup(files->arena, target);
}

/* Red Hat's GRUB 0.97 has its menu in grub.conf, and links by the other names. */
static bool is_redhat_menu(const struct era *era)
{
    bool is_debian =
        era->os_id && (strcmp(era->os_id, "debian") == 0 || strcmp(era->os_id, "ubuntu") == 0);
    return !is_debian && !era->has_grub2;
}

static void add_menu(struct boot_files *files, const struct boot_plan *plan,
    const struct layout *layout, const struct era *era)
{
    uint32_t mode = plan->password ? MODE_SECRET : MODE_PUBLIC;
    if (is_redhat_menu(era)) {
        add_text(files, "/boot/grub/grub.conf", mode, boot_menu_lst(plan, layout));
        add_link(files, "/boot/grub/menu.lst", "./grub.conf");
        add_link(files, "/etc/grub.conf", "../boot/grub/grub.conf");
    } else {
        add_text(files, "/boot/grub/menu.lst", mode, boot_menu_lst(plan, layout));
    }
    /* PV-GRUB wants /boot/grub/menu.lst on the first partition, also where that is /boot. */
    if (boot_has_own_partition(plan))
        add_link(files, "/boot/boot", ".");
}

static void add_bls(struct boot_files *files, const struct boot_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct boot_entry *e = &plan->entries[i];
        auto_free char *path = xprintf("/boot/loader/entries/slipway-%s.conf", e->kernel_release);
        add_text(files, path, MODE_PUBLIC, boot_bls_entry(plan, e));
    }
    /* kernel-install makes the entries of later kernels from it. */
    add_text(
        files, "/etc/kernel/cmdline", MODE_PUBLIC, xprintf("%s\n", plan->entries[0].arguments));
}

static void add_grub2(struct boot_files *files, const struct boot_plan *plan,
    const struct layout *layout, const struct era *era)
{
    auto_free char *config = xprintf("%s/grub.cfg", era->grub2_directory);
    auto_free char *environment = xprintf("%s/grubenv", era->grub2_directory);
    add_text(files, config, plan->password ? MODE_SECRET : MODE_PUBLIC,
        boot_grub_cfg(plan, layout, era));
    add_text(files, environment, MODE_PUBLIC, boot_grub_environment(plan, era));
    add_text(files, "/etc/default/grub", MODE_PUBLIC, boot_default_grub(plan, era));
    if (str_ends(era->grub2_directory, "grub2"))
        add_link(files, "/etc/grub2.cfg", "../boot/grub2/grub.cfg");
    if (era->has_bls)
        add_bls(files, plan);
}

int boot_files_make(const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, struct boot_files **ret_files, struct err *err)
{
    (void)err; /* nothing can fail here today; callers need not know */
    struct arena *arena = arena_new();
    struct boot_files *files = arena_alloc(arena, sizeof *files);
    files->arena = arena;
    if (plan->pvgrub || plan->grub_legacy)
        add_menu(files, plan, layout, era);
    if (plan->grub2_bios)
        add_grub2(files, plan, layout, era);
    *ret_files = files;
    return 0;
}

void boot_files_free(struct boot_files *files)
{
    if (files)
        arena_free(files->arena);
}

/* What stands there, when it is a link or a file: a directory is not ours to remove. */
static int remove_old(int dir, const char *name)
{
    return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int write_file(int dir, const char *name, const struct boot_file *file)
{
    auto_close int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = file_write_all(fd, file->bytes, file->size);
    return r < 0 || fchmod(fd, file->mode) == 0 ? r : -errno;
}

int boot_file_write(int root, const struct boot_file *file, struct err *err)
{
    const char *name;
    auto_close int dir = file_open_parent_in(root, file->path, &name);
    int r = dir < 0 ? dir : remove_old(dir, name);
    if (r >= 0 && file->link_target)
        r = symlinkat(file->link_target, dir, name) < 0 ? -errno : 0;
    else if (r >= 0)
        r = write_file(dir, name, file);
    return r < 0 ? err_code(err, r, "cannot write '%s' in the root", file->path) : 0;
}
