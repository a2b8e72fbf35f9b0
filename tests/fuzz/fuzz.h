/* A fuzz target: one input, no crash, no leak, no report of a sanitizer. Always returns 0. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
