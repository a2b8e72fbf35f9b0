#include "initrd/compression.h"

#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE_BYTES ((size_t)256 * 1024)

static int broken(struct err *err, const char *name, const char *format)
{
    return err_set(err, ERR_CHECK, -EBADMSG, "'%s' is broken: its %s data can't be decompressed",
        name, format);
}

static int too_large(struct err *err, const char *name, size_t max_bytes)
{
    return err_set(err, ERR_CHECK, -EFBIG, "'%s' is larger than %zu MiB", name, max_bytes >> 20);
}

static int expand_gzip(const char *name, const void *bytes, size_t size, size_t max_bytes,
    struct strbuf *ret, struct err *err)
{
    auto_free unsigned char *piece = xmalloc(PIECE_BYTES);
    auto_free unsigned char *input = xmemdup(bytes, size);
    z_stream z = {.next_in = input, .avail_in = (uInt)size};
    if (size > UINT32_MAX || inflateInit2(&z, 15 + 16) != Z_OK)
        return broken(err, name, "gzip");
    int r;
    do {
        z.next_out = piece;
        z.avail_out = (uInt)PIECE_BYTES;
        r = inflate(&z, Z_NO_FLUSH);
        strbuf_add(ret, piece, PIECE_BYTES - z.avail_out);
    } while (r == Z_OK && ret->len <= max_bytes);
    inflateEnd(&z);
    if (ret->len > max_bytes)
        return too_large(err, name, max_bytes);
    return r == Z_STREAM_END ? 0 : broken(err, name, "gzip");
}

static int expand_xz(const char *name, const void *bytes, size_t size, size_t max_bytes,
    struct strbuf *ret, struct err *err)
{
    auto_free uint8_t *piece = xmalloc(PIECE_BYTES);
    lzma_stream z = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&z, (uint64_t)256 << 20, 0) != LZMA_OK)
        return broken(err, name, "xz");
    z.next_in = bytes;
    z.avail_in = size;
    lzma_ret r;
    do {
        z.next_out = piece;
        z.avail_out = PIECE_BYTES;
        r = lzma_code(&z, LZMA_FINISH);
        strbuf_add(ret, piece, PIECE_BYTES - z.avail_out);
    } while (r == LZMA_OK && ret->len <= max_bytes);
    lzma_end(&z);
    if (ret->len > max_bytes)
        return too_large(err, name, max_bytes);
    return r == LZMA_STREAM_END ? 0 : broken(err, name, "xz");
}

static int expand_zstd(const char *name, const void *bytes, size_t size, size_t max_bytes,
    struct strbuf *ret, struct err *err)
{
    auto_free uint8_t *piece = xmalloc(PIECE_BYTES);
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = {bytes, size, 0};
    size_t r = 1;
    bool stuck = !z;
    while (!stuck && r && !ZSTD_isError(r) && ret->len <= max_bytes) {
        ZSTD_outBuffer out = {piece, PIECE_BYTES, 0};
        r = ZSTD_decompressStream(z, &out, &in);
        strbuf_add(ret, piece, out.pos);
        stuck = in.pos == in.size && out.pos < out.size;
    }
    ZSTD_freeDStream(z);
    if (ret->len > max_bytes)
        return too_large(err, name, max_bytes);
    return r ? broken(err, name, "zstd") : 0;
}

int compression_expand(const char *name, const void *bytes, size_t size, size_t max_bytes,
    struct strbuf *ret, struct err *err)
{
    if (size >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0)
        return expand_gzip(name, bytes, size, max_bytes, ret, err);
    if (size >= 6 && memcmp(bytes,
                         "\xfd"
                         "7zXZ",
                         6) == 0)
        return expand_xz(name, bytes, size, max_bytes, ret, err);
    if (size >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0)
        return expand_zstd(name, bytes, size, max_bytes, ret, err);
    if (size > max_bytes)
        return too_large(err, name, max_bytes);
    strbuf_add(ret, bytes, size);
    return 0;
}

static int pack_failed(struct err *err, const char *library)
{
    return err_set(err, ERR_SYSTEM, -EIO, "%s can't compress the initramfs", library);
}

static int pack_gzip(const void *bytes, size_t size, struct strbuf *ret, struct err *err)
{
    auto_free unsigned char *input = xmemdup(bytes, size);
    z_stream z = {.next_in = input, .avail_in = (uInt)size};
    if (size > UINT32_MAX ||
        deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return pack_failed(err, "zlib");
    size_t bound = deflateBound(&z, (uLong)size);
    auto_free unsigned char *output = xmalloc(bound);
    z.next_out = output;
    z.avail_out = (uInt)bound;
    int r = deflate(&z, Z_FINISH);
    strbuf_add(ret, output, bound - z.avail_out);
    deflateEnd(&z);
    return r == Z_STREAM_END ? 0 : pack_failed(err, "zlib");
}

/* The kernel's decoder knows CRC32 only (Documentation/staging/xz.rst). */
static int pack_xz(const void *bytes, size_t size, struct strbuf *ret, struct err *err)
{
    size_t bound = lzma_stream_buffer_bound(size), used = 0;
    auto_free uint8_t *output = xmalloc(bound);
    if (lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, bytes, size, output, &used, bound) !=
        LZMA_OK)
        return pack_failed(err, "liblzma");
    strbuf_add(ret, output, used);
    return 0;
}

static int pack_zstd(const void *bytes, size_t size, struct strbuf *ret, struct err *err)
{
    size_t bound = ZSTD_compressBound(size);
    auto_free uint8_t *output = xmalloc(bound);
    size_t used = ZSTD_compress(output, bound, bytes, size, 9);
    if (ZSTD_isError(used))
        return pack_failed(err, "libzstd");
    strbuf_add(ret, output, used);
    return 0;
}

int compression_pack(enum initrd_compression compression, const void *bytes, size_t size,
    struct strbuf *ret, struct err *err)
{
    switch (compression) {
    case INITRD_GZIP:
        return pack_gzip(bytes, size, ret, err);
    case INITRD_XZ:
        return pack_xz(bytes, size, ret, err);
    case INITRD_ZSTD:
        return pack_zstd(bytes, size, ret, err);
    case INITRD_NONE:
        break;
    }
    strbuf_add(ret, bytes, size);
    return 0;
}
