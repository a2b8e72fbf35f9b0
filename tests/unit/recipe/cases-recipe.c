/*
 * cases-recipe [--json] [--allow-nochroot] [--check] PATH: reads a recipe as slipway does and
 * prints what was understood, then the warnings; an error is printed and is the exit status. With
 * --check the first refusal is an error, too. If PATH is a directory, the recipe is PATH/main.ks.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "recipe/recipe.h"

static void print_warnings(const struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->n_warnings; i++)
        fprintf(stderr, "warning: %s:%u: %s\n", recipe->warnings[i].place.file,
            recipe->warnings[i].place.line, recipe->warnings[i].text);
}

static int print_error(struct err *err)
{
    fprintf(stderr, "error: %s\n", err->message);
    if (err->hint)
        fprintf(stderr, "hint: %s\n", err->hint);
    int status = (int)err->kind;
    err_done(err);
    return status;
}

int main(int argc, char **argv)
{
    struct recipe_options options = {0};
    bool json = false, check = false;
    for (int i = 1; i < argc - 1; i++) {
        json |= strcmp(argv[i], "--json") == 0;
        check |= strcmp(argv[i], "--check") == 0;
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
    if (recipe_read(path, &options, &recipe, &err) < 0)
        return print_error(&err);
    if (json)
        recipe_print_json(recipe, stdout);
    else
        recipe_print(recipe, stdout);
    print_warnings(recipe);
    if (check && recipe_check_supported(recipe, &err) < 0)
        return print_error(&err);
    return 0;
}
