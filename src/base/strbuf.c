#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

void strbuf_add(struct strbuf *b, const void *bytes, size_t size)
{
    if (b->cap - b->len < size + 1) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap - b->len < size + 1)
            cap *= 2;
        b->s = xrealloc(b->s, cap);
        b->cap = cap;
    }
    if (size)
        memcpy(b->s + b->len, bytes, size);
    b->len += size;
    b->s[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
    strbuf_add(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_printf(struct strbuf *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    strbuf_puts(b, text);
}

/* The length of the UTF-8 sequence at s (1 to 4), or 0 if there is none. RFC 3629. */
static size_t utf8_length(const unsigned char *s)
{
    static const struct {
        unsigned char low, high, second_low, second_high, length;
    } forms[] = {
        {0x00, 0x7f, 0x00, 0xff, 1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if (s[0] < forms[i].low || s[0] > forms[i].high)
            continue;
        if (forms[i].length > 1 && (s[1] < forms[i].second_low || s[1] > forms[i].second_high))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

static void json_escape(struct strbuf *b, unsigned char c)
{
    if (c == '"' || c == '\\')
        strbuf_printf(b, "\\%c", c);
    else if (c == '\n')
        strbuf_puts(b, "\\n");
    else
        strbuf_printf(b, "\\u%04x", (unsigned)c);
}

void strbuf_json(struct strbuf *b, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    strbuf_putc(b, '"');
    while (*s) {
        size_t length = utf8_length(s);
        if (length == 1 && (*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f))
            json_escape(b, *s);
        else if (length)
            strbuf_add(b, s, length);
        else
            strbuf_puts(b, "\xef\xbf\xbd");
        s += length ? length : 1;
    }
    strbuf_putc(b, '"');
}

char *strbuf_steal(struct strbuf *b)
{
    char *s = b->s ? b->s : xstrdup("");
    *b = (struct strbuf){0};
    return s;
}

void strbuf_done(struct strbuf *b)
{
    free(b->s);
    *b = (struct strbuf){0};
}

void strv_add(struct strv *list, const char *s)
{
    *array_push(list->v, list->n) = xstrdup(s);
}

void strv_done(struct strv *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->v[i]);
    free(list->v);
    *list = (struct strv){0};
}

bool strv_has(const struct strv *list, const char *s)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->v[i], s) == 0)
            return true;
    return false;
}

void strv_arena_add(struct arena *arena, struct strv *list, const char *s)
{
    *arena_push(arena, list->v, list->n) = arena_strdup(arena, s);
}

void strv_arena_split(struct arena *arena, struct strv *list, const char *s, const char *separators)
{
    while (*(s += strspn(s, separators))) {
        size_t length = strcspn(s, separators);
        *arena_push(arena, list->v, list->n) = arena_strndup(arena, s, length);
        s += length;
    }
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t length = strlen(s), wanted = strlen(suffix);
    return length >= wanted && strcmp(s + length - wanted, suffix) == 0;
}
