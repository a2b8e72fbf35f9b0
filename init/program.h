/* The init programs that were built, one an architecture, as bytes. The last has no name. */
#pragma once

#include <stddef.h>

struct init_program {
    const char *architecture; /* "x86_64" */
    const unsigned char *bytes;
    size_t size;
};

extern const struct init_program init_programs[];
