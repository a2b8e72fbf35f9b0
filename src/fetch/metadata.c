#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define RECORD_MAX ((uint64_t)1 << 30)
#define MAX_ENDING 5

int fetch_fault(const struct verify_job *job, const char *what, const char *from, struct err *err)
{
    switch (job->fault) {
    case VERIFY_GOOD:
        return 0;
    case VERIFY_NO_FILE:
        return err_set(
            err, ERR_NETWORK, -EIO, "cannot read %s from '%s': %s", what, from, job->detail);
    case VERIFY_SIZE:
        return err_set(err, ERR_VERIFY, -EBADMSG, "%s from '%s' has %s and should have %llu", what,
            from, job->detail, (unsigned long long)job->size_bytes);
    case VERIFY_CHECKSUM:
        return err_set(err, ERR_VERIFY, -EBADMSG,
            "%s from '%s' has the %s checksum %s and should have %s", what, from,
            job->checksum_type, job->detail, job->checksum);
    case VERIFY_UNSIGNED:
        err_set(err, ERR_VERIFY, -ENOKEY, "%s from '%s' is not signed", what, from);
        return err_hint(err, "--no-gpgcheck takes packages without a signature");
    case VERIFY_UNKNOWN_KEY:
        err_set(err, ERR_VERIFY, -ENOKEY,
            "%s from '%s' is signed by the key %s, which is not known", what, from, job->detail);
        return err_hint(err, "if that key is to be trusted, give it as --gpgkey FILE");
    case VERIFY_BAD:
        return err_set(err, ERR_VERIFY, -EBADMSG, "the signature of %s from '%s' does not hold: %s",
            what, from, job->detail);
    case VERIFY_BROKEN:
    case VERIFY_NOT_DONE:
        break;
    }
    return err_set(err, ERR_VERIFY, -EBADMSG, "%s from '%s' can't be read: %s", what, from,
        job->detail ? job->detail : "nobody looked");
}

struct wanted {
    const char *name; /* "primary" */
    const struct repomd_record *record;
    char *path; /* on this machine */
    char *kept; /* below the cache; NULL in a local repository */
    char **to;  /* member of struct metadata */
    struct checksums sums;
};

/* "HEX-primary.gz": the ending says how it is compressed, and that is all that is taken over. */
static char *kept_name(
    const struct site *site, const char *name, const struct repomd_record *record)
{
    const char *file = address_name(record->location), *dot = strrchr(file, '.');
    size_t length = dot ? strlen(dot + 1) : 0;
    bool is_plain = length && length <= MAX_ENDING &&
                    strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == length;
    auto_free char *kept = xprintf("%s-%s%s", record->checksum, name, is_plain ? dot : "");
    return site_name(site, kept);
}

static void add_wanted(const struct fetch *fetch, const struct site *site, struct wanted *w,
    size_t *n, const char *name, const struct repomd_record *record, char **to)
{
    if (!record->location)
        return;
    struct wanted *one = &w[(*n)++];
    *one = (struct wanted){.name = name, .record = record, .to = to};
    if (site->local_root) {
        one->path = xprintf("%s/%s", site->local_root, record->location);
    } else {
        one->kept = kept_name(site, name, record);
        one->path = cache_path(fetch, one->kept);
    }
    one->sums.type = record->checksum_type;
    strv_add(&one->sums.hex, record->checksum);
}

static void wanted_done(struct wanted *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(w[i].path);
        free(w[i].kept);
        checksums_done(&w[i].sums);
    }
}

/* Check those that are there; w[i] is good where ret_good[i]. */
static int check_wanted(struct fetch *fetch, const struct site *site, const struct wanted *w,
    size_t n, bool *ret_good, struct err *err)
{
    auto_free struct verify_job *jobs = xcalloc(n, sizeof *jobs);
    for (size_t i = 0; i < n; i++)
        jobs[i] = (struct verify_job){.path = w[i].path,
            .size_bytes = w[i].record->size_bytes,
            .checksum_type = w[i].record->checksum_type,
            .checksum = w[i].record->checksum};
    int r = verify_run(jobs, n, NULL, NULL, err);
    for (size_t i = 0; i < n; i++) {
        ret_good[i] = jobs[i].fault == VERIFY_GOOD;
        if (ret_good[i] && w[i].kept)
            cache_touch(fetch, w[i].kept);
        if (r == 0 && site->local_root) {
            auto_free char *what = xprintf("'%s' (%s)", w[i].record->location, w[i].name);
            r = fetch_fault(&jobs[i], what, site->local_root, err);
        }
        free(jobs[i].detail);
    }
    return r;
}

static struct transfer record_transfer(struct site *site, const struct wanted *w)
{
    const struct repomd_record *record = w->record;
    return (struct transfer){
        .what = xprintf("%s.xml (%s) of '%s'", w->name, record->location, site->source->name),
        .site = &site->transfer,
        .mirrors = record->base ? NULL : &site->mirrors,
        .location =
            record->base ? address_join(record->base, record->location) : xstrdup(record->location),
        .partial_name = xprintf("%s-%s", record->checksum_type, record->checksum),
        .size_bytes = record->size_bytes,
        .max_bytes = record->size_bytes ? record->size_bytes : RECORD_MAX,
        .sums = &w->sums,
        .fd = -1};
}

static int download_wanted(struct fetch *fetch, struct site *site, const struct wanted *w,
    const bool *good, size_t n, struct err *err)
{
    auto_free struct transfer *t = xcalloc(n, sizeof *t);
    auto_free size_t *which = xcalloc(n, sizeof *which);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (good[i])
            continue;
        if (fetch->options.offline)
            return site_is_offline(site, w[i].name, err);
        which[count++] = i;
    }
    int r = count ? site_find_mirrors(fetch, site, err) : 0;
    if (r < 0 || !count)
        return r;
    for (size_t i = 0; i < count; i++)
        t[i] = record_transfer(site, &w[which[i]]);
    r = fetch_transfer(fetch, t, count, NULL, err);
    /* What came whole is kept also when another failed. */
    for (size_t i = 0; i < count; i++) {
        struct err kept = {0};
        if (t[i].found && transfer_keep(&t[i], fetch->dir, w[which[i]].kept, &kept) < 0 && r == 0) {
            *err = kept;
            r = err->code;
        } else {
            err_done(&kept);
        }
        transfer_done(&t[i]);
    }
    return r;
}

static int fetch_records(struct fetch *fetch, struct site *site, const struct repomd *repomd,
    struct metadata *m, struct err *err)
{
    struct wanted w[4];
    bool good[ARRAY_SIZE(w)];
    size_t n = 0;
    add_wanted(fetch, site, w, &n, "primary", &repomd->primary, &m->primary);
    add_wanted(fetch, site, w, &n, "filelists", &repomd->filelists, &m->filelists);
    if (!site->source->ignoregroups)
        add_wanted(fetch, site, w, &n, "group", &repomd->group, &m->group);
    add_wanted(fetch, site, w, &n, "modules", &repomd->modules, &m->modules);
    int r = check_wanted(fetch, site, w, n, good, err);
    if (r == 0 && !site->local_root)
        r = download_wanted(fetch, site, w, good, n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        *w[i].to = steal(&w[i].path);
    wanted_done(w, n);
    return r;
}

static void free_texts(struct metadata *m)
{
    char *texts[] = {
        m->repomd, m->primary, m->filelists, m->group, m->modules, m->updateinfo, m->revision};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        free(texts[i]);
    *m = (struct metadata){0};
}

/* '*ask' as for index_find(). */
static int fetch_by_index(
    struct fetch *fetch, struct site *site, bool *ask, struct metadata *m, struct err *err)
{
    auto_cleanup(repomd_free) struct repomd *repomd = NULL;
    m->source = site->source;
    int r = index_find(fetch, site, ask, &m->repomd, &m->is_signed, err);
    if (r < 0)
        return r;
    auto_close int fd = open(m->repomd, O_RDONLY | O_CLOEXEC);
    auto_free char *what = xprintf("repomd.xml of '%s', '%s',", site->source->name, m->repomd);
    if (fd < 0)
        return err_errno(err, "cannot open '%s'", m->repomd);
    r = repomd_read(fd, what, &repomd, err);
    if (r < 0)
        return r;
    m->revision = repomd->revision ? xstrdup(repomd->revision) : NULL;
    return fetch_records(fetch, site, repomd, m, err);
}

static int fetch_one(
    struct fetch *fetch, const struct source *source, struct metadata *m, struct err *err)
{
    struct site *site = NULL;
    int r = site_of(fetch, source, &site, err);
    if (r < 0)
        return r;
    struct strv used = {&site->directory, site->local_root ? 0 : 1};
    r = cache_use(fetch, &used, err);
    if (r < 0)
        return r;
    bool ask = fetch->options.refresh, can_ask = !site->local_root && !fetch->options.offline;
    r = fetch_by_index(fetch, site, &ask, m, err);
    bool is_sources = r < 0 && (err->kind == ERR_NETWORK || err->kind == ERR_VERIFY);
    if (is_sources && can_ask && !ask) {
        /* What the cache remembers of a few minutes ago may be gone from there. */
        err_done(err);
        free_texts(m);
        ask = true;
        r = fetch_by_index(fetch, site, &ask, m, err);
    }
    return r;
}

/* Where the address is written that was no good. */
static void say_where(const struct source *source, struct err *err)
{
    bool is_of_source = err->kind == ERR_NETWORK || err->kind == ERR_VERIFY;
    if (is_of_source && source->place.line && !source->overridden)
        err_wrap(err, err->code, "%s:%u", source->place.file, source->place.line);
}

int fetch_metadata(struct fetch *fetch, const struct sources *sources, struct progress *progress,
    struct metadata **ret_metadata, struct err *err)
{
    struct metadata *metadata = xcalloc(sources->n, sizeof *metadata);
    int r = 0;
    fetch->progress = progress;
    progress_begin(progress, "metadata", PROGRESS_COUNT, sources->n);
    for (size_t i = 0; i < sources->n && r == 0; i++) {
        progress_advance(progress, i, sources->v[i].name);
        r = fetch_one(fetch, &sources->v[i], &metadata[i], err);
        if (r < 0)
            say_where(&sources->v[i], err);
    }
    if (r == 0)
        progress_advance(progress, sources->n, NULL);
    progress_end(progress);
    if (r < 0)
        fetch_metadata_free(metadata, sources->n);
    else
        *ret_metadata = metadata;
    return r;
}

void fetch_metadata_free(struct metadata *metadata, size_t n)
{
    for (size_t i = 0; metadata && i < n; i++)
        free_texts(&metadata[i]);
    free(metadata);
}
