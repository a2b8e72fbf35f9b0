/* Metalinks, version 3 with MirrorManager's alternates, as Fedora's and EPEL's servers make them;
 * and plain lists of mirrors. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "fetch/repomd.h"
#include "fetch/xml.h"

#define MAX_ENTRIES 10000

struct hash {
    const char *type;
    char *value;
    bool is_alternate; /* of a repomd.xml that mirrors may still have */
};

struct link {
    char *url;
    long preference;
    size_t index; /* in the document */
};

struct metalink {
    bool is_there, is_inside, is_alternate; /* is_inside: of the file repomd.xml */
    const char *type;
    long preference;
    struct hash *hashes;
    struct link *links;
    size_t n_hashes, n_links;
};

static const char *on_start(
    void *data, unsigned depth, const char *name, const char *const *attributes)
{
    struct metalink *m = data;
    const char *value;
    if (depth == 1 && strcmp(name, "metalink") != 0)
        return "it is no metalink";
    if (depth == 3 && strcmp(name, "file") == 0) {
        value = xml_attribute(attributes, "name");
        m->is_inside = value && strcmp(value, "repomd.xml") == 0;
        m->is_there |= m->is_inside;
    } else if (strcmp(name, "alternates") == 0) {
        m->is_alternate = true;
    } else if (strcmp(name, "hash") == 0) {
        m->type = checksum_type(xml_attribute(attributes, "type"));
    } else if (strcmp(name, "url") == 0) {
        value = xml_attribute(attributes, "preference");
        m->preference = value ? strtol(value, NULL, 10) : 0;
    }
    return NULL;
}

static const char *on_end(void *data, unsigned depth, const char *name, const char *text)
{
    struct metalink *m = data;
    if (depth == 3)
        m->is_inside = false;
    if (strcmp(name, "alternates") == 0)
        m->is_alternate = false;
    if (!m->is_inside)
        return NULL;
    if (m->n_hashes == MAX_ENTRIES || m->n_links == MAX_ENTRIES)
        return "it is too long";
    if (strcmp(name, "hash") == 0 && checksum_is_valid(m->type, text))
        *array_push(m->hashes, m->n_hashes) =
            (struct hash){m->type, xstrdup(text), m->is_alternate};
    if (strcmp(name, "url") == 0) {
        size_t index = m->n_links;
        *array_push(m->links, m->n_links) = (struct link){xstrdup(text), m->preference, index};
    }
    return NULL;
}

static int by_preference(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    if (x->preference != y->preference)
        return x->preference < y->preference ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

static void copy_urls(struct metalink *m, struct strv *urls)
{
    static const char tail[] = "repodata/repomd.xml";
    if (m->n_links)
        qsort(m->links, m->n_links, sizeof *m->links, by_preference);
    for (size_t i = 0; i < m->n_links; i++) {
        const char *url = m->links[i].url;
        if (!str_ends(url, tail))
            continue;
        auto_free char *base = xstrndup(url, strlen(url) - strlen(tail));
        strv_add(urls, base);
    }
}

/* Of the strongest kind; those of alternates behind the newest file's. */
static void copy_hashes(const struct metalink *m, struct checksums *to)
{
    static const char *const strongest_first[] = {"sha512", "sha384", "sha256", "sha1", "md5"};
    for (size_t k = 0; k < ARRAY_SIZE(strongest_first) && !to->type; k++)
        for (size_t i = 0; i < m->n_hashes; i++)
            if (!m->hashes[i].is_alternate && strcmp(m->hashes[i].type, strongest_first[k]) == 0)
                to->type = m->hashes[i].type;
    for (int alternate = 0; alternate < 2; alternate++)
        for (size_t i = 0; to->type && i < m->n_hashes; i++)
            if (m->hashes[i].is_alternate == alternate && strcmp(m->hashes[i].type, to->type) == 0)
                strv_add(&to->hex, m->hashes[i].value);
}

int metalink_read(
    int fd, const char *what, struct strv *urls, struct checksums *ret_repomd, struct err *err)
{
    struct metalink m = {0};
    const struct xml_handler handler = {on_start, on_end, &m};
    int r = xml_read(fd, what, &handler, err);
    if (r == 0 && !m.is_there)
        r = err_set(err, ERR_NETWORK, -EBADMSG, "%s names no file repomd.xml", what);
    if (r == 0) {
        copy_urls(&m, urls);
        copy_hashes(&m, ret_repomd);
    }
    for (size_t i = 0; i < m.n_hashes; i++)
        free(m.hashes[i].value);
    for (size_t i = 0; i < m.n_links; i++)
        free(m.links[i].url);
    free(m.hashes);
    free(m.links);
    return r;
}

int mirrorlist_read(int fd, const char *what, struct strv *urls, struct err *err)
{
    auto_free char *text = NULL;
    size_t size = 0;
    int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, XML_MAX_BYTES, &text, &size);
    if (r < 0)
        return err_set(err, ERR_NETWORK, r, "%s can't be read: %s", what, strerror(-r));
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line && urls->n < MAX_ENTRIES;
         line = strtok_r(NULL, "\r\n", &rest)) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t")] = '\0';
        if (line[0] != '#' && strstr(line, "://"))
            strv_add(urls, line);
    }
    return 0;
}
