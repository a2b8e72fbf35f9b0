#include "init.h"
#include "system.h"

/* "/lib/modules/xen-blkfront.ko" -> "xen-blkfront" */
static void module_name(const char *path, char *ret, size_t size)
{
    const char *name = path;
    for (const char *p = path; *p; p++)
        if (*p == '/')
            name = p + 1;
    (void)text_copy(ret, size, name);
    for (char *p = ret; *p; p++)
        if (text_starts(p, ".ko"))
            *p = 0;
}

static long load_module(const struct init *init, const char *path, const char *name)
{
    char parameters[512];
    options_module_parameters(init->command_line, name, parameters, sizeof parameters);
    long fd = sys_open(path, O_RDONLY);
    if (fd < 0)
        return fd;
    long size = sys_seek((int)fd, 0, 2);
    long bytes = size > 0 ? sys_map_file((int)fd, (size_t)size) : -ENOEXEC;
    sys_close((int)fd);
    if (bytes < 0 && bytes > -4096)
        return bytes;
    long r = sys_init_module((const void *)bytes, (size_t)size, parameters);
    sys_unmap(bytes, (size_t)size);
    return r;
}

void load_modules(struct init *init)
{
    char list[8192], name[64];
    unsigned n = 0;
    if (read_file(INIT_MODULE_LIST, list, sizeof list) < 0)
        return;
    for (char *path = list; *path;) {
        char *end = path;
        while (*end && *end != '\n')
            end++;
        char *next = *end ? end + 1 : end;
        *end = 0;
        /* '-': wanted, not needed; hardware that isn't there is no news. */
        bool is_optional = *path == '-';
        path += is_optional;
        module_name(path, name, sizeof name);
        long r = *path ? load_module(init, path, name) : -EEXIST;
        if (!r)
            n++;
        else if (r != -EEXIST && !(is_optional && r == -ENODEV))
            complain("cannot load module %s: %s, error %d", name, error_name(r), (int)-r);
        if (init->options.debug)
            complain("module %s: %s", name, r ? error_name(r) : "loaded");
        path = next;
    }
    say(init, "%u modules loaded", n);
}
