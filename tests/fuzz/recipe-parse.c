/* A recipe of any bytes. Its %includes are looked for in a directory that is not there. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "recipe/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    struct recipe_options options = {.allow_nochroot = size % 2 == 0};
    struct err err = {0};
    int r = recipe_parse("/nonexistent/in.ks", (const char *)data, size, &options, &recipe, &err);
    if (r == 0) {
        FILE *out = fopen("/dev/null", "we");
        recipe_print(recipe, out);
        recipe_print_json(recipe, out);
        fclose(out);
        recipe_check_supported(recipe, &err);
    } else if (err.kind != ERR_RECIPE || !err.message) {
        abort();
    }
    err_done(&err);
    return 0;
}
