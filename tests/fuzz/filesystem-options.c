#include <string.h>

#include "filesystem/parameters.h"
#include "fuzz.h"

/* --mkfsoptions: what is taken is within its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *text = xcalloc(size + 1, 1);
    if (size)
        memcpy(text, data, size);
    struct err err = {0};
    struct parameters p = {0};
    struct filesystem_options options = {
        .fstype = size % 2 ? "ext4" : "ext3", .inode_size = 256, .mkfsoptions = text};
    if (parameters_make(&options, UINT64_C(1) << (20 + size % 20), &p, &err) == 0) {
        bool is_sane = p.block_size >= 1024 && p.block_size <= 4096 &&
                       (p.block_size & (p.block_size - 1)) == 0 && p.inode_size >= 128 &&
                       p.inode_size <= p.block_size && p.bytes_per_inode >= 1024 &&
                       p.reserved_percent >= 0 && p.reserved_percent <= 50 && !p.label[16];
        if (!is_sane)
            __builtin_trap();
    }
    err_done(&err);
    return 0;
}
