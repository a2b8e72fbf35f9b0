#include "text.h"

size_t text_length(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

bool text_same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_same_any_case(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool text_starts(const char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return false;
    return true;
}

bool text_copy(char *ret, size_t size, const char *s)
{
    size_t n = 0;
    for (; s[n] && n + 1 < size; n++)
        ret[n] = s[n];
    ret[n] = 0;
    return !s[n];
}

long text_number(const char *s)
{
    long value = 0;
    if (!*s)
        return -1;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || value > 100000000)
            return -1;
        value = value * 10 + (*s - '0');
    }
    return value;
}

static void add_char(struct line *line, char c)
{
    if (line->used + 1 < sizeof line->s) {
        line->s[line->used++] = c;
        line->s[line->used] = 0;
    }
}

static void add_text(struct line *line, const char *s)
{
    for (s = s ? s : "(none)"; *s; s++)
        add_char(line, *s);
}

/* Values are unsigned long, as i386 has no 64-bit division without libgcc; the caller scales what
 * is larger. */
static void add_number(struct line *line, unsigned long value, unsigned base, unsigned width)
{
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value || n < width);
    while (n)
        add_char(line, digits[--n]);
}

static void add_signed(struct line *line, int value)
{
    if (value < 0)
        add_char(line, '-');
    add_number(line, value < 0 ? 0UL - (unsigned long)value : (unsigned long)value, 10, 1);
}

void line_add_list(struct line *line, const char *format, va_list ap)
{
    for (const char *p = format; *p; p++) {
        if (*p != '%') {
            add_char(line, *p);
        } else if (*++p == 's') {
            add_text(line, va_arg(ap, const char *));
        } else if (*p == 'c') {
            add_char(line, (char)va_arg(ap, int));
        } else if (*p == 'd') {
            add_signed(line, va_arg(ap, int));
        } else if (*p == 'u') {
            add_number(line, va_arg(ap, unsigned), 10, 1);
        } else if (p[0] == 'l' && p[1] == 'u') {
            add_number(line, va_arg(ap, unsigned long), 10, 1);
            p++;
        } else if (text_starts(p, "02x")) {
            add_number(line, va_arg(ap, unsigned), 16, 2);
            p += 2;
        } else {
            return;
        }
    }
}

void line_add(struct line *line, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    line_add_list(line, format, ap);
    va_end(ap);
}
