#include "filesystem/swap.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"

#define PAGE_BYTES 4096
#define MIN_PAGES 10

struct swap_header {
    uint8_t boot[1024];
    uint32_t version, last_page, bad_pages;
    uint8_t uuid[16];
    char label[16];
    uint8_t rest[PAGE_BYTES - 1024 - 12 - 32 - 10];
    char magic[10];
};
_Static_assert(sizeof(struct swap_header) == PAGE_BYTES, "one page");

int swap_write(int fd, const struct filesystem_options *options, uint64_t offset_bytes,
    uint64_t size_bytes, struct err *err)
{
    uint64_t pages = size_bytes / PAGE_BYTES;
    struct swap_header header = {.version = 1};
    if (pages < MIN_PAGES)
        return err_set(err, ERR_RECIPE, -ENOSPC, "swap needs at least %d KiB", MIN_PAGES * 4);
    if (options->label && strlen(options->label) > sizeof header.label - 1)
        return err_set(err, ERR_RECIPE, -EINVAL, "the label '%s' of swap is longer than 15 bytes",
            options->label);
    header.last_page = pages - 1 < UINT32_MAX ? (uint32_t)(pages - 1) : UINT32_MAX;
    memcpy(header.uuid, options->uuid, sizeof header.uuid);
    if (options->label)
        memcpy(header.label, options->label, strlen(options->label));
    memcpy(header.magic, "SWAPSPACE2", sizeof header.magic);
    int r = file_pwrite_all(fd, &header, sizeof header, offset_bytes);
    return r < 0 ? err_code(err, r, "cannot write the swap area") : 0;
}
