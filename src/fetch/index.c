/*
 * repomd.xml: from where, whether it is signed well, and how the cache keeps it.
 *
 *   metadata/ID/HEX-repomd.xml       by its SHA-256, so that it and its signature stay together
 *   metadata/ID/HEX-repomd.xml.asc   whatever another process fetches in the meantime
 *   metadata/ID/current              "HEX SECONDS": which one is the newest, and when it was asked
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define REPOMD "repodata/repomd.xml"
#define REPOMD_MAX ((uint64_t)16 << 20)
#define CURRENT_MAX 200
#define JUST_NOW_SECONDS 600
#define LAST_CHOICE 1000 /* faults */
#define MAX_CHOICES 5

struct current {
    char *hex;
    int64_t asked; /* seconds since the epoch */
};

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static char *repomd_hex(int fd)
{
    auto_cleanup(checksum_free) struct checksum *sum = checksum_new("sha256");
    int r = checksum_file(sum, fd, UINT64_MAX);
    char *hex = checksum_hex(sum);
    if (r < 0)
        free(steal(&hex));
    return hex;
}

static char *repomd_name(const struct site *site, const char *hex, const char *suffix)
{
    auto_free char *file = xprintf("%s-repomd.xml%s", hex, suffix);
    return site_name(site, file);
}

/* ---- signatures ---- */

/* Is its signature good? 'signature' NULL: there is none. Where nobody insists on one, a signature
 * by a stranger, or something that is none, counts as none. */
static int check_signature(struct fetch *fetch, struct site *site, const char *path,
    const char *signature, const char *from, bool *ret_signed, struct err *err)
{
    const struct source *source = site->source;
    auto_free char *what = xprintf("repomd.xml of '%s'", source->name);
    *ret_signed = false;
    if (!signature && !source->repo_gpgcheck)
        return 0;
    int r = site_find_keys(fetch, site, err);
    if (r == 0 && source->repo_gpgcheck)
        r = site_needs_keys(site, err);
    if (r < 0 || !site->keys->n)
        return r;
    struct verify_job job = {.path = path, .signature = signature, .keys = site->keys};
    if (signature)
        r = verify_run(&job, 1, NULL, NULL, err);
    else
        job.fault = VERIFY_UNSIGNED;
    bool is_none = job.fault == VERIFY_UNKNOWN_KEY || job.fault == VERIFY_BROKEN;
    *ret_signed = r == 0 && job.fault == VERIFY_GOOD;
    if (r == 0 && (source->repo_gpgcheck || !is_none))
        r = fetch_fault(&job, what, from, err);
    free(job.detail);
    return r;
}

/* ---- from the network ---- */

static int check_content(int fd, const char *name, const char *from, struct err *err)
{
    auto_cleanup(repomd_free) struct repomd *repomd = NULL;
    auto_free char *what = xprintf("repomd.xml of '%s' from '%s'", name, from);
    return repomd_read(fd, what, &repomd, err);
}

static int write_current(
    struct fetch *fetch, const struct site *site, const char *hex, struct err *err)
{
    auto_free char *name = site_name(site, "current");
    auto_free char *text = xprintf("%s %" PRId64 "\n", hex, (int64_t)time(NULL));
    return cache_write(fetch, name, text, err);
}

/* Both as they are in partial/, checked there, and then kept. */
static int keep_both(struct fetch *fetch, struct site *site, struct transfer *repomd,
    struct transfer *asc, struct err *err)
{
    auto_free char *path = xprintf("%s/partial/%s", fetch->directory, repomd->partial_name);
    auto_free char *asc_path = xprintf("%s/partial/%s", fetch->directory, asc->partial_name);
    bool is_signed = false;
    int r = check_signature(
        fetch, site, path, asc->found ? asc_path : NULL, repomd->from, &is_signed, err);
    if (r == 0)
        r = check_content(repomd->fd, site->source->name, repomd->from, err);
    auto_free char *hex = r == 0 ? repomd_hex(repomd->fd) : NULL;
    if (r < 0 || !hex)
        return r < 0 ? r : err_code(err, -EIO, "cannot read '%s'", path);
    auto_free char *kept = repomd_name(site, hex, "");
    auto_free char *kept_asc = repomd_name(site, hex, ".asc");
    if (is_signed)
        r = transfer_keep(asc, fetch->dir, kept_asc, err);
    if (r == 0)
        r = transfer_keep(repomd, fetch->dir, kept, err);
    return r < 0 ? r : write_current(fetch, site, hex, err);
}

static struct transfer new_transfer(struct site *site, const char *suffix)
{
    return (struct transfer){.what = xprintf("repomd.xml%s of '%s'", suffix, site->source->name),
        .site = &site->transfer,
        .partial_name = xprintf("%s-repomd.xml%s", site->id, suffix),
        .max_bytes = REPOMD_MAX,
        .fd = -1};
}

/* The signature is asked of the mirror that served the file: others may lag behind it. */
static int download_once(
    struct fetch *fetch, struct site *site, size_t *ret_mirror, struct err *err)
{
    struct transfer repomd = new_transfer(site, ""), asc = new_transfer(site, ".asc");
    repomd.mirrors = &site->mirrors;
    repomd.location = xstrdup(REPOMD);
    repomd.sums = site->repomd.hex.n ? &site->repomd : NULL;
    *ret_mirror = SIZE_MAX;
    int r = fetch_transfer(fetch, &repomd, 1, NULL, err);
    if (r == 0) {
        *ret_mirror = repomd.mirror;
        asc.location = address_join(site->mirrors.urls.v[repomd.mirror], REPOMD ".asc");
        asc.may_be_absent = true;
        r = fetch_transfer(fetch, &asc, 1, NULL, err);
    }
    if (r == 0)
        r = keep_both(fetch, site, &repomd, &asc, err);
    transfer_done(&repomd);
    transfer_done(&asc);
    return r;
}

/* A mirror that serves what is no repomd.xml, or one that is not signed well, is asked last; one
 * alone is asked twice, for it may have been changing just then. The first fault is told. */
static int download(struct fetch *fetch, struct site *site, struct err *err)
{
    int r = site_find_mirrors(fetch, site, err);
    if (r < 0)
        return r;
    struct err first = {0};
    for (unsigned i = 0;; i++) {
        size_t mirror;
        r = download_once(fetch, site, &mirror, err);
        bool is_mirrors = r < 0 && (err->kind == ERR_VERIFY || err->kind == ERR_NETWORK);
        if (is_mirrors && first.kind == ERR_NONE) {
            first = *err;
            *err = (struct err){0};
        }
        if (!is_mirrors || mirror == SIZE_MAX || i == MAX_CHOICES)
            break;
        err_done(err);
        site->mirrors.faults[mirror] += LAST_CHOICE;
    }
    if (r == 0 || err->kind == ERR_INTERRUPTED || err->kind == ERR_SYSTEM) {
        err_done(&first);
        return r;
    }
    err_done(err);
    *err = first;
    return err->code;
}

/* ---- from the cache ---- */

/* False: there is none, or it is not what its name says. */
static bool read_current(struct fetch *fetch, const struct site *site, struct current *ret)
{
    auto_free char *name = site_name(site, "current");
    auto_free char *text = NULL;
    size_t size = 0;
    char hex[65];
    int64_t asked = 0;
    if (file_read_in(fetch->dir, name, CURRENT_MAX, &text, &size) < 0 ||
        sscanf(text, "%64s %" SCNd64, hex, &asked) != 2 || !checksum_is_valid("sha256", hex))
        return false;
    auto_free char *kept = repomd_name(site, hex, "");
    auto_close int fd = openat(fetch->dir, kept, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    auto_free char *real = fd < 0 ? NULL : repomd_hex(fd);
    if (!real || strcmp(real, hex) != 0)
        return false;
    auto_free char *asc = repomd_name(site, hex, ".asc");
    const char *used[] = {name, kept, asc};
    for (size_t i = 0; i < ARRAY_SIZE(used); i++)
        cache_touch(fetch, used[i]);
    *ret = (struct current){xstrdup(hex), asked};
    return true;
}

static bool is_fresh(const struct current *current)
{
    int64_t now = time(NULL);
    return current->asked <= now && current->asked > now - JUST_NOW_SECONDS;
}

static int find_cached(
    struct fetch *fetch, struct site *site, bool *ask, char **ret_path, struct err *err)
{
    struct current current = {0};
    bool is_there = read_current(fetch, site, &current);
    int r = 0;
    *ask = !fetch->options.offline && (*ask || !is_there || !is_fresh(&current));
    if (*ask) {
        free(steal(&current.hex));
        r = download(fetch, site, err);
        if (r < 0 && err->kind == ERR_NETWORK && is_there && !err->hint)
            err_hint(err, "--offline goes on with the metadata that the cache has");
        is_there = r == 0 && read_current(fetch, site, &current);
    }
    if (r == 0 && !is_there)
        r = fetch->options.offline
                ? site_is_offline(site, "the metadata", err)
                : err_code(err, -EIO, "the metadata of '%s' vanished from the cache '%s'",
                      site->source->name, fetch->directory);
    if (r == 0) {
        auto_free char *name = repomd_name(site, current.hex, "");
        *ret_path = cache_path(fetch, name);
    }
    free(current.hex);
    return r;
}

static int no_repository(const struct site *site, const char *path, struct err *err)
{
    err_set(err, ERR_NETWORK, -ENOENT,
        "'%s', the address of '%s', is no repository: there is no " REPOMD, path,
        site->source->name);
    return err_hint(err, "name the directory that has repodata/ in it");
}

int index_find(struct fetch *fetch, struct site *site, bool *ask, char **ret_path, bool *ret_signed,
    struct err *err)
{
    auto_free char *path = NULL;
    int r = 0;
    if (!site->local_root)
        r = find_cached(fetch, site, ask, &path, err);
    else
        path = xprintf("%s/" REPOMD, site->local_root);
    if (r == 0 && !is_file(path))
        r = no_repository(site, site->local_root ? site->local_root : path, err);
    if (r < 0)
        return r;
    auto_free char *asc = xprintf("%s.asc", path);
    r = check_signature(fetch, site, path, is_file(asc) ? asc : NULL,
        site->local_root ? site->local_root : "the cache", ret_signed, err);
    if (r == 0)
        *ret_path = steal(&path);
    return r;
}
