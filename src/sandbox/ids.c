#include "sandbox/ids.h"

#include <errno.h>
#include <pwd.h>
#include <shadow/subid.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

/* Packages own files up to nobody, 65534. */
#define IDS_NEEDED 65534
#define MAP_MAX ((size_t)64 << 10)

static void add_triple(
    struct strv *triples, unsigned long inside, unsigned long outside, unsigned long count)
{
    auto_free char *a = xprintf("%lu", inside);
    auto_free char *b = xprintf("%lu", outside);
    auto_free char *c = xprintf("%lu", count);
    strv_add(triples, a);
    strv_add(triples, b);
    strv_add(triples, c);
}

/* Every id that this process can see, as itself: in a container these are not all there are. */
static int same_ids(bool of_groups, struct strv *triples, struct err *err)
{
    const char *path = of_groups ? "/proc/self/gid_map" : "/proc/self/uid_map";
    auto_free char *text = NULL;
    size_t size = 0;
    int r = file_read(path, MAP_MAX, &text, &size);
    if (r < 0)
        return err_code(err, r, "cannot read '%s'", path);
    for (const char *line = text; *line;) {
        unsigned long inside = 0, outside = 0, count = 0;
        if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3)
            add_triple(triples, inside, inside, count);
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : line + strlen(line);
    }
    return 0;
}

static char *user_name(void)
{
    const struct passwd *entry = getpwuid(geteuid());
    return entry ? xstrdup(entry->pw_name) : xprintf("%u", (unsigned)geteuid());
}

static int too_few(bool of_groups, const char *user, unsigned long have, struct err *err)
{
    const char *file = of_groups ? "/etc/subgid" : "/etc/subuid";
    if (have == 0)
        err_set(err, ERR_SYSTEM, -EPERM, "'%s' has no ids for user '%s'", file, user);
    else
        err_set(err, ERR_SYSTEM, -EPERM, "'%s' has %lu ids for user '%s', and %d are needed", file,
            have, user, IDS_NEEDED);
    return err_hint(
        err, "as root: usermod --add-sub%cids 100000-165535 %s", of_groups ? 'g' : 'u', user);
}

int ids_make_map(bool of_groups, struct strv *ret_triples, struct err *err)
{
    if (geteuid() == 0)
        return same_ids(of_groups, ret_triples, err);
    auto_free char *user = user_name();
    struct subid_range *found = NULL;
    subid_init(NULL, NULL); /* it would keep a copy of a name for ever */
    int n = of_groups ? subid_get_gid_ranges(user, &found) : subid_get_uid_ranges(user, &found);
    auto_free struct subid_range *ranges = found;
    add_triple(ret_triples, 0, of_groups ? getegid() : geteuid(), 1);
    unsigned long inside = 1;
    for (int i = 0; i < n; i++) {
        add_triple(ret_triples, inside, ranges[i].start, ranges[i].count);
        inside += ranges[i].count;
    }
    return inside - 1 < IDS_NEEDED ? too_few(of_groups, user, inside - 1, err) : 0;
}
