#include "base/nearest.h"
#include "recipe/internal.h"

const char *suggest_name(const char *word, const char *const *names, size_t n)
{
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < n; i++)
        nearest_offer(&nearest, names[i]);
    return nearest.best;
}
