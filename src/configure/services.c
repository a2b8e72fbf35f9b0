#include <errno.h>
#include <string.h>

#include "configure/apply-parts.h"

int apply_service(const struct applier *a, const struct operation *o, struct err *err)
{
    bool on = o->kind == OP_ENABLE;
    int r = a->era->init == INIT_SYSTEMD ? systemd_service(a, o, on, err) : 0;
    if (r == 0)
        r = sysv_service(a, o->name, on, err);
    if (r == 0 && !o->optional)
        apply_warn(
            a, o, "services: there is no service '%s' to %s", o->name, on ? "enable" : "disable");
    return r < 0 ? r : 0;
}

int apply_mask(const struct applier *a, const struct operation *o, struct err *err)
{
    if (a->era->init != INIT_SYSTEMD)
        return sysv_service(a, o->name, false, err) < 0 ? err->code : 0;
    auto_free char *path =
        xprintf("/etc/systemd/system/%s%s", o->name, strchr(o->name, '.') ? "" : ".service");
    return root_symlink(a->root, path, "/dev/null", err);
}

static int set_initdefault(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_strv struct strv lines = {0};
    int r = root_read_lines(a->root, "/etc/inittab", &lines, err);
    bool found = false;
    if (r < 0)
        return r;
    for (size_t i = 0; i < lines.n; i++) {
        if (lines.v[i][0] == '#' || !strstr(lines.v[i], ":initdefault:"))
            continue;
        free(lines.v[i]);
        lines.v[i] = found ? xstrdup("#") : xprintf("id:%s:initdefault:", o->name);
        found = true;
    }
    if (r == 0) {
        apply_warn(a, o, "there is no '/etc/inittab' to set the runlevel in");
        return 0;
    }
    if (!found) {
        auto_free char *line = xprintf("id:%s:initdefault:", o->name);
        strv_add(&lines, line);
    }
    return root_write_lines(a->root, "/etc/inittab", &lines, ROOT_KEEP_MODE, err);
}

int apply_default_target(const struct applier *a, const struct operation *o, struct err *err)
{
    static const char *const directories[] = {
        "/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};
    if (a->era->init != INIT_SYSTEMD)
        return set_initdefault(a, o, err);
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        auto_free char *path = xprintf("%s/%s", directories[i], o->name);
        if (root_has(a->root, path))
            return root_symlink(a->root, "/etc/systemd/system/default.target", path, err);
    }
    apply_warn(a, o, "there is no unit '%s' to start by default", o->name);
    return 0;
}
