#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define REPOMD "repodata/repomd.xml"
#define REPOMD_MAX ((uint64_t)16 << 20)
#define RECORD_MAX ((uint64_t)1 << 30)
#define JUST_NOW_SECONDS 600

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
        break;
    }
    return err_set(
        err, ERR_VERIFY, -EBADMSG, "%s from '%s' can't be read: %s", what, from, job->detail);
}

/* ---- repomd.xml ---- */

/* Is its signature good? 'signature' NULL: there is none. */
static int check_signature(struct fetch *fetch, struct site *site, const char *path,
    const char *signature, bool *ret_signed, struct err *err)
{
    const struct source *source = site->source;
    int r = site_find_keys(fetch, site, err);
    if (r == 0 && source->repo_gpgcheck)
        r = site_needs_keys(site, err);
    if (r < 0 || (!signature && !source->repo_gpgcheck) || !site->keys->n)
        return r;
    auto_free char *what = xprintf("repomd.xml of '%s'", source->name);
    struct verify_job job = {.path = path, .signature = signature, .keys = site->keys};
    if (!signature) {
        job.fault = VERIFY_UNSIGNED;
        return fetch_fault(&job, what, source->name, err);
    }
    r = verify_run(&job, 1, NULL, NULL, err);
    if (r == 0)
        r = fetch_fault(&job, what, site->local_root ? site->local_root : "its mirrors", err);
    free(job.detail);
    *ret_signed = r == 0;
    return r;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_fresh(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_mtime > time(NULL) - JUST_NOW_SECONDS;
}

static struct transfer repomd_transfer(struct site *site, const char *suffix)
{
    return (struct transfer){.what = xprintf("repomd.xml%s of '%s'", suffix, site->source->name),
        .site = &site->transfer,
        .mirrors = &site->mirrors,
        .location = xprintf(REPOMD "%s", suffix),
        .partial_name = xprintf("%s-repomd.xml%s", site->id, suffix),
        .max_bytes = REPOMD_MAX};
}

/* Both as they are in partial/, checked there, and then kept. */
static int keep_repomd(struct fetch *fetch, struct site *site, struct transfer *t, struct err *err)
{
    auto_free char *kept = site_name(site, "repomd.xml"),
                   *kept_asc = site_name(site, "repomd.xml.asc");
    auto_free char *path = xprintf("%s/partial/%s", fetch->directory, t[0].partial_name);
    auto_free char *asc = xprintf("%s/partial/%s", fetch->directory, t[1].partial_name);
    bool is_signed = false;
    int r = check_signature(fetch, site, path, t[1].found ? asc : NULL, &is_signed, err);
    if (r == 0)
        r = transfer_keep(&t[0], fetch->dir, kept, err);
    if (r == 0 && t[1].found)
        r = transfer_keep(&t[1], fetch->dir, kept_asc, err);
    else if (r == 0)
        unlinkat(fetch->dir, kept_asc, 0);
    return r;
}

static int download_repomd(struct fetch *fetch, struct site *site, struct err *err)
{
    int r = site_find_mirrors(fetch, site, err);
    if (r < 0)
        return r;
    struct transfer t[] = {repomd_transfer(site, ""), repomd_transfer(site, ".asc")};
    if (site->repomd.hex.n)
        t[0].sums = &site->repomd;
    t[1].may_be_absent = true;
    r = fetch_transfer(fetch, t, ARRAY_SIZE(t), NULL, err);
    if (r == 0)
        r = keep_repomd(fetch, site, t, err);
    for (size_t i = 0; i < ARRAY_SIZE(t); i++)
        transfer_done(&t[i]);
    return r;
}

/* The path of a verified repomd.xml on this machine; the caller frees. */
static int find_repomd(
    struct fetch *fetch, struct site *site, char **ret_path, bool *ret_signed, struct err *err)
{
    auto_free char *kept = site_name(site, "repomd.xml");
    auto_free char *path =
        site->local_root ? xprintf("%s/" REPOMD, site->local_root) : cache_path(fetch, kept);
    auto_free char *asc = xprintf("%s.asc", path);
    if (site->local_root && !is_file(path))
        return err_set(err, ERR_NETWORK, -ENOENT, "'%s' is no repository: there is no " REPOMD,
            site->local_root);
    bool is_wanted =
        !site->local_root && !fetch->options.offline && (fetch->options.refresh || !is_fresh(path));
    int r = is_wanted ? download_repomd(fetch, site, err) : 0;
    if (r == 0 && !is_file(path))
        r = site_is_offline(site, "the metadata", err);
    if (r == 0)
        r = check_signature(fetch, site, path, is_file(asc) ? asc : NULL, ret_signed, err);
    if (r == 0)
        *ret_path = steal(&path);
    return r;
}

/* ---- what it names ---- */

struct wanted {
    const char *name; /* "primary" */
    const struct repomd_record *record;
    char *path; /* on this machine */
    char *kept; /* below the cache; NULL in a local repository */
    char **to;  /* member of struct metadata */
    struct checksums sums;
};

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
        /* The ending says how it is compressed. */
        auto_free char *file = xprintf("%s-%s", record->checksum, address_name(record->location));
        one->kept = site_name(site, file);
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
static int check_wanted(
    const struct site *site, const struct wanted *w, size_t n, bool *ret_good, struct err *err)
{
    auto_free struct verify_job *jobs = xcalloc(n, sizeof *jobs);
    for (size_t i = 0; i < n; i++)
        jobs[i] = (struct verify_job){.path = w[i].path,
            .size_bytes = w[i].record->size_bytes,
            .checksum_type = w[i].record->checksum_type,
            .checksum = w[i].record->checksum};
    int r = verify_run(jobs, n, NULL, NULL, err);
    for (size_t i = 0; i < n; i++) {
        ret_good[i] = jobs[i].done && jobs[i].fault == VERIFY_GOOD;
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
        .sums = &w->sums};
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
    for (size_t i = 0; i < count; i++) {
        if (r == 0)
            r = transfer_keep(&t[i], fetch->dir, w[which[i]].kept, err);
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
    int r = check_wanted(site, w, n, good, err);
    if (r == 0 && !site->local_root)
        r = download_wanted(fetch, site, w, good, n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        *w[i].to = steal(&w[i].path);
    wanted_done(w, n);
    return r;
}

static int fetch_one(
    struct fetch *fetch, const struct source *source, struct metadata *m, struct err *err)
{
    struct site *site = NULL;
    auto_cleanup(repomd_free) struct repomd *repomd = NULL;
    int r = site_of(fetch, source, &site, err);
    if (r < 0)
        return r;
    struct strv used = {&site->directory, site->local_root ? 0 : 1};
    r = cache_use(fetch, &used, err);
    if (r == 0)
        r = find_repomd(fetch, site, &m->repomd, &m->is_signed, err);
    if (r < 0)
        return r;
    auto_close int fd = open(m->repomd, O_RDONLY | O_CLOEXEC);
    auto_free char *what = xprintf("repomd.xml of '%s'", source->name);
    if (fd < 0)
        return err_errno(err, "cannot open '%s'", m->repomd);
    r = repomd_read(fd, what, &repomd, err);
    if (r < 0)
        return r;
    m->source = source;
    m->revision = repomd->revision ? xstrdup(repomd->revision) : NULL;
    return fetch_records(fetch, site, repomd, m, err);
}

int fetch_metadata(struct fetch *fetch, const struct sources *sources, struct progress *progress,
    struct metadata **ret_metadata, struct err *err)
{
    struct metadata *metadata = xcalloc(sources->n, sizeof *metadata);
    int r = 0;
    progress_begin(progress, "metadata", PROGRESS_COUNT, sources->n);
    for (size_t i = 0; i < sources->n && r == 0; i++) {
        progress_advance(progress, i, sources->v[i].name);
        r = fetch_one(fetch, &sources->v[i], &metadata[i], err);
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
    for (size_t i = 0; metadata && i < n; i++) {
        struct metadata *m = &metadata[i];
        char *texts[] = {
            m->repomd, m->primary, m->filelists, m->group, m->modules, m->updateinfo, m->revision};
        for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
            free(texts[k]);
    }
    free(metadata);
}
