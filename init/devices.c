#include "init.h"
#include "system.h"

#define SYS_BLOCK "/sys/block"

static long read_sysfs(const char *path, const char *file, char *ret, size_t size)
{
    struct line line = {0};
    line_add(&line, "%s/%s", path, file);
    return read_file(line.s, ret, size);
}

/* The decimal number at the start of a sysfs file, as far as an unsigned long holds it. */
static unsigned long sysfs_number(const char *path, const char *file)
{
    char text[32];
    unsigned long value = 0;
    if (read_sysfs(path, file, text, sizeof text) <= 0)
        return 0;
    for (const char *p = text; *p >= '0' && *p <= '9'; p++)
        value = value * 10 + (unsigned long)(*p - '0');
    return value;
}

/* Kernels before 2.6.28 don't say a partition's number: it ends the name. */
static unsigned partition_number(const char *path, const char *name)
{
    unsigned long number = sysfs_number(path, "partition");
    if (number)
        return (unsigned)number;
    const char *digits = name + text_length(name);
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    long value = text_number(digits);
    return value > 0 ? (unsigned)value : 1;
}

void device_path(const struct device *device, char ret[64])
{
    struct line path = {0};
    line_add(&path, "/dev/%s", device->name);
    (void)text_copy(ret, 64, path.s);
    for (char *p = ret + 5; *p; p++)
        if (*p == '/') { /* cciss/c0d0 */
            *p = 0;
            (void)sys_mkdir(ret, 0755);
            *p = '/';
        }
    (void)sys_mknod(ret, S_IFBLK | 0660, device->major, device->minor);
}

static size_t read_start(const struct device *device, uint8_t *ret, size_t size)
{
    char path[64];
    size_t used = 0;
    device_path(device, path);
    long fd = sys_open(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return 0;
    while (used < size) {
        long n = sys_read((int)fd, ret + used, size - used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    sys_close((int)fd);
    return used;
}

static bool add_device(struct init *init, const char *path, const char *name, bool is_partition)
{
    static const char *const never_root[] = {"ram", "loop", "fd", "zram", "sr"};
    char number[32];
    struct device device = {0};
    for (size_t i = 0; i < sizeof never_root / sizeof never_root[0]; i++)
        if (text_starts(name, never_root[i]))
            return false;
    if (read_sysfs(path, "dev", number, sizeof number) <= 0 ||
        !options_number(number, &device.major, &device.minor) ||
        !text_copy(device.name, sizeof device.name, name) || init->n_devices == INIT_DEVICES)
        return false;
    for (char *p = device.name; *p; p++)
        if (*p == '!') /* sysfs writes a slash so */
            *p = '/';
    device.size_kib = sysfs_number(path, "size") / 2;
    if (!device.size_kib) /* an empty drive */
        return false;
    device.partition = is_partition ? partition_number(path, name) : 0;
    size_t size = read_start(&device, init->bytes, sizeof init->bytes);
    probe_filesystem(init->bytes, size, &device.holds);
    if (device.partition)
        probe_partition(init->table, init->table_size, device.partition, &device.table);
    init->devices[init->n_devices++] = device;
    return true;
}

static void scan_partition(struct init *init, const char *disk, const char *name)
{
    struct line path = {0};
    char start[32];
    line_add(&path, "%s/%s", disk, name);
    if (read_sysfs(path.s, "start", start, sizeof start) > 0)
        (void)add_device(init, path.s, name, true);
}

static void scan_disk(struct init *init, const char *block, const char *name)
{
    struct line path = {0};
    line_add(&path, "%s/%s", block, name);
    if (!add_device(init, path.s, name, false))
        return;
    const struct device *disk = &init->devices[init->n_devices - 1];
    init->table_size = read_start(disk, init->table, sizeof init->table);
    each_name(path.s, scan_partition, init);
}

void scan_devices(struct init *init)
{
    init->n_devices = 0;
    each_name(SYS_BLOCK, scan_disk, init);
}

static void describe(const struct device *device, struct line *line)
{
    unsigned long mib = device->size_kib / 1024;
    line_add(line, "%s (%lu %s, %s", device->name, mib ? mib : device->size_kib,
        mib ? "MiB" : "KiB", device->holds.type ? device->holds.type : "no file system known");
    if (device->holds.label[0])
        line_add(line, ", label '%s'", device->holds.label);
    if (device->holds.uuid[0])
        line_add(line, ", UUID %s", device->holds.uuid);
    if (device->table.uuid[0])
        line_add(line, ", PARTUUID %s", device->table.uuid);
    line_add(line, ")");
}

void describe_devices(const struct init *init, struct line *line)
{
    if (!init->n_devices)
        line_add(line, "no disk at all (is its driver in the initrd, and is one attached?)");
    for (unsigned i = 0; i < init->n_devices; i++) {
        line_add(line, "%s", i ? ", " : "");
        describe(&init->devices[i], line);
    }
}
