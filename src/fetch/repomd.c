/* repomd.xml, as createrepo_c and its like write it. librepo's reader is not used: version 1.14.5
 * crashes on some of what is no XML. */
#include "fetch/repomd.h"

#include <errno.h>
#include <string.h>

#include "fetch/address.h"
#include "fetch/xml.h"

#define MAX_COMPRESSED_BYTES ((uint64_t)1 << 30)
#define MAX_RECORDS 1000

/* As it stands there; NULL for what is missing. */
struct raw_record {
    char *type, *location, *base, *checksum_type, *checksum, *size;
};

struct document {
    struct raw_record *v;
    size_t n;
    char *revision;
};

void checksums_done(struct checksums *sums)
{
    strv_done(&sums->hex);
    *sums = (struct checksums){0};
}

static void set(char **to, const char *value)
{
    free(*to);
    *to = value ? xstrdup(value) : NULL;
}

static const char *on_start(
    void *data, unsigned depth, const char *name, const char *const *attributes)
{
    struct document *d = data;
    if (depth == 1 && strcmp(name, "repomd") != 0)
        return "it is no repomd.xml";
    if (depth == 2 && strcmp(name, "data") == 0) {
        if (d->n == MAX_RECORDS)
            return "it lists too many files";
        struct raw_record *record = array_push(d->v, d->n);
        set(&record->type, xml_attribute(attributes, "type"));
    } else if (depth == 3 && d->n && strcmp(name, "location") == 0) {
        set(&d->v[d->n - 1].location, xml_attribute(attributes, "href"));
        set(&d->v[d->n - 1].base, xml_attribute(attributes, "xml:base"));
    } else if (depth == 3 && d->n && strcmp(name, "checksum") == 0) {
        set(&d->v[d->n - 1].checksum_type, xml_attribute(attributes, "type"));
    }
    return NULL;
}

static const char *on_end(void *data, unsigned depth, const char *name, const char *text)
{
    struct document *d = data;
    if (depth == 2 && strcmp(name, "revision") == 0)
        set(&d->revision, text);
    else if (depth == 3 && d->n && strcmp(name, "checksum") == 0)
        set(&d->v[d->n - 1].checksum, text);
    else if (depth == 3 && d->n && strcmp(name, "size") == 0)
        set(&d->v[d->n - 1].size, text);
    return NULL;
}

static void document_done(struct document *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct raw_record *r = &d->v[i];
        char *texts[] = {r->type, r->location, r->base, r->checksum_type, r->checksum, r->size};
        for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
            free(texts[k]);
    }
    free(d->v);
    free(d->revision);
}

static bool read_size(const char *text, uint64_t *ret_bytes)
{
    *ret_bytes = 0;
    if (str_empty(text))
        return true;
    if (strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    *ret_bytes = strtoull(text, NULL, 10);
    return !errno && *ret_bytes <= MAX_COMPRESSED_BYTES;
}

static int copy_record(
    const struct raw_record *from, struct repomd_record *to, const char *what, struct err *err)
{
    const char *type = checksum_type(from->checksum_type), *fault = NULL;
    uint64_t size_bytes = 0;
    if (!from->location || !address_is_inside(from->location))
        fault = "its location is outside the repository";
    else if (from->base && !address_can_be_asked(from->base))
        fault = "its base address is none that can be asked";
    else if (!type || !from->checksum || !checksum_is_valid(type, from->checksum))
        fault = "it has no checksum that is known here";
    else if (!read_size(from->size, &size_bytes))
        fault = "its size is out of this world";
    if (fault)
        return err_set(
            err, ERR_NETWORK, -EBADMSG, "%s: '%s' can't be used: %s", what, from->type, fault);
    *to = (struct repomd_record){.location = xstrdup(from->location),
        .base = from->base ? xstrdup(from->base) : NULL,
        .checksum_type = type,
        .checksum = xstrdup(from->checksum),
        .size_bytes = size_bytes};
    return 0;
}

/* The first of these that there is. */
static int copy_first(const struct document *d, const char *const *names, struct repomd_record *to,
    const char *what, struct err *err)
{
    for (; *names; names++)
        for (size_t i = 0; i < d->n; i++)
            if (d->v[i].type && strcmp(d->v[i].type, *names) == 0)
                return copy_record(&d->v[i], to, what, err);
    return 0;
}

static int copy_records(
    const struct document *from, struct repomd *to, const char *what, struct err *err)
{
    static const char *const primary[] = {"primary", NULL},
                             *const filelists[] = {"filelists", NULL},
                             *const modules[] = {"modules", NULL};
    static const char *const group[] = {
        "group_gz", "group_xz", "group_zst", "group_bz2", "group", NULL};
    int r;
    if ((r = copy_first(from, primary, &to->primary, what, err)) < 0 ||
        (r = copy_first(from, filelists, &to->filelists, what, err)) < 0 ||
        (r = copy_first(from, group, &to->group, what, err)) < 0 ||
        (r = copy_first(from, modules, &to->modules, what, err)) < 0)
        return r;
    if (!to->primary.location)
        return err_set(err, ERR_NETWORK, -EBADMSG, "%s names no list of packages (primary)", what);
    return 0;
}

int repomd_read(int fd, const char *what, struct repomd **ret_repomd, struct err *err)
{
    struct document document = {0};
    const struct xml_handler handler = {on_start, on_end, &document};
    auto_cleanup(repomd_free) struct repomd *repomd = xcalloc(1, sizeof *repomd);
    int r = xml_read(fd, what, &handler, err);
    if (r == 0)
        r = copy_records(&document, repomd, what, err);
    repomd->revision = steal(&document.revision);
    document_done(&document);
    if (r == 0)
        *ret_repomd = steal(&repomd);
    return r;
}

void repomd_free(struct repomd *repomd)
{
    if (!repomd)
        return;
    struct repomd_record *records[] = {
        &repomd->primary, &repomd->filelists, &repomd->group, &repomd->modules};
    for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
        free(records[i]->location);
        free(records[i]->base);
        free(records[i]->checksum);
    }
    free(repomd->revision);
    free(repomd);
}
