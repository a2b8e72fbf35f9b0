#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "configure/parts.h"

/* How fstab(5) names a part: by the label when the recipe gave it one, else by its UUID. */
static char *device_of(const struct layout_part *part)
{
    char uuid[37];
    const uint8_t *u = part->uuid;
    if (part->label)
        return xprintf("LABEL=%s", part->label);
    if (strcmp(part->fstype, "vfat") == 0 || strcmp(part->fstype, "efi") == 0)
        return xprintf("UUID=%02X%02X-%02X%02X", u[3], u[2], u[1], u[0]);
    digest_uuid_text(u, uuid);
    return xprintf("UUID=%s", uuid);
}

/* fstab(5): spaces, tabs and backslashes in a field are octal. */
static void add_field(struct strbuf *b, const char *s, int width)
{
    size_t start = b->len;
    for (; *s; s++)
        if (*s == ' ' || *s == '\t' || *s == '\\')
            strbuf_printf(b, "\\%03o", (unsigned)(unsigned char)*s);
        else
            strbuf_putc(b, *s);
    do
        strbuf_putc(b, ' ');
    while (b->len - start < (size_t)width);
}

static void add_line(struct strbuf *b, const char *device, const char *mountpoint,
    const char *fstype, const char *options, const char *numbers)
{
    add_field(b, device, 41);
    add_field(b, mountpoint, 23);
    add_field(b, fstype, 7);
    add_field(b, options, 15);
    strbuf_printf(b, "%s\n", numbers);
}

/* Which of them fsck checks, and when: the root first. Others than ext and vfat check themselves.
 */
static const char *numbers_of(const struct layout_part *part)
{
    if (str_starts(part->fstype, "ext"))
        return strcmp(part->mountpoint, "/") == 0 ? "1 1" : "1 2";
    return str_starts(part->fstype, "vfat") || strcmp(part->fstype, "efi") == 0 ? "0 2" : "0 0";
}

static int compare_parts(const void *a, const void *b)
{
    const struct layout_part *x = *(const struct layout_part *const *)a,
                             *y = *(const struct layout_part *const *)b;
    if (!x->mountpoint || !y->mountpoint)
        return x->mountpoint ? -1 : y->mountpoint ? 1 : (x > y) - (x < y);
    return strcmp(x->mountpoint, y->mountpoint);
}

static void add_part(struct strbuf *b, const struct layout_part *part)
{
    auto_free char *device = device_of(part);
    if (part->kind == LAYOUT_SWAP)
        add_line(b, device, "swap", "swap", part->fsoptions, "0 0");
    else
        add_line(b, device, part->mountpoint,
            strcmp(part->fstype, "efi") == 0 ? "vfat" : part->fstype, part->fsoptions,
            numbers_of(part));
}

static void add_parts(struct strbuf *b, const struct layout *layout)
{
    auto_free const struct layout_part **parts = xcalloc(layout->n + 1, sizeof *parts);
    size_t n = 0;
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].kind == LAYOUT_SWAP ||
            (layout->parts[i].mountpoint && layout->parts[i].fstype))
            parts[n++] = &layout->parts[i];
    qsort(parts, n, sizeof *parts, compare_parts);
    for (size_t i = 0; i < n; i++)
        add_part(b, parts[i]);
}

static void plan_fstab(struct planner *p)
{
    auto_strbuf struct strbuf b = {0};
    add_parts(&b, p->layout);
    if (plan_is_old(p)) { /* systemd mounts these itself */
        add_line(&b, "devpts", "/dev/pts", "devpts", "gid=5,mode=620", "0 0");
        add_line(&b, "tmpfs", "/dev/shm", "tmpfs", "defaults", "0 0");
        add_line(&b, "proc", "/proc", "proc", "defaults", "0 0");
        add_line(&b, "sysfs", "/sys", "sysfs", "defaults", "0 0");
    }
    plan_write(p, "/etc/fstab", 0644, b.s ? b.s : "");
}

static void plan_mtab(struct planner *p)
{
    struct operation *o;
    if (plan_is_old(p)) {
        o = plan_write(p, "/etc/mtab", 0644, "");
    } else {
        o = plan_operation(p, OP_SYMLINK);
        o->path = plan_strdup(p, "/etc/mtab");
        o->text = plan_strdup(p, "../proc/self/mounts");
    }
    o->unless = plan_strdup(p, "/etc/mtab");
}

static void plan_node(
    struct planner *p, const char *name, unsigned major, unsigned minor, uint32_t mode)
{
    struct arena *arena = p->operations->arena;
    struct operation *o = plan_operation(p, OP_DEVICE);
    o->path = arena_printf(arena, "/dev/%s", name);
    o->text = arena_printf(arena, "c %u %u", major, minor);
    o->mode = mode;
}

/* Numbers: Documentation/admin-guide/devices.txt of the kernel. */
static void plan_console_node(struct planner *p, const char *console)
{
    unsigned number;
    char end;
    if (sscanf(console, "ttyS%u%c", &number, &end) == 1 && number < 32)
        plan_node(p, console, 4, 64 + number, 0620);
    else if (sscanf(console, "hvc%u%c", &number, &end) == 1 && number < 8)
        plan_node(p, console, 229, number, 0620);
    else if (strcmp(console, "xvc0") == 0)
        plan_node(p, console, 204, 191, 0620);
}

/* A kernel without devtmpfs opens /dev/console, and init its terminals, before udev is there. */
static void plan_static_dev(struct planner *p)
{
    static const struct {
        const char *name;
        unsigned major, minor;
        uint32_t mode;
    } nodes[] = {{"console", 5, 1, 0600}, {"null", 1, 3, 0666}, {"zero", 1, 5, 0666},
        {"full", 1, 7, 0666}, {"random", 1, 8, 0666}, {"urandom", 1, 9, 0666}, {"tty", 5, 0, 0666},
        {"ptmx", 5, 2, 0666}};
    static const char *const directories[] = {"/dev/pts", "/dev/shm"};
    if (!p->era->needs_static_dev)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
        plan_node(p, nodes[i].name, nodes[i].major, nodes[i].minor, nodes[i].mode);
    for (unsigned i = 0; i <= 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "tty%u", i);
        plan_node(p, name, 4, i, 0620);
    }
    if (p->options->console)
        plan_console_node(p, p->options->console);
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        struct operation *o = plan_operation(p, OP_DIRECTORY);
        o->path = plan_strdup(p, directories[i]);
        o->mode = 0755;
    }
}

void plan_storage(struct planner *p)
{
    p->place = plan_no_place();
    plan_fstab(p);
    plan_mtab(p);
    plan_static_dev(p);
}
