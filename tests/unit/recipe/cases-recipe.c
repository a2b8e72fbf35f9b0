/*
 * cases-recipe [--json] [--allow-nochroot] [--quiet] PATH: reads a recipe as slipway does and
 * prints what was understood, then refusals and warnings; an error is printed and is the exit
 * status. If PATH is a directory, the recipe is PATH/main.ks.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "recipe/recipe.h"

static void print_messages(const struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->n_warnings; i++)
        fprintf(stderr, "warning: %s:%u: %s\n", recipe->warnings[i].place.file,
            recipe->warnings[i].place.line, recipe->warnings[i].text);
    for (size_t i = 0; i < recipe->n_refusals; i++) {
        const struct recipe_refusal *f = &recipe->refusals[i];
        fprintf(stderr, "refused: %s:%u: %s\n", f->place.file, f->place.line, f->text);
        if (f->hint)
            fprintf(stderr, "hint: %s\n", f->hint);
    }
}

int main(int argc, char **argv)
{
    struct recipe_options options = {0};
    bool json = false, quiet = false;
    for (int i = 1; i < argc - 1; i++) {
        json |= strcmp(argv[i], "--json") == 0;
        quiet |= strcmp(argv[i], "--quiet") == 0;
        options.allow_nochroot |= strcmp(argv[i], "--allow-nochroot") == 0;
    }
    if (argc < 2)
        return ERR_USAGE;
    auto_free char *path = xstrdup(argv[argc - 1]);
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        char *main_file = xprintf("%s/main.ks", path);
        free(path);
        path = main_file;
    }
    struct err err = {0};
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    if (recipe_read(path, &options, &recipe, &err) < 0) {
        fprintf(stderr, "error: %s\n", err.message);
        if (err.hint)
            fprintf(stderr, "hint: %s\n", err.hint);
        int status = (int)err.kind;
        err_done(&err);
        return status;
    }
    if (json)
        recipe_print_json(recipe, stdout);
    else if (!quiet)
        recipe_print(recipe, stdout);
    print_messages(recipe);
    return 0;
}
