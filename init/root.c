#include "init.h"
#include "system.h"

static bool is_asked(const struct options *options, const struct device *device)
{
    switch (options->by) {
    case ROOT_LABEL:
        return text_same(device->holds.label, options->value);
    case ROOT_UUID:
        return text_same_any_case(device->holds.uuid, options->value);
    case ROOT_PARTUUID:
        return text_same_any_case(device->table.uuid, options->value);
    case ROOT_PARTLABEL:
        return text_same(device->table.label, options->value);
    case ROOT_NAME:
        return text_same(device->name, options->value);
    case ROOT_NUMBER:
        return device->major == options->major && device->minor == options->minor;
    case ROOT_NONE:
    case ROOT_UNKNOWN:
        break;
    }
    return false;
}

/* What is no file system can't be the root, whatever its label says. */
static bool is_mountable(const struct device *device)
{
    const char *type = device->holds.type;
    return !type || (!text_same(type, "swap") && !text_same(type, "jbd"));
}

static struct device *find_exact(struct init *init)
{
    struct device *found = NULL;
    for (unsigned i = 0; i < init->n_devices; i++) {
        struct device *device = &init->devices[i];
        if (!is_asked(&init->options, device) || !is_mountable(device))
            continue;
        if (found) {
            complain("%s is on %s and on %s too; taking the first", init->options.asked,
                found->name, device->name);
            return found;
        }
        found = device;
    }
    return found;
}

/* root=/dev/sda2 where the disk is called xvda, vda or nvme0n1: if there is just one such. */
static struct device *find_renamed(struct init *init)
{
    char names[OPTIONS_NAMES][32];
    struct device *found = NULL;
    unsigned n = 0;
    if (init->options.by == ROOT_NAME)
        n = options_other_names(init->options.value, names);
    for (unsigned i = 0; i < init->n_devices; i++)
        for (unsigned k = 0; k < n; k++) {
            if (!text_same(init->devices[i].name, names[k]))
                continue;
            if (found)
                return NULL;
            found = &init->devices[i];
        }
    if (found)
        complain("there is no %s here; taking %s, the only disk of that place", init->options.asked,
            found->name);
    return found;
}

static void check_question(const struct init *init)
{
    if (init->options.by == ROOT_NONE)
        fail("no root= on the kernel command line: '%s'", init->command_line);
    if (init->options.by == ROOT_UNKNOWN)
        fail("cannot understand root=%s; it can be UUID=, LABEL=, PARTUUID=, PARTLABEL=, "
             "/dev/NAME or MAJOR:MINOR",
            init->options.asked);
}

static void report_missing(struct init *init, struct line *line)
{
    line->used = 0;
    line_add(line,
        "cannot find the root device: looked for %s for %u s; there are: ", init->options.asked,
        init->options.wait_seconds);
    describe_devices(init, line);
}

struct device *find_root(struct init *init)
{
    unsigned waited_ms = 0, limit_ms = init->options.wait_seconds * 1000;
    bool reported = false;
    check_question(init);
    for (;;) {
        scan_devices(init);
        struct device *device = find_exact(init);
        /* The name asked for may come a little later than another of the same place. */
        if (!device && (waited_ms >= 1000 || waited_ms >= limit_ms))
            device = find_renamed(init);
        if (device)
            return device;
        if (waited_ms >= limit_ms && !reported) {
            report_missing(init, &init->line);
            if (!init->options.wait_forever)
                fail("%s", init->line.s);
            complain("%s; still waiting, as rootwait asks", init->line.s);
            reported = true;
        }
        if (!waited_ms)
            say(init, "waiting for %s", init->options.asked);
        unsigned step_ms = waited_ms < 1000 ? 50 : 250;
        sys_sleep_ms(step_ms);
        waited_ms += step_ms;
    }
}

/* Is 'type' a word of a line of /proc/filesystems? */
static bool kernel_has(const char *filesystems, const char *type)
{
    size_t n = text_length(type);
    for (const char *p = filesystems; *p; p++) {
        bool begins = p == filesystems || p[-1] == '\t' || p[-1] == '\n';
        if (begins && text_starts(p, type) && (p[n] == '\n' || !p[n]))
            return true;
    }
    return false;
}

/* Types to be tried, with commas: what rootfstype= says, else what was found and its successors,
 * as ext4's driver also serves ext3 and ext2. */
static const char *types_for(const struct init *init, const struct device *device)
{
    const char *type = device->holds.type;
    if (init->options.fstype[0])
        return init->options.fstype;
    if (!type)
        return "ext4,ext3,ext2,xfs,btrfs";
    if (text_same(type, "ext2"))
        return "ext2,ext3,ext4";
    return text_same(type, "ext3") ? "ext3,ext4" : type;
}

static long try_mount(struct init *init, const char *path, const char *type)
{
    const struct options *options = &init->options;
    long r = sys_mount(path, INIT_NEW_ROOT, type, options->flags, options->data);
    if (!r)
        say(init, "root is %s, %s, %s", path, type,
            options->flags & MS_RDONLY ? "read-only" : "writable");
    return r;
}

static void describe_failure(
    struct init *init, const char *path, const char *types, long code, const char *filesystems)
{
    struct line *line = &init->line;
    line->used = 0;
    line_add(line, "cannot mount the root device %s as %s", path, types);
    if (init->options.data[0])
        line_add(line, " with '%s'", init->options.data);
    if (code)
        line_add(line, ": %s, error %d", error_name(code), (int)-code);
    else
        line_add(line, ": this kernel has no driver for it loaded; it has: ");
    for (const char *p = filesystems; !code && *p; p++)
        if (*p == '\n')
            line_add(line, " ");
        else if (*p != '\t')
            line_add(line, "%c", *p);
    line_add(line, "; there are: ");
    describe_devices(init, line);
}

void mount_root(struct init *init, const struct device *device)
{
    char path[64], type[32], filesystems[2048];
    const char *types = types_for(init, device);
    long code = 0;
    device_path(device, path);
    (void)read_file("/proc/filesystems", filesystems, sizeof filesystems);
    for (const char *p = types; *p;) {
        size_t n = 0;
        for (; *p && *p != ','; p++)
            if (n + 1 < sizeof type)
                type[n++] = *p;
        type[n] = 0;
        p += *p == ',';
        if (!kernel_has(filesystems, type))
            continue;
        long r = try_mount(init, path, type);
        if (!r)
            return;
        code = code ? code : r;
    }
    describe_failure(init, path, types, code, filesystems);
    fail("%s", init->line.s);
}
