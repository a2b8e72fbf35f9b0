/* Checksums of the kinds that repositories use: md5, sha1 (also called "sha"), sha224, sha256,
 * sha384, sha512; by libcrypto. Values are lower-case hexadecimal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* The name as it is used here ("sha" is "sha1"), or NULL for a kind that is not known. */
const char *checksum_type(const char *name);
/* Is 'hex' such a checksum, by length and letters? Capitals are none. */
bool checksum_is_valid(const char *type, const char *hex);

struct checksum;                                 /* one being computed */
struct checksum *checksum_new(const char *type); /* type as checksum_type() gave it */
void checksum_add(struct checksum *sum, const void *bytes, size_t size);
/* Ends the computation; the caller frees. */
char *checksum_hex(struct checksum *sum);
void checksum_free(struct checksum *sum);
DEFINE_CLEANUP(struct checksum *, checksum_free)

/* Of the first 'size' bytes of a file (UINT64_MAX: all of it), from its start; the file's offset
 * is not moved. Shorter than size: -ENODATA. */
int checksum_file(struct checksum *sum, int fd, uint64_t size);
