/* A Linux swap area, version 1 (mkswap(8), include/linux/swap.h): its header page. */
#pragma once

#include "filesystem/filesystem.h"

int swap_write(int fd, const struct filesystem_options *options, uint64_t offset_bytes,
    uint64_t size_bytes, struct err *err);
