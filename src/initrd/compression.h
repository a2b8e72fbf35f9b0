/*
 * Compressed bytes: modules as distributions ship them, and the archive as the kernel reads it.
 * Adapter of zlib, liblzma and libzstd. All output is the same for the same input.
 * Errors: ERR_CHECK for broken data, ERR_SYSTEM.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "initrd/initrd.h"

/* By the content's magic number, not the name; what is not compressed is copied. More than
 * max_bytes of result is an error. 'name' stands in messages. */
int compression_expand(const char *name, const void *bytes, size_t size, size_t max_bytes,
    struct strbuf *ret, struct err *err);

int compression_pack(enum initrd_compression compression, const void *bytes, size_t size,
    struct strbuf *ret, struct err *err);
