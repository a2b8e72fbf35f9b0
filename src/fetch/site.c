#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define ID_DIGITS 16
#define DOCUMENT_MAX ((uint64_t)8 << 20)
#define LOOK_BYTES 512

int fetch_transfer(struct fetch *fetch, struct transfer *transfers, size_t n,
    const struct transfer_watch *watch, struct err *err)
{
    const struct transfer_options options = {.partial_dir = fetch->partial,
        .parallel = fetch->options.parallel,
        .stall_seconds = fetch->options.stall_seconds,
        .retries = fetch->options.retries,
        .progress = fetch->progress};
    return transfer_run(transfers, n, &options, watch, err);
}

int site_is_offline(const struct site *site, const char *what, struct err *err)
{
    err_set(err, ERR_NETWORK, -ENONET, "%s of '%s' is not in the cache, and --offline was given",
        what, site->source->name);
    return err_hint(err, "run once without --offline");
}

char *site_name(const struct site *site, const char *name)
{
    return xprintf("%s/%s", site->directory, name);
}

/* The same addresses have the same directory, whatever the recipe calls the source. */
static char *make_id(const struct source *source)
{
    auto_strbuf struct strbuf text = {0};
    uint8_t digest[SHA256_BYTES];
    char hex[ID_DIGITS + 1];
    for (size_t i = 0; i < source->baseurls.n; i++)
        strbuf_printf(&text, "%s\n", source->baseurls.v[i]);
    strbuf_printf(&text, "%s\n%s\n", source->mirrorlist ? source->mirrorlist : "",
        source->metalink ? source->metalink : "");
    digest_sha256(text.s, text.len, digest);
    for (size_t i = 0; i < ID_DIGITS / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return xstrdup(hex);
}

static int write_name(struct fetch *fetch, const struct site *site, struct err *err)
{
    auto_free char *name = site_name(site, "name");
    auto_free char *old = NULL;
    size_t size = 0;
    int r = cache_make_directory(fetch, site->directory, err);
    if (r < 0)
        return r;
    bool is_there = file_read_in(fetch->dir, name, NAME_MAX, &old, &size) == 0;
    if (!is_there || strcmp(old, site->source->name) != 0)
        return cache_write(fetch, name, site->source->name, err);
    cache_touch(fetch, name);
    return 0;
}

static int use_local(struct site *site, const char *url, struct err *err)
{
    site->local_root = address_path(url);
    if (!site->local_root)
        return err_set(err, ERR_NETWORK, -EINVAL,
            "the address '%s' of the repository '%s' is no path on this machine", url,
            site->source->name);
    return 0;
}

int site_of(
    struct fetch *fetch, const struct source *source, struct site **ret_site, struct err *err)
{
    for (size_t i = 0; i < fetch->n_sites; i++)
        if (fetch->sites[i]->source == source) {
            *ret_site = fetch->sites[i];
            return 0;
        }
    struct site *site = xcalloc(1, sizeof *site);
    *array_push(fetch->sites, fetch->n_sites) = site;
    site->source = source;
    site->id = make_id(source);
    site->directory = xprintf("metadata/%s", site->id);
    site->transfer = (struct transfer_site){source->proxy, source->sslverify};
    int r = source->baseurls.n && address_is_local(source->baseurls.v[0])
                ? use_local(site, source->baseurls.v[0], err)
                : write_name(fetch, site, err);
    if (r == 0)
        *ret_site = site;
    return r;
}

void site_free(struct site *site)
{
    if (!site)
        return;
    mirrors_done(&site->mirrors);
    checksums_done(&site->repomd);
    keys_free(site->keys);
    free(site->id);
    free(site->local_root);
    free(site->directory);
    free(site);
}

/* ---- documents ---- */

static int open_local(const char *url, const char *what, struct err *err)
{
    auto_free char *path = address_is_local(url) ? address_path(url) : xstrdup(url);
    if (!path)
        return err_set(
            err, ERR_SYSTEM, -EINVAL, "cannot open %s: it is no path on this machine", what);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? err_errno(err, "cannot open %s", what) : fd;
}

static int open_cached(struct fetch *fetch, const char *name)
{
    int fd = openat(fetch->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    cache_touch(fetch, name);
    return fd;
}

int site_document(struct fetch *fetch, struct site *site, const char *url, const char *name,
    const char *what, struct err *err)
{
    if (!strstr(url, "://") || address_is_local(url))
        return open_local(url, what, err);
    auto_free char *kept = site_name(site, name);
    if (fetch->options.offline) {
        int fd = open_cached(fetch, kept);
        return fd < 0 ? site_is_offline(site, what, err) : fd;
    }
    int r = cache_make_directory(fetch, site->directory, err);
    if (r < 0)
        return r;
    struct transfer t = {.what = xprintf("%s of '%s'", what, site->source->name),
        .site = &site->transfer,
        .location = xstrdup(url),
        .partial_name = xprintf("%s-%s", site->id, name),
        .max_bytes = DOCUMENT_MAX,
        .fd = -1};
    r = fetch_transfer(fetch, &t, 1, NULL, err);
    if (r == 0)
        r = transfer_keep(&t, fetch->dir, kept, err);
    int fd = r == 0 ? open_cached(fetch, kept) : r;
    transfer_done(&t);
    return r == 0 && fd < 0 ? err_code(err, fd, "cannot open '%s' in the cache", kept) : fd;
}

/* ---- mirrors ---- */

static bool is_xml(int fd)
{
    char start[LOOK_BYTES];
    ssize_t n = pread(fd, start, sizeof start, 0);
    return n > 0 && memmem(start, (size_t)n, "<metalink", strlen("<metalink"));
}

static int read_list(struct fetch *fetch, struct site *site, const char *url, const char *name,
    struct strv *urls, struct err *err)
{
    auto_free char *shown = address_for_people(url);
    auto_free char *what = xprintf("the list of mirrors '%s'", shown);
    auto_close int fd = site_document(fetch, site, url, name, what, err);
    if (fd < 0)
        return err->code;
    /* Fedora's and EPEL's servers answer a mirrorlist= with either. */
    return is_xml(fd) ? metalink_read(fd, what, urls, &site->repomd, err)
                      : mirrorlist_read(fd, what, urls, err);
}

static int add_mirrors(struct site *site, const struct strv *urls, struct err *err)
{
    for (size_t i = 0; i < urls->n; i++)
        if (address_can_be_asked(urls->v[i]))
            strv_add(&site->mirrors.urls, urls->v[i]);
    if (!site->mirrors.urls.n)
        return err_set(err, ERR_NETWORK, -ENOENT,
            "the repository '%s' has no address that can be asked: of its %zu none is http, https "
            "or ftp",
            site->source->name, urls->n);
    site->mirrors.faults = xcalloc(site->mirrors.urls.n, sizeof *site->mirrors.faults);
    return 0;
}

int site_find_mirrors(struct fetch *fetch, struct site *site, struct err *err)
{
    const struct source *source = site->source;
    auto_strv struct strv urls = {0};
    int r = 0;
    if (site->mirrors.urls.n)
        return 0;
    for (size_t i = 0; i < source->baseurls.n; i++)
        strv_add(&urls, source->baseurls.v[i]);
    if (source->metalink)
        r = read_list(fetch, site, source->metalink, "metalink", &urls, err);
    if (r == 0 && source->mirrorlist)
        r = read_list(fetch, site, source->mirrorlist, "mirrorlist", &urls, err);
    return r < 0 ? r : add_mirrors(site, &urls, err);
}
