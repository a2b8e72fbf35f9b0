#include "initrd/cpio.h"

#include <string.h>
#include <sys/stat.h>

static void pad(struct strbuf *b)
{
    static const char zeros[4] = {0};
    strbuf_add(b, zeros, (4 - b->len % 4) % 4);
}

static void add_entry(struct strbuf *b, unsigned inode, const struct cpio_entry *e)
{
    size_t name_size = strlen(e->path) + 1;
    unsigned n_links = S_ISDIR(e->mode) ? 2 : 1;
    /* magic, inode, mode, uid, gid, links, time, size, device (2), rdev (2), name, checksum */
    strbuf_printf(b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", inode, e->mode,
        0U, 0U, n_links, 0U, (unsigned)e->size, 0U, 0U, e->rdev_major, e->rdev_minor,
        (unsigned)name_size, 0U);
    strbuf_add(b, e->path, name_size);
    pad(b);
    strbuf_add(b, e->bytes, e->size);
    pad(b);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct cpio_entry *)a)->path, ((const struct cpio_entry *)b)->path);
}

void cpio_write(struct cpio_entry *entries, size_t n, struct strbuf *ret)
{
    const struct cpio_entry trailer = {.path = "TRAILER!!!"};
    qsort(entries, n, sizeof *entries, by_path);
    for (size_t i = 0; i < n; i++)
        add_entry(ret, (unsigned)i + 1, &entries[i]);
    add_entry(ret, 0, &trailer);
}
