/* The name that was probably meant: by edit distance (one step for a letter added, taken away,
 * changed, or two neighbours swapped), at most a third of the word's length away. */
#pragma once

#include <stddef.h>

struct nearest {
    const char *word, *best; /* best: NULL when nothing was near */
    size_t distance;
};

struct nearest nearest_to(const char *word);
/* Names must live as long as the struct. */
void nearest_offer(struct nearest *nearest, const char *name);
