#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LENGTH 80

struct nearest nearest_to(const char *word)
{
    return (struct nearest){.word = word, .distance = strlen(word) / 3 + 1};
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance (optimal string alignment), letters' case apart. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = smaller(above[j] + 1, smaller(row[j - 1] + 1, above[j - 1] + (x != y)));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t na = strlen(nearest->word), nb = strlen(name);
    if (na == 0 || na > NAME_MAX_LENGTH || nb > NAME_MAX_LENGTH)
        return;
    if ((na > nb ? na - nb : nb - na) >= nearest->distance)
        return;
    size_t distance = edit_distance(nearest->word, na, name, nb);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
    }
}
