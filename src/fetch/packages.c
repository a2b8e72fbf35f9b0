#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define PACKAGE_MAX ((uint64_t)8 << 30) /* bytes, where the metadata does not say how many */

/* A package of the plan, on its way. */
struct item {
    const struct plan_package *package;
    struct site *site;
    char *kept; /* below the cache; NULL in a local repository */
    char *path; /* on this machine */
    char *from; /* the address that served it just now; or NULL */
    char *what; /* "package NEVRA" */
    struct checksums sums;
    bool is_ready;
};

struct items {
    struct fetch *fetch;
    struct item *v;
    size_t n;
    struct progress *progress;
    uint64_t done; /* bytes or files of this stage */
    struct transfer *transfers;
    size_t *which; /* the item of each */
    size_t n_transfers;
};

static void items_done(struct items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        struct item *item = &items->v[i];
        free(item->kept);
        free(item->path);
        free(item->from);
        free(item->what);
        checksums_done(&item->sums);
    }
    free(items->v);
}

/* A repository of this machine that has its packages elsewhere on this machine. */
static bool is_beside(const struct item *item)
{
    const struct plan_package *p = item->package;
    auto_free char *path = p->base ? address_path(p->base) : NULL;
    return item->site->local_root && path;
}

static int check_package(const struct item *item, struct err *err)
{
    const struct plan_package *p = item->package;
    const char *type = p->checksum_type ? checksum_type(p->checksum_type) : NULL;
    if (!type || !p->checksum || !checksum_is_valid(type, p->checksum))
        return err_set(err, ERR_VERIFY, -EBADMSG,
            "the metadata of '%s' has no checksum of %s that is known here",
            item->site->source->name, item->what);
    if (!p->location || !address_is_inside(p->location))
        return err_set(err, ERR_VERIFY, -EBADMSG,
            "the metadata of '%s' places %s outside the repository", item->site->source->name,
            item->what);
    return 0;
}

static int make_item(struct items *items, const struct sources *sources,
    const struct plan_package *package, struct err *err)
{
    struct item *item = array_push(items->v, items->n);
    *item = (struct item){.package = package, .what = xprintf("package %s", package->nevra)};
    int r = site_of(items->fetch, &sources->v[package->source], &item->site, err);
    if (r == 0)
        r = check_package(item, err);
    if (r < 0)
        return r;
    item->sums.type = checksum_type(package->checksum_type);
    strv_add(&item->sums.hex, package->checksum);
    if (item->site->local_root && (!package->base || is_beside(item))) {
        auto_free char *base =
            package->base ? address_path(package->base) : xstrdup(item->site->local_root);
        item->path = xprintf("%s/%s", base, package->location);
    } else {
        item->kept = cache_package_name(package);
        item->path = cache_path(items->fetch, item->kept);
    }
    return 0;
}

/* Write down what is used before looking whether it is there. */
static int use_items(struct items *items, struct err *err)
{
    struct strv names = {xcalloc(items->n, sizeof(char *)), 0};
    for (size_t i = 0; i < items->n; i++)
        if (items->v[i].kept)
            names.v[names.n++] = items->v[i].kept;
    int r = names.n ? cache_use(items->fetch, &names, err) : 0;
    free(names.v);
    return r;
}

static const struct keys *keys_of(const struct item *item)
{
    return item->site->source->gpgcheck ? item->site->keys : NULL;
}

static int find_keys(struct items *items, struct err *err)
{
    int r = 0;
    for (size_t i = 0; i < items->n && r == 0; i++) {
        struct site *site = items->v[i].site;
        if (!site->source->gpgcheck)
            continue;
        r = site_find_keys(items->fetch, site, err);
        if (r == 0)
            r = site_needs_keys(site, err);
    }
    return r;
}

/* ---- verification ---- */

static void on_verified(void *data, const struct verify_job *job)
{
    struct items *items = data;
    (void)job;
    progress_advance(items->progress, ++items->done, NULL);
}

static bool is_content_fault(enum verify_fault fault)
{
    return fault == VERIFY_NO_FILE || fault == VERIFY_SIZE || fault == VERIFY_CHECKSUM ||
           fault == VERIFY_BROKEN;
}

/* A file of the cache that is not what its name says is fetched again; all else is an error. */
static int take_verdict(struct items *items, struct item *item, const struct verify_job *job,
    bool is_new, struct err *err)
{
    if (job->fault == VERIFY_GOOD) {
        item->is_ready = true;
        if (item->kept)
            cache_touch(items->fetch, item->kept);
        return 0;
    }
    if (item->kept && !is_new && is_content_fault(job->fault)) {
        unlinkat(items->fetch->dir, item->kept, 0);
        return 0;
    }
    const char *from = !item->kept  ? item->path
                       : item->from ? item->from
                                    : item->site->source->name;
    return fetch_fault(job, item->what, from, err);
}

static int verify_items(struct items *items, bool is_new, struct err *err)
{
    auto_free struct verify_job *jobs = xcalloc(items->n, sizeof *jobs);
    auto_free size_t *which = xcalloc(items->n, sizeof *which);
    size_t n = 0;
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->v[i];
        bool is_there = !item->kept || faccessat(items->fetch->dir, item->kept, F_OK, 0) == 0;
        if (item->is_ready || (!is_new && !is_there))
            continue;
        which[n] = i;
        jobs[n++] = (struct verify_job){.path = item->path,
            .size_bytes = item->package->download_bytes,
            .checksum_type = item->sums.type,
            .checksum = item->package->checksum,
            .keys = keys_of(item)};
    }
    if (!n)
        return 0;
    items->done = 0;
    progress_begin(items->progress, "verify", PROGRESS_COUNT, n);
    int r = verify_run(jobs, n, on_verified, items, err);
    progress_end(items->progress);
    for (size_t i = 0; i < n; i++) {
        if (r == 0)
            r = take_verdict(items, &items->v[which[i]], &jobs[i], is_new, err);
        free(jobs[i].detail);
    }
    return r;
}

/* ---- transfers ---- */

static void on_heard(void *data, const struct transfer *t, int64_t bytes)
{
    struct items *items = data;
    items->done += (uint64_t)bytes;
    progress_advance(items->progress, items->done, t->what);
}

static struct transfer item_transfer(const struct item *item)
{
    const struct plan_package *p = item->package;
    return (struct transfer){.what = xstrdup(item->what),
        .site = &item->site->transfer,
        .mirrors = p->base ? NULL : &item->site->mirrors,
        .location = p->base ? address_join(p->base, p->location) : xstrdup(p->location),
        .partial_name = xprintf("%s-%s", item->sums.type, p->checksum),
        .size_bytes = p->download_bytes,
        .max_bytes = p->download_bytes ? p->download_bytes : PACKAGE_MAX,
        .sums = &item->sums,
        .fd = -1};
}

/* At once, whatever becomes of the others; there may be more of them than open files. */
static int on_whole(void *data, struct transfer *t, struct err *err)
{
    struct items *items = data;
    struct item *item = &items->v[items->which[t - items->transfers]];
    auto_free char *directory =
        xstrndup(item->kept, (size_t)(strrchr(item->kept, '/') - item->kept));
    item->from = steal(&t->from);
    int r = cache_make_directory(items->fetch, directory, err);
    return r < 0 ? r : transfer_keep(t, items->fetch->dir, item->kept, err);
}

static int prepare_transfers(struct items *items, uint64_t *ret_bytes, struct err *err)
{
    int r = 0;
    for (size_t i = 0; i < items->n && r == 0; i++) {
        struct item *item = &items->v[i];
        if (item->is_ready)
            continue;
        if (items->fetch->options.offline)
            return site_is_offline(item->site, item->what, err);
        if (!item->package->base)
            r = site_find_mirrors(items->fetch, item->site, err);
        items->which[items->n_transfers] = i;
        items->transfers[items->n_transfers++] = item_transfer(item);
        *ret_bytes += item->package->download_bytes;
    }
    return r;
}

static int download(struct items *items, struct err *err)
{
    auto_free struct transfer *transfers = xcalloc(items->n, sizeof *transfers);
    auto_free size_t *which = xcalloc(items->n, sizeof *which);
    const struct transfer_watch watch = {on_heard, on_whole, items};
    uint64_t bytes = 0;
    items->transfers = transfers;
    items->which = which;
    int r = prepare_transfers(items, &bytes, err);
    if (r == 0 && items->n_transfers) {
        items->done = 0;
        progress_begin(items->progress, "fetch", PROGRESS_BYTES, bytes);
        r = fetch_transfer(items->fetch, transfers, items->n_transfers, &watch, err);
        progress_end(items->progress);
    }
    for (size_t i = 0; i < items->n_transfers; i++)
        transfer_done(&transfers[i]);
    return r;
}

static int get_all(struct items *items, struct err *err)
{
    int r = use_items(items, err);
    if (r == 0)
        r = find_keys(items, err);
    if (r == 0)
        r = verify_items(items, false, err);
    if (r == 0)
        r = download(items, err);
    return r < 0 ? r : verify_items(items, true, err);
}

int fetch_packages(struct fetch *fetch, const struct sources *sources, const struct plan *plan,
    struct progress *progress, struct strv *ret_paths, struct err *err)
{
    struct items items = {.fetch = fetch, .progress = progress};
    int r = 0;
    fetch->progress = progress;
    for (size_t i = 0; i < plan->n && r == 0; i++)
        r = make_item(&items, sources, &plan->packages[i], err);
    if (r == 0)
        r = get_all(&items, err);
    for (size_t i = 0; r == 0 && i < items.n; i++)
        strv_add(ret_paths, items.v[i].path);
    items_done(&items);
    return r;
}
