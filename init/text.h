/* Strings without a C library: bounded, always NUL-terminated, nothing allocated. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t text_length(const char *s);
bool text_same(const char *a, const char *b);
bool text_same_any_case(const char *a, const char *b);
bool text_starts(const char *s, const char *prefix);
/* Copy what fits; true if all of it did. */
bool text_copy(char *ret, size_t size, const char *s);
/* Decimal digits from s; -1 when there are none, or anything else behind them. */
long text_number(const char *s);

/* A line being put together; what does not fit is dropped. Zero-initialize used and s[0]. */
struct line {
    size_t used;
    char s[6000];
};
/* %s (NULL: "(none)"), %c, %d, %u, %lu, %02x with their usual meaning. */
void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void line_add_list(struct line *line, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
