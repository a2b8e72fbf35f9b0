#include <inttypes.h>

#include "configure/accounts.h"

/* Lines are NAME:FIRST:COUNT, each user's range behind the highest there is. */
static int add_range(const struct applier *a, const char *path, const char *user,
    const char *min_key, const char *count_key, struct err *err)
{
    const char *defs = "/etc/login.defs";
    auto_strv struct strv lines = {0};
    int r = root_read_lines(a->root, path, &lines, err);
    if (r <= 0 || entries_find(&lines, user) != NO_ENTRY)
        return r < 0 ? r : 0;
    int64_t first = settings_number(a->root, defs, min_key, 100000);
    int64_t count = settings_number(a->root, defs, count_key, 65536);
    for (size_t i = 0; i < lines.n; i++) {
        int64_t end = entry_number(lines.v[i], 1) + entry_number(lines.v[i], 2);
        if (end > first)
            first = end;
    }
    auto_free char *line = xprintf("%s:%" PRId64 ":%" PRId64, user, first, count);
    if (count > 0)
        strv_add(&lines, line);
    return root_write_lines(a->root, path, &lines, ROOT_KEEP_MODE, err);
}

int accounts_add_subordinate_ids(const struct applier *a, const char *user, struct err *err)
{
    int r = add_range(a, "/etc/subuid", user, "SUB_UID_MIN", "SUB_UID_COUNT", err);
    return r < 0 ? r : add_range(a, "/etc/subgid", user, "SUB_GID_MIN", "SUB_GID_COUNT", err);
}
