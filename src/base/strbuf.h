/*
 * A growing string. s is always NUL-terminated (also when empty) once anything was added; it may
 * hold NUL bytes, len counts them. Zero-initialize: struct strbuf b = {0}.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

struct strbuf {
    char *s;
    size_t len, cap;
};

void strbuf_add(struct strbuf *b, const void *bytes, size_t size);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Add s as a JSON string, in quotes; bytes that are not UTF-8 become U+FFFD. */
void strbuf_json(struct strbuf *b, const char *s);
/* The string, which the caller frees; the buffer is empty again. Never NULL. */
char *strbuf_steal(struct strbuf *b);
void strbuf_done(struct strbuf *b);
static inline void cleanup_strbuf(struct strbuf *b)
{
    strbuf_done(b);
}
#define auto_strbuf __attribute__((cleanup(cleanup_strbuf)))

/* A list of strings. */
struct strv {
    char **v;
    size_t n;
};
/* Lists that own their strings on the heap. */
void strv_add(struct strv *list, const char *s);
void strv_done(struct strv *list);
static inline void cleanup_strv(struct strv *list)
{
    strv_done(list);
}
#define auto_strv __attribute__((cleanup(cleanup_strv)))
bool strv_has(const struct strv *list, const char *s);
/* Lists in an arena. */
void strv_arena_add(struct arena *arena, struct strv *list, const char *s);
/* Add the non-empty pieces of s between any characters of 'separators'. */
void strv_arena_split(
    struct arena *arena, struct strv *list, const char *s, const char *separators);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
static inline bool str_empty(const char *s)
{
    return !s || !*s;
}
