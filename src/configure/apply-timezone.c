#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/nearest.h"
#include "configure/apply-parts.h"

#define ZONES "/usr/share/zoneinfo"
#define MAX_ZONE_BYTES ((size_t)1 << 20)

static bool is_zone_name(const char *name)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_/";
    return *name && *name != '/' && !name[strspn(name, letters)];
}

static void offer_zones(int root, struct strv *lines, struct nearest *nearest)
{
    struct err ignored = {0};
    if (root_read_lines(root, ZONES "/zone.tab", lines, &ignored) < 0)
        err_done(&ignored);
    for (size_t i = 0; i < lines->n; i++) {
        char *field = strchr(lines->v[i], '\t');
        field = field ? strchr(field + 1, '\t') : NULL;
        if (lines->v[i][0] == '#' || !field)
            continue;
        field++;
        field[strcspn(field, "\t")] = '\0';
        nearest_offer(nearest, field);
    }
}

static int unknown_zone(const struct applier *a, const char *name, struct err *err)
{
    auto_strv struct strv lines = {0};
    struct nearest nearest = nearest_to(name);
    offer_zones(a->root, &lines, &nearest);
    err_set(err, ERR_RECIPE, -EINVAL, "timezone: there is no time zone '%s'", name);
    if (nearest.best)
        return err_hint(err, "did you mean '%s'?", nearest.best);
    return err_hint(err, "write it as in " ZONES ", such as Europe/Paris");
}

static int copy_zone(const struct applier *a, const char *bytes, size_t size, struct err *err)
{
    struct stat st;
    /* A symlink would be followed, and the zone it names be overwritten. */
    int r = root_lstat(a->root, "/etc/localtime", &st, err);
    if (r > 0 && S_ISLNK(st.st_mode))
        r = root_remove(a->root, "/etc/localtime", err);
    if (r < 0)
        return r;
    r = file_write_in(a->root, "/etc/localtime", bytes, size, 0644);
    return r < 0 ? err_code(err, r, "cannot write '/etc/localtime' in the root") : 0;
}

int apply_timezone(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_free char *path = xprintf(ZONES "/%s", o->name), *bytes = NULL;
    size_t size = 0;
    if (!is_zone_name(o->name))
        return unknown_zone(a, o->name, err);
    if (!root_has(a->root, ZONES)) {
        apply_warn(a, o, "timezone: the clock shows UTC, because package tzdata is not installed");
        return 0;
    }
    int r = file_read_in(a->root, path, MAX_ZONE_BYTES, &bytes, &size);
    if (r < 0 || size < 4 || memcmp(bytes, "TZif", 4) != 0)
        return unknown_zone(a, o->name, err);
    if (a->era->init == INIT_SYSV || a->era->init == INIT_UPSTART)
        return copy_zone(a, bytes, size, err);
    auto_free char *target = xprintf("..%s", path);
    return root_symlink(a->root, "/etc/localtime", target, err);
}
