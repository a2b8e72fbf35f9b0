/*
 * What the rooms tell whoever watches: stages, how far they are, and remarks. Rooms never print;
 * cli/ renders this as bars on a terminal and as plain lines elsewhere. NULL is a valid watcher
 * that hears nothing. Calls come from one thread.
 */
#pragma once

#include <stdint.h>

enum progress_unit { PROGRESS_COUNT, PROGRESS_BYTES };
enum progress_note { PROGRESS_WARNING, PROGRESS_INFO, PROGRESS_DEBUG };

struct progress {
    /* A stage begins; total is 0 where it is not known. Stages do not nest. */
    void (*begin)(struct progress *p, const char *stage, enum progress_unit unit, uint64_t total);
    /* 'done' of total so far; item (may be NULL) is what is being worked on. */
    void (*advance)(struct progress *p, uint64_t done, const char *item);
    void (*end)(struct progress *p);
    /* A line for the reader: a warning is always shown, information with --verbose. */
    void (*note)(struct progress *p, enum progress_note level, const char *text);
};

void progress_begin(struct progress *p, const char *stage, enum progress_unit unit, uint64_t total);
void progress_advance(struct progress *p, uint64_t done, const char *item);
void progress_end(struct progress *p);
void progress_warn(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_info(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_debug(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
