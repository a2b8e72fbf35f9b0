#include "init.h"
#include "system.h"

long read_file(const char *path, char *ret, size_t size)
{
    size_t used = 0;
    long fd = sys_open(path, O_RDONLY);
    ret[0] = 0;
    if (fd < 0)
        return fd;
    while (used + 1 < size) {
        long n = sys_read((int)fd, ret + used, size - 1 - used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    ret[used] = 0;
    sys_close((int)fd);
    return (long)used;
}

struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

void each_name(const char *path, void (*each)(struct init *, const char *path, const char *name),
    struct init *init)
{
    _Alignas(struct entry) char buffer[2048];
    long n, fd = sys_open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return;
    while ((n = sys_directory((int)fd, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < n;) {
            const struct entry *entry = (const struct entry *)(const void *)(buffer + at);
            if (!text_same(entry->name, ".") && !text_same(entry->name, ".."))
                each(init, path, entry->name);
            at += entry->size;
        }
    sys_close((int)fd);
}

static void make_node(const char *path, unsigned mode, unsigned major, unsigned minor)
{
    long r = sys_mknod(path, S_IFCHR | mode, major, minor);
    if (r < 0 && r != -EEXIST)
        complain("cannot make %s: %s", path, error_name(r));
}

/* A device of /sys/class/tty or misc: its number is in the file 'dev'. */
static void make_class_node(struct init *init, const char *class, const char *name)
{
    struct line path = {0}, node = {0};
    char text[32];
    unsigned major, minor;
    (void)init;
    line_add(&path, "%s/%s/dev", class, name);
    line_add(&node, "/dev/%s", name);
    if (read_file(path.s, text, sizeof text) > 0 && options_number(text, &major, &minor))
        (void)sys_mknod(node.s, S_IFCHR | 0600, major, minor);
}

/* Kernels before 2.6.32 don't fill /dev themselves. */
static void make_static_dev(void)
{
    long r = sys_mount("none", "/dev", "tmpfs", MS_NOSUID, "mode=0755");
    if (r < 0)
        complain("cannot mount a tmpfs on /dev: %s", error_name(r));
    make_node("/dev/console", 0600, 5, 1);
    make_node("/dev/null", 0666, 1, 3);
    make_node("/dev/zero", 0666, 1, 5);
    make_node("/dev/full", 0666, 1, 7);
    make_node("/dev/random", 0666, 1, 8);
    make_node("/dev/urandom", 0666, 1, 9);
    make_node("/dev/kmsg", 0600, 1, 11);
    make_node("/dev/tty", 0666, 5, 0);
    make_node("/dev/ptmx", 0666, 5, 2);
    each_name("/sys/class/tty", make_class_node, NULL);
    each_name("/sys/class/misc", make_class_node, NULL);
}

void mount_kernel_filesystems(void)
{
    static const char *const directories[] = {"/proc", "/sys", "/dev", INIT_NEW_ROOT};
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        (void)sys_mkdir(directories[i], 0755);
    long r = sys_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    if (r < 0)
        complain("cannot mount /proc: %s", error_name(r));
    r = sys_mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    if (r < 0)
        complain("cannot mount /sys: %s", error_name(r));
    if (sys_mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755") < 0)
        make_static_dev();
}
