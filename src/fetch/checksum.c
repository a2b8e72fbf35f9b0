#include "fetch/checksum.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)256 << 10)

struct checksum {
    EVP_MD_CTX *context;
};

static const struct {
    const char *name;
    size_t digits;
} types[] = {
    {"md5", 32}, {"sha1", 40}, {"sha224", 56}, {"sha256", 64}, {"sha384", 96}, {"sha512", 128}};

const char *checksum_type(const char *name)
{
    if (name && strcmp(name, "sha") == 0)
        return "sha1";
    for (size_t i = 0; name && i < ARRAY_SIZE(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].name;
    return NULL;
}

bool checksum_is_valid(const char *type, const char *hex)
{
    for (size_t i = 0; type && hex && i < ARRAY_SIZE(types); i++)
        if (strcmp(types[i].name, type) == 0)
            return strlen(hex) == types[i].digits &&
                   strspn(hex, "0123456789abcdef") == types[i].digits;
    return false;
}

struct checksum *checksum_new(const char *type)
{
    struct checksum *sum = xcalloc(1, sizeof *sum);
    const EVP_MD *kind = EVP_get_digestbyname(type);
    sum->context = EVP_MD_CTX_new();
    if (!kind || !sum->context || EVP_DigestInit_ex(sum->context, kind, NULL) != 1)
        abort();
    return sum;
}

void checksum_add(struct checksum *sum, const void *bytes, size_t size)
{
    if (EVP_DigestUpdate(sum->context, bytes, size) != 1)
        abort();
}

char *checksum_hex(struct checksum *sum)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_DigestFinal_ex(sum->context, bytes, &size) != 1)
        abort();
    char *hex = xcalloc(size * 2 + 1, 1);
    for (unsigned i = 0; i < size; i++) {
        hex[i * 2] = digits[bytes[i] >> 4];
        hex[i * 2 + 1] = digits[bytes[i] & 15];
    }
    return hex;
}

void checksum_free(struct checksum *sum)
{
    if (!sum)
        return;
    EVP_MD_CTX_free(sum->context);
    free(sum);
}

int checksum_file(struct checksum *sum, int fd, uint64_t size)
{
    auto_free unsigned char *block = xmalloc(BLOCK_BYTES);
    for (uint64_t at = 0; at < size;) {
        uint64_t left = size - at;
        ssize_t n = pread(fd, block, left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return size == UINT64_MAX ? 0 : -ENODATA;
        checksum_add(sum, block, (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}
