/* SHA-256 (FIPS 180-4), by libcrypto, and values derived from it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void digest_sha256(const void *bytes, size_t size, uint8_t ret[SHA256_BYTES]);
/* Lower-case hexadecimal of 'size' bytes; the caller frees. */
char *digest_hex(const uint8_t *bytes, size_t size);
/* An RFC 4122 UUID (version 8 bits, variant bits set) from a seed and a name: the same for the
 * same pair, unrelated for any other. */
void digest_uuid(const uint8_t seed[SHA256_BYTES], const char *name, uint8_t ret_uuid[16]);
/* 36 characters and NUL. */
void digest_uuid_text(const uint8_t uuid[16], char ret[37]);
