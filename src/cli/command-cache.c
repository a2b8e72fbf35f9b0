#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "fetch/fetch.h"

static int list_json(const struct fetch_cache_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:I, s:I}", "name", list->v[i].name, "kind",
                       list->v[i].kind, "bytes", (json_int_t)list->v[i].bytes, "last_used",
                       (json_int_t)list->v[i].last_used));
    json_dumpf(array, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(array);
    return 0;
}

static int list(struct fetch *fetch, const struct options *options, struct err *err)
{
    auto_cleanup(fetch_cache_list_free) struct fetch_cache_list *entries = NULL;
    int r = fetch_cache_list(fetch, &entries, err);
    if (r < 0)
        return r;
    if (options->json)
        return list_json(entries);
    uint64_t total = 0;
    for (size_t i = 0; i < entries->n; i++) {
        const struct fetch_cache_entry *e = &entries->v[i];
        struct tm tm;
        char date[16] = "";
        time_t when = (time_t)e->last_used;
        if (localtime_r(&when, &tm))
            strftime(date, sizeof date, "%Y-%m-%d", &tm);
        printf("%-8s %12" PRIu64 "  %s  %s\n", e->kind, e->bytes, date, e->name);
        total += e->bytes;
    }
    printf("%zu entries, %.1f MiB\n", entries->n, (double)total / (1 << 20));
    return 0;
}

static int prune(struct fetch *fetch, const struct options *options, struct err *err)
{
    uint64_t bytes = 0;
    int r = fetch_cache_prune(fetch, options->days, &bytes, err);
    if (r == 0 && options->json)
        printf("{\n  \"freed_bytes\": %" PRIu64 "\n}\n", bytes);
    else if (r == 0)
        printf("%.1f MiB freed\n", (double)bytes / (1 << 20));
    return r;
}

static int verify(
    struct fetch *fetch, const struct options *options, struct progress *progress, struct err *err)
{
    size_t bad = 0;
    int r = fetch_cache_verify(fetch, progress, &bad, err);
    if (r == 0 && options->json)
        printf("{\n  \"bad_packages\": %zu\n}\n", bad);
    else if (r == 0)
        printf("%zu bad packages removed\n", bad);
    return r < 0 ? r : bad ? ERR_VERIFY : 0;
}

int command_cache(const struct options *options, struct progress *progress, struct err *err)
{
    enum { LIST, PRUNE, VERIFY, PATH };
    static const char *const names[] = {"list", "prune", "verify", "path"};
    const char *wanted = options->arguments.v[0];
    struct fetch_options fetch_options = {.cache_directory = options->cache_directory};
    auto_cleanup(fetch_close) struct fetch *fetch = NULL;
    size_t what = 0;
    while (what < ARRAY_SIZE(names) && strcmp(wanted, names[what]) != 0)
        what++;
    if (what == ARRAY_SIZE(names))
        return err_set(
            err, ERR_USAGE, -EINVAL, "cache: '%s' is not list, prune, verify or path", wanted);
    int r = fetch_open(&fetch_options, &fetch, err);
    if (r < 0)
        return r;
    switch (what) {
    case LIST:
        return list(fetch, options, err);
    case PRUNE:
        return prune(fetch, options, err);
    case VERIFY:
        return verify(fetch, options, progress, err);
    default:
        puts(fetch_cache_directory(fetch)); /* main() looks whether it could be written */
        return 0;
    }
}
