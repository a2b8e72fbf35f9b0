#include "configure/stand-ins.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "configure/root-files.h"

#define STAND_IN_PATH "/.slipway-stand-in"

/* Labels can't be set here; the plan has seen to it that the first boot does. */
static const char script[] =
    "#!/bin/sh\n"
    "name=${0##*/}\n"
    "case $name in\n"
    "fixfiles | restorecon | setfiles)\n"
    "    echo \"'$name${*:+ $*}' does nothing here: the first boot labels all files\" ;;\n"
    "fstrim)\n"
    "    echo \"'$name${*:+ $*}' does nothing here: the image has no used-up free space\" ;;\n"
    "*mkconfig | update-grub*)\n"
    "    echo \"" STAND_IN_MARK "'$name${*:+ $*}' does nothing here: kernel arguments go to"
    " 'bootloader --append'\" ;;\n"
    "*)\n"
    "    echo \"" STAND_IN_MARK "'$name${*:+ $*}' does nothing here: the disk is made bootable"
    " without it\" ;;\n"
    "esac\n";

static const char *const names[] = {"grub2-install", "grub-install", "grub2-bios-setup",
    "grub-bios-setup", "grub2-mkconfig", "grub-mkconfig", "update-grub", "update-grub2", "extlinux",
    "lilo", "efibootmgr", "zipl", "fixfiles", "restorecon", "setfiles", "fstrim"};

static bool is_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* A mount can't be put on a symlink, so the file behind it is covered: unless that is some other
 * tool, too, like busybox. */
static void cover(int root, const char *top, const char *path, struct stand_ins *tools)
{
    auto_close int fd = file_open_in(root, path, O_PATH, 0);
    auto_free char *real = fd < 0 ? NULL : root_path_of(fd);
    size_t n = strlen(top);
    if (!real || strncmp(real, top, n) != 0 || real[n] != '/' || !is_known(strrchr(real, '/') + 1))
        return;
    for (size_t i = 0; i < tools->n_binds; i++)
        if (strcmp(tools->binds[i].target, real + n) == 0)
            return;
    struct sandbox_bind *bind = arena_push(tools->arena, tools->binds, tools->n_binds);
    *bind = (struct sandbox_bind){.source = arena_printf(tools->arena, "%s" STAND_IN_PATH, top),
        .target = arena_strdup(tools->arena, real + n)};
}

int stand_ins_make(int root, struct stand_ins *ret_tools, struct err *err)
{
    static const char *const directories[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
    auto_free char *top = root_path_of(root);
    if (!top)
        return err_errno(err, "cannot find the path of the root");
    int r = root_remove(root, STAND_IN_PATH, err);
    if (r == 0)
        r = root_write(root, STAND_IN_PATH, script, 0755, err);
    if (r < 0)
        return r;
    struct stand_ins tools = {.arena = arena_new()};
    for (size_t i = 0; i < ARRAY_SIZE(names) * ARRAY_SIZE(directories); i++) {
        auto_free char *path = xprintf(
            "%s/%s", directories[i % ARRAY_SIZE(directories)], names[i / ARRAY_SIZE(directories)]);
        cover(root, top, path, &tools);
    }
    *ret_tools = tools;
    return 0;
}

int stand_ins_remove(int root, struct stand_ins *tools, struct err *err)
{
    arena_free(tools->arena);
    *tools = (struct stand_ins){0};
    return root_remove(root, STAND_IN_PATH, err);
}
