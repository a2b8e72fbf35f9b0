#include <ctype.h>
#include <string.h>

#include "recipe/internal.h"

#define LONGEST 40

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap neighbours) that make b of a; case is not counted. */
static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][LONGEST + 1];
    unsigned *older = rows[0], *old = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        older[j] = old[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            now[j] = min3(old[j] + 1, now[j - 1] + 1, old[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                tolower((unsigned char)a[i - 2]) == y && older[j - 2] + 1 < now[j])
                now[j] = older[j - 2] + 1;
        }
        unsigned *free_row = older;
        older = old;
        old = now;
        now = free_row;
    }
    return old[b_len];
}

const char *suggest_name(const char *word, const char *const *names, size_t n)
{
    size_t len = strlen(word);
    if (len < 2 || len > LONGEST)
        return NULL;
    unsigned limit = len <= 4 ? 1 : len <= 8 ? 2 : 3;
    const char *best = NULL;
    unsigned best_distance = limit + 1;
    for (size_t i = 0; i < n; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > LONGEST)
            continue;
        unsigned d = edit_distance(word, len, names[i], name_len);
        if (d < best_distance) {
            best_distance = d;
            best = names[i];
        }
    }
    return best;
}
