/*
 * Progress for people, on stderr: one bar a stage on a terminal, plain lines ("install: 120 of 390
 * packages") otherwise, nothing but warnings with quiet. Also gives the console's pieces a place.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/progress.h"

struct terminal_progress {
    struct progress progress; /* first: handed to the rooms */
    FILE *out;
    bool is_terminal, verbose, quiet;
    const char *stage;
    enum progress_unit unit;
    uint64_t total, done;
    uint64_t started_ms, drawn_ms;
    unsigned next_percent; /* of plain lines */
    bool bar_is_drawn;
};

/* 'out' is borrowed. */
void terminal_progress_init(
    struct terminal_progress *progress, FILE *out, bool verbose, bool quiet);
