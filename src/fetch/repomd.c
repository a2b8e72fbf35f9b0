/* The adapter of librepo, for its readers of repomd.xml, metalinks and mirror lists. GError ends
 * here. Transfers are not librepo's: it drops what it has of a file when a transfer breaks off,
 * goes on without a pause at the next try, and keeps the mirrors' answers to itself. */
#include "fetch/repomd.h"

#include <errno.h>
#include <librepo/librepo.h>
#include <string.h>

#include "base/file.h"
#include "fetch/address.h"

#define MAX_COMPRESSED_BYTES ((int64_t)1 << 30)
#define MAX_DOCUMENT_BYTES ((size_t)16 << 20)
#define MAX_OPEN_BYTES ((int64_t)16 << 30)

void checksums_done(struct checksums *sums)
{
    strv_done(&sums->hex);
    *sums = (struct checksums){0};
}

/* libxml2's words, which librepo passes on, are lines, and quote the document. */
static char *one_line(const char *text)
{
    char *line = xstrdup(text);
    char *end = line;
    for (const char *p = text; *p; p++) {
        bool is_plain = (unsigned char)*p > ' ' && (unsigned char)*p < 0x7f;
        if (is_plain || (end > line && end[-1] != ' '))
            *end++ = is_plain ? *p : ' ';
    }
    if (end > line && end[-1] == ' ')
        end--;
    *end = '\0';
    return line;
}

static int broken(struct err *err, const char *what, GError *cause)
{
    auto_free char *why = one_line(cause ? cause->message : "it is none");
    g_clear_error(&cause);
    return err_set(err, ERR_NETWORK, -EBADMSG, "%s can't be read: %s", what, why);
}

/* Another encoding than UTF-8 named in the XML declaration (XML 1.0, 2.8), or what looks like one.
 */
static bool names_encoding(const char *text)
{
    static const char word[] = "encoding";
    const char *start = strstr(text, "<?xml");
    const char *end = start ? strstr(start, "?>") : NULL;
    if (!end)
        return start != NULL;
    while ((start = memmem(start, (size_t)(end - start), word, strlen(word)))) {
        start += strcspn(start, "\"'?");
        if (strncasecmp(start, "\"UTF-8\"", 7) != 0 && strncasecmp(start, "'UTF-8'", 7) != 0)
            return true;
    }
    return false;
}

/* What librepo is spared: it follows a null pointer where libxml2 can't convert a document, and
 * loses memory where there is a document type, with which entities would come. No repository has
 * either. Leaves the file at its start. */
static int check_text(int fd, const char *what, struct err *err)
{
    auto_free char *text = NULL;
    size_t size = 0;
    int r = file_read_fd(fd, MAX_DOCUMENT_BYTES, &text, &size);
    if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_code(err, r < 0 ? r : -errno, "%s can't be read", what);
    const char *fault = !g_utf8_validate(text, (gssize)size, NULL) ? "it is no UTF-8 text"
                        : names_encoding(text)                     ? "it is not said to be UTF-8"
                        : strstr(text, "<!DOCTYPE")                ? "it has a DOCTYPE"
                                                                   : NULL;
    if (!fault)
        return 0;
    return err_set(err, ERR_NETWORK, -EBADMSG, "%s can't be read: %s", what, fault);
}

static const char *record_fault(const LrYumRepoMdRecord *from, const char *type)
{
    if (!from->location_href || !address_is_inside(from->location_href))
        return "its location is outside the repository";
    if (from->location_base && !strstr(from->location_base, "://"))
        return "its base address is none";
    if (!type || !from->checksum || !checksum_is_valid(type, from->checksum))
        return "it has no checksum that is known here";
    if (from->size < 0 || from->size > MAX_COMPRESSED_BYTES || from->size_open > MAX_OPEN_BYTES)
        return "its size is out of this world";
    return NULL;
}

static int copy_record(LrYumRepoMd *from, const char *name, struct repomd_record *to,
    const char *what, struct err *err)
{
    const LrYumRepoMdRecord *record = lr_yum_repomd_get_record(from, name);
    if (!record)
        return 0;
    const char *type = checksum_type(record->checksum_type);
    const char *fault = record_fault(record, type);
    if (fault)
        return err_set(err, ERR_NETWORK, -EBADMSG, "%s: '%s' can't be used: %s", what, name, fault);
    *to = (struct repomd_record){.location = xstrdup(record->location_href),
        .base = record->location_base ? xstrdup(record->location_base) : NULL,
        .checksum_type = type,
        .checksum = xstrdup(record->checksum),
        .size_bytes = (uint64_t)record->size};
    return 0;
}

/* The first of these that there is. */
static int copy_first(LrYumRepoMd *from, const char *const *names, struct repomd_record *to,
    const char *what, struct err *err)
{
    int r = 0;
    for (; *names && !to->location && r == 0; names++)
        r = copy_record(from, *names, to, what, err);
    return r;
}

static int copy_records(LrYumRepoMd *from, struct repomd *to, const char *what, struct err *err)
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
    to->revision = from->revision ? xstrdup(from->revision) : NULL;
    return 0;
}

int repomd_read(int fd, const char *what, struct repomd **ret_repomd, struct err *err)
{
    int r = check_text(fd, what, err);
    if (r < 0)
        return r;
    GError *cause = NULL;
    LrYumRepoMd *parsed = lr_yum_repomd_init();
    auto_cleanup(repomd_free) struct repomd *repomd = xcalloc(1, sizeof *repomd);
    if (!lr_yum_repomd_parse_file(parsed, fd, NULL, NULL, &cause))
        r = broken(err, what, cause);
    else
        r = copy_records(parsed, repomd, what, err);
    lr_yum_repomd_free(parsed);
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

static const char *hash_of(const GSList *hashes, const char *type)
{
    for (; hashes; hashes = hashes->next) {
        const LrMetalinkHash *hash = hashes->data;
        const char *known = checksum_type(hash->type);
        if (known && strcmp(known, type) == 0 && checksum_is_valid(type, hash->value))
            return hash->value;
    }
    return NULL;
}

/* Mirrors that lag behind serve one of the alternates. */
static void copy_hashes(const LrMetalink *from, struct checksums *to)
{
    static const char *const strongest_first[] = {"sha512", "sha384", "sha256", "sha1", "md5"};
    for (size_t i = 0; i < ARRAY_SIZE(strongest_first) && !to->type; i++) {
        const char *value = hash_of(from->hashes, strongest_first[i]);
        if (!value)
            continue;
        to->type = strongest_first[i];
        strv_add(&to->hex, value);
        for (const GSList *a = from->alternates; a; a = a->next)
            if ((value = hash_of(((const LrMetalinkAlternate *)a->data)->hashes, to->type)))
                strv_add(&to->hex, value);
    }
}

static gint by_preference(gconstpointer a, gconstpointer b)
{
    const LrMetalinkUrl *first = a, *second = b;
    return (first->preference < second->preference) - (first->preference > second->preference);
}

int metalink_read(
    int fd, const char *what, struct strv *urls, struct checksums *ret_repomd, struct err *err)
{
    static const char tail[] = "repodata/repomd.xml";
    int r = check_text(fd, what, err);
    if (r < 0)
        return r;
    GError *cause = NULL;
    LrMetalink *metalink = lr_metalink_init();
    if (!lr_metalink_parse_file(metalink, fd, "repomd.xml", NULL, NULL, &cause)) {
        lr_metalink_free(metalink);
        return broken(err, what, cause);
    }
    GSList *sorted = g_slist_sort(g_slist_copy(metalink->urls), by_preference);
    for (const GSList *u = sorted; u; u = u->next) {
        const char *url = ((const LrMetalinkUrl *)u->data)->url;
        if (!url || !str_ends(url, tail))
            continue;
        auto_free char *base = xstrndup(url, strlen(url) - strlen(tail));
        strv_add(urls, base);
    }
    g_slist_free(sorted);
    copy_hashes(metalink, ret_repomd);
    lr_metalink_free(metalink);
    return 0;
}

int mirrorlist_read(int fd, const char *what, struct strv *urls, struct err *err)
{
    GError *cause = NULL;
    LrMirrorlist *list = lr_mirrorlist_init();
    int r = 0;
    if (!lr_mirrorlist_parse_file(list, fd, &cause))
        r = broken(err, what, cause);
    for (const GSList *u = list->urls; r == 0 && u; u = u->next)
        strv_add(urls, u->data);
    lr_mirrorlist_free(list);
    return r;
}
