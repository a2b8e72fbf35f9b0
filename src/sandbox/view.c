#include "sandbox/view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"

#define MOUNT_STRICT (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct mount_option {
    const char *key, *value;
};

/* A new file system of this type, not yet attached. A descriptor, or negative errno. */
static int make_mount(
    const char *type, const struct mount_option *options, size_t n, unsigned attributes)
{
    auto_close int context = fsopen(type, FSOPEN_CLOEXEC);
    if (context < 0)
        return -errno;
    for (size_t i = 0; i < n; i++)
        if (fsconfig(context, FSCONFIG_SET_STRING, options[i].key, options[i].value, 0) < 0)
            return -errno;
    if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    int made = fsmount(context, FSMOUNT_CLOEXEC, attributes);
    return made < 0 ? -errno : made;
}

/* A directory of the root, itself and not what a symlink in its place points at. */
static int open_directory(int root, const char *name, struct err *err)
{
    if (mkdirat(root, name, 0755) < 0 && errno != EEXIST)
        return err_errno(err, "cannot make '/%s' in the root", name);
    int fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_errno(err, "'/%s' in the root is not a directory", name) : fd;
}

/* Attach the mount 'made' (or pass its error on) to a directory; returns it. */
static int attach(int made, int directory, const char *name, struct err *err)
{
    if (made >= 0 &&
        move_mount(made, "", directory, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
        return made;
    int code = made < 0 ? made : -errno;
    if (made >= 0)
        close(made);
    return err_code(err, code, "cannot mount '/%s' for the image's programs", name);
}

static int mount_over(int root, const char *name, const char *type,
    const struct mount_option *options, size_t n, unsigned attributes, struct err *err)
{
    auto_close int directory = open_directory(root, name, err);
    if (directory < 0)
        return err->code;
    return attach(make_mount(type, options, n, attributes), directory, name, err);
}

/* Bind one of the machine's device nodes: in a user namespace none can be made. A read-only mount
 * still lets one write to the device, but not change its owner, mode or times on this machine. */
static int bind_device(int dev, const char *name, struct err *err)
{
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    auto_free char *source = xprintf("/dev/%s", name);
    auto_close int node = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    auto_close int place = openat(dev, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (node < 0 || place < 0 ||
        mount_setattr(node, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0 ||
        move_mount(node, "", dev, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_errno(err, "cannot show '%s' to the image's programs", source);
    return 0;
}

static int make_links(int dev)
{
    static const char *const links[][2] = {{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"},
        {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"}};
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        if (symlinkat(links[i][1], dev, links[i][0]) < 0)
            return -errno;
    return mkdirat(dev, "shm", 0777) < 0 || fchmodat(dev, "shm", 01777, 0) < 0 ? -errno : 0;
}

static int make_dev(int root, struct err *err)
{
    static const struct mount_option dev_options[] = {{"mode", "0755"}, {"size", "16m"}};
    static const struct mount_option pts_options[] = {
        {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}};
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
    auto_close int dev = mount_over(
        root, "dev", "tmpfs", dev_options, ARRAY_SIZE(dev_options), MOUNT_ATTR_NOSUID, err);
    if (dev < 0)
        return err->code;
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
        if (bind_device(dev, devices[i], err) < 0)
            return err->code;
    auto_close int pts = mount_over(dev, "pts", "devpts", pts_options, ARRAY_SIZE(pts_options),
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
    int r = pts < 0 ? err->code : make_links(dev);
    return r < 0 && pts >= 0 ? err_code(err, r, "cannot make '/dev' for the image's programs") : r;
}

/* A part of /proc that must not be written: the build's uid 0 may be the machine's. */
static int make_readonly(int proc, const char *name)
{
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    auto_close int part = open_tree(proc, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (part < 0)
        return errno == ENOENT ? 0 : -errno;
    if (mount_setattr(part, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
        return -errno;
    return move_mount(part, "", proc, name, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

static int make_proc(int root, struct err *err)
{
    static const char *const readonly[] = {"sys", "sysrq-trigger", "irq", "bus", "fs", "acpi",
        "driver", "dynamic_debug", "latency_stats", "mtrr", "pressure", "scsi", "slabinfo", "tty"};
    auto_close int proc = mount_over(root, "proc", "proc", NULL, 0, MOUNT_STRICT, err);
    if (proc < 0)
        return err_hint(err, "in a container, start it with an unmasked /proc (for podman and "
                             "docker: --security-opt systempaths=unconfined)");
    for (size_t i = 0; i < ARRAY_SIZE(readonly); i++) {
        int r = make_readonly(proc, readonly[i]);
        if (r < 0)
            return err_code(err, r, "cannot make '/proc/%s' read-only", readonly[i]);
    }
    return 0;
}

static int make_sys(int root, struct err *err)
{
    static const struct mount_option options[] = {{"mode", "0555"}, {"size", "64k"}};
    int made = mount_over(
        root, "sys", "tmpfs", options, ARRAY_SIZE(options), MOUNT_STRICT | MOUNT_ATTR_RDONLY, err);
    return made < 0 ? made : (close(made), 0);
}

/* Where a bind goes: made when absent, as what the source is. */
static int open_target(int root, const char *path, bool is_directory)
{
    const char *name = NULL;
    auto_close int parent = file_open_parent_in(root, path, &name);
    if (parent < 0)
        return parent;
    if (is_directory && mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
        return -errno;
    if (!is_directory) {
        auto_close int made = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
        if (made < 0 && errno != EEXIST)
            return -errno;
    }
    int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int make_bind(int root, const struct sandbox_bind *bind, struct err *err)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                                (bind->writable ? 0 : MOUNT_ATTR_RDONLY)};
    struct stat st;
    auto_close int source =
        open_tree(AT_FDCWD, bind->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (source < 0 || fstat(source, &st) < 0)
        return err_errno(err, "cannot open '%s'", bind->source);
    auto_close int target = open_target(root, bind->target, S_ISDIR(st.st_mode));
    if (target < 0)
        return err_code(err, target, "cannot make '%s' in the root", bind->target);
    if (mount_setattr(source, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) <
            0 ||
        move_mount(source, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return err_errno(err, "cannot show '%s' to the image's programs", bind->source);
    return 0;
}

/* The root directory as a mount of its own, attached over itself. */
static int make_root_mount(int root, struct err *err)
{
    auto_close int tree = open_tree(root, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 ||
        move_mount(tree, "", root, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return err_errno(err, "cannot mount the root directory");
    return steal_fd(&tree);
}

static int make_it_slash(int tree, struct err *err)
{
    /* The old root ends up over the new one and is taken away there; see pivot_root(2). */
    if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return err_errno(err, "cannot make the root directory '/' of a process");
    return 0;
}

int view_enter_bare(int root, struct err *err)
{
    auto_close int tree = make_root_mount(root, err);
    return tree < 0 ? err->code : make_it_slash(tree, err);
}

int view_enter(int root, const struct sandbox_bind *binds, size_t n_binds, struct err *err)
{
    auto_close int tree = make_root_mount(root, err);
    int r = tree < 0 ? err->code : make_dev(tree, err);
    if (r == 0)
        r = make_proc(tree, err);
    if (r == 0)
        r = make_sys(tree, err);
    for (size_t i = 0; r == 0 && i < n_binds; i++)
        r = make_bind(tree, &binds[i], err);
    return r < 0 ? r : make_it_slash(tree, err);
}
