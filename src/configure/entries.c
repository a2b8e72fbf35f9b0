#include "configure/entries.h"

#include <string.h>

size_t entries_find(const struct strv *lines, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < lines->n; i++)
        if (strncmp(lines->v[i], name, n) == 0 && lines->v[i][n] == ':')
            return i;
    return NO_ENTRY;
}

/* The field's start; its length goes to *ret_size. NULL: the line is shorter. */
static const char *field_at(const char *line, size_t i, size_t *ret_size)
{
    while (i-- > 0) {
        line = strchr(line, ':');
        if (!line)
            return NULL;
        line++;
    }
    *ret_size = strcspn(line, ":");
    return line;
}

size_t entries_find_id(const struct strv *lines, size_t i, int64_t id)
{
    for (size_t k = 0; k < lines->n; k++)
        if (entry_number(lines->v[k], i) == id)
            return k;
    return NO_ENTRY;
}

char *entry_field(const char *line, size_t i)
{
    size_t size = 0;
    const char *field = field_at(line, i, &size);
    return field ? xstrndup(field, size) : xstrdup("");
}

int64_t entry_number(const char *line, size_t i)
{
    size_t size = 0;
    const char *field = field_at(line, i, &size);
    int64_t value = 0;
    if (!field || size == 0 || size > 10)
        return -1;
    for (size_t k = 0; k < size; k++) {
        if (field[k] < '0' || field[k] > '9')
            return -1;
        value = value * 10 + (field[k] - '0');
    }
    return value < UINT32_MAX ? value : -1;
}

void entry_set(char **line, size_t i, const char *value)
{
    auto_strbuf struct strbuf b = {0};
    const char *rest = *line;
    for (size_t k = 0; rest || k <= i; k++) {
        size_t size = rest ? strcspn(rest, ":") : 0;
        if (k)
            strbuf_putc(&b, ':');
        if (k == i)
            strbuf_puts(&b, value);
        else if (rest)
            strbuf_add(&b, rest, size);
        rest = rest && rest[size] ? rest + size + 1 : NULL;
    }
    free(*line);
    *line = strbuf_steal(&b);
}

bool entry_add_member(char **line, size_t i, const char *name)
{
    auto_free char *list = entry_field(*line, i);
    size_t n = strlen(name);
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || !p[n]))
            return false;
    auto_free char *longer = xprintf("%s%s%s", list, *list ? "," : "", name);
    entry_set(line, i, longer);
    return true;
}

int64_t entries_next_id(const struct strv *lines, size_t i, int64_t min, int64_t max)
{
    int64_t next = min;
    for (size_t k = 0; k < lines->n; k++) {
        int64_t used = entry_number(lines->v[k], i);
        if (used >= next && used <= max)
            next = used + 1;
    }
    if (next <= max)
        return next;
    for (next = min; next <= max; next++)
        if (entries_find_id(lines, i, next) == NO_ENTRY)
            return next;
    return -1;
}

bool entry_is_name(const char *name)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strspn(name, letters);
    if (n == 0 || n > 32 || (name[n] && strcmp(name + n, "$") != 0))
        return false;
    return name[0] != '-' && name[0] != '.' && name[strspn(name, "0123456789")];
}
