#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

void digest_sha256(const void *bytes, size_t size, uint8_t ret[SHA256_BYTES])
{
    if (!EVP_Digest(bytes, size, ret, NULL, EVP_sha256(), NULL))
        abort();
}

char *digest_hex(const uint8_t *bytes, size_t size)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < size; i++)
        strbuf_printf(&b, "%02x", bytes[i]);
    return strbuf_steal(&b);
}

void digest_uuid(const uint8_t seed[SHA256_BYTES], const char *name, uint8_t ret_uuid[16])
{
    auto_strbuf struct strbuf b = {0};
    uint8_t digest[SHA256_BYTES];
    strbuf_add(&b, seed, SHA256_BYTES);
    strbuf_puts(&b, name);
    digest_sha256(b.s, b.len, digest);
    memcpy(ret_uuid, digest, 16);
    ret_uuid[6] = (uint8_t)((ret_uuid[6] & 0x0f) | 0x80);
    ret_uuid[8] = (uint8_t)((ret_uuid[8] & 0x3f) | 0x80);
}

void digest_uuid_text(const uint8_t uuid[16], char ret[37])
{
    auto_free char *hex = digest_hex(uuid, 16);
    snprintf(ret, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
