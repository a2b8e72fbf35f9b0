#include <linux/magic.h>

#include "init.h"
#include "system.h"

/* Free the memory of the initramfs. 'dir' is closed. Never leaves its file system. */
static void empty_directory(int dir, uint64_t device, unsigned depth)
{
    _Alignas(uint64_t) char buffer[1024];
    bool removed = true;
    while (removed) { /* offsets are not kept when names go away, so begin again */
        long n;
        removed = false;
        (void)sys_seek(dir, 0, 0);
        while ((n = sys_directory(dir, buffer, sizeof buffer)) > 0)
            for (long at = 0; at < n;) {
                uint16_t size = *(const uint16_t *)(const void *)(buffer + at + 16);
                const char *name = buffer + at + 19;
                struct system_stat st;
                at += size;
                if (text_same(name, ".") || text_same(name, "..") ||
                    sys_stat_at(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
                    continue;
                bool is_directory = (st.st_mode & S_IFMT) == S_IFDIR;
                long child = is_directory && depth < 16
                                 ? sys_open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                                 : -1;
                if (child >= 0)
                    empty_directory((int)child, device, depth + 1);
                if (sys_unlink_at(dir, name, is_directory ? AT_REMOVEDIR : 0) == 0)
                    removed = true;
            }
    }
    sys_close(dir);
}

static void empty_initramfs(void)
{
    struct statfs fs;
    struct system_stat st;
    long dir = sys_open("/", O_RDONLY | O_DIRECTORY);
    if (dir < 0 || sys_statfs("/", &fs) < 0 || sys_stat_at(AT_FDCWD, "/", &st, 0) < 0)
        return;
    /* Anything else is no initramfs but somebody's disk. */
    if ((unsigned long)fs.f_type != RAMFS_MAGIC && (unsigned long)fs.f_type != TMPFS_MAGIC)
        return;
    empty_directory((int)dir, st.st_dev, 0);
}

static void move_mount(const char *from, const char *to)
{
    /* The new root has no such directory: don't leave it mounted in the old one. */
    if (sys_mount(from, to, NULL, MS_MOVE, NULL) < 0)
        (void)sys_unmount(from, 2 /* MNT_DETACH */);
}

/* The system's own console node may be another than the one we were started with. */
static void reopen_console(void)
{
    long fd = sys_open("/dev/console", O_RDWR);
    if (fd < 0)
        return;
    for (int i = 0; i < 3; i++)
        if (fd != i)
            (void)sys_duplicate((int)fd, i);
    if (fd > 2)
        sys_close((int)fd);
}

static void try_init(struct init *init, const char *path, char **argv, char **environment)
{
    static char *const fallback[] = {
        (char *)(uintptr_t) "HOME=/", (char *)(uintptr_t) "TERM=linux", NULL};
    /* 'execve' does not write through argv; its prototype is older than const. */
    argv[0] = (char *)(uintptr_t)path;
    long r = sys_execute(path, argv, environment[0] ? environment : fallback);
    if (r != -ENOENT || text_same(path, init->options.init))
        complain("cannot run %s: %s, error %d", path, error_name(r), (int)-r);
}

void switch_to_root(struct init *init, char **argv, char **environment)
{
    static const char *const usual[] = {"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};
    move_mount("/dev", INIT_NEW_ROOT "/dev");
    move_mount("/sys", INIT_NEW_ROOT "/sys");
    say(init, "starting %s", init->options.init[0] ? init->options.init : usual[0]);
    move_mount("/proc", INIT_NEW_ROOT "/proc");
    empty_initramfs();
    long r = sys_chdir(INIT_NEW_ROOT);
    if (r >= 0)
        r = sys_mount(".", "/", NULL, MS_MOVE, NULL);
    if (r >= 0)
        r = sys_chroot(".");
    if (r >= 0)
        r = sys_chdir("/");
    if (r < 0)
        fail(
            "cannot make the root device the root directory: %s, error %d", error_name(r), (int)-r);
    reopen_console();
    if (init->options.init[0])
        try_init(init, init->options.init, argv, environment);
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        try_init(init, usual[i], argv, environment);
    fail("cannot start the system: none of %s %s %s %s %s can be run on the root device",
        init->options.init, usual[0], usual[1], usual[2], usual[3]);
}
