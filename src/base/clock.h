/* Time that only goes forward, for limits and pauses. */
#pragma once

#include <stdint.h>

uint64_t clock_ms(void); /* milliseconds since some point; CLOCK_MONOTONIC */
