#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define KEY_MAX ((size_t)1 << 20)

/* Armored, or the octets of a packet (RFC 4880, 4.2). */
static bool is_key(const char *bytes, size_t size)
{
    return (size && (bytes[0] & 0x80)) || strstr(bytes, "-----BEGIN PGP PUBLIC KEY BLOCK-----");
}

static int read_key(
    struct fetch *fetch, struct site *site, const char *url, size_t i, struct err *err)
{
    auto_free char *name = xprintf("key-%zu", i);
    auto_free char *shown = address_for_people(url);
    auto_free char *what = xprintf("the key '%s'", shown);
    auto_close int fd = site_document(fetch, site, url, name, what, err);
    if (fd < 0)
        return err->code;
    char *bytes = NULL;
    size_t size = 0;
    int r = file_read_fd(fd, KEY_MAX, &bytes, &size);
    if (r < 0)
        return err_code(err, r, "cannot read %s", what);
    if (!is_key(bytes, size)) {
        free(bytes);
        return err_set(err, ERR_VERIFY, -ENOKEY, "%s is no OpenPGP public key", what);
    }
    *array_push(site->keys->v, site->keys->n) =
        (struct keys_text){.from = xstrdup(url), .bytes = bytes, .size = size};
    return 0;
}

int site_find_keys(struct fetch *fetch, struct site *site, struct err *err)
{
    if (site->keys)
        return 0;
    site->keys = xcalloc(1, sizeof *site->keys);
    int r = 0;
    for (size_t i = 0; i < site->source->gpgkeys.n && r == 0; i++)
        r = read_key(fetch, site, site->source->gpgkeys.v[i], i, err);
    if (r < 0)
        keys_free(steal(&site->keys));
    return r;
}

int site_needs_keys(const struct site *site, struct err *err)
{
    if (site->keys->n)
        return 0;
    err_set(err, ERR_VERIFY, -ENOKEY, "no key is known that may sign for the repository '%s'",
        site->source->name);
    return err_hint(err,
        "give --gpgkey FILE (or --no-gpgcheck to trust whoever serves it), or write "
        "--gpgkey=URL in its repo line");
}
