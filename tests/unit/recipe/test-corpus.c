/*
 * test-corpus DIRECTORY: reads the recipes and the bad inputs of DIRECTORY/corpus, includes and
 * errors, and compares with corpus.h. Without DIRECTORY it is skipped; SLIPWAY_KICKSTART in the
 * environment names another place.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corpus.h"
#include "recipe/recipe.h"

static const char *directory;

/* Read DIRECTORY/FOLDER/FILE; its name in messages is the whole path. */
static int read_file(const char *folder, const char *file, struct recipe **ret, struct err *err)
{
    auto_free char *path = xprintf("%s/%s/%s", directory, folder, file);
    return recipe_read(path, NULL, ret, err);
}

static bool is_refused(const char *file)
{
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (strcmp(refused[i].file, file) == 0)
            return true;
    return false;
}

/* Everything parses; what is not in the table is without refusal. */
static void every_recipe_parses(void **state)
{
    (void)state;
    auto_free char *pattern = xprintf("%s/corpus/*.ks", directory);
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    size_t with_refusals = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct err err = {0};
        auto_cleanup(recipe_free) struct recipe *recipe = NULL;
        if (recipe_read(files.gl_pathv[i], NULL, &recipe, &err) < 0)
            fail_msg("%s: %s", files.gl_pathv[i], err.message);
        const char *name = strrchr(files.gl_pathv[i], '/') + 1;
        with_refusals += recipe->n_refusals > 0;
        if ((recipe->n_refusals > 0) != is_refused(name))
            fail_msg("%s: %zu refusals, first: %s", name, recipe->n_refusals,
                recipe->n_refusals ? recipe->refusals[0].text : "none");
    }
    assert_int_equal(files.gl_pathc, RECIPES);
    assert_int_equal(with_refusals, RECIPES_REFUSED);
    globfree(&files);
}

static void what_is_refused_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct err err = {0};
        auto_cleanup(recipe_free) struct recipe *recipe = NULL;
        assert_int_equal(read_file("corpus", refused[i].file, &recipe, &err), 0);
        if (recipe->n_refusals != refused[i].refusals)
            fail_msg("%s: %zu refusals", refused[i].file, recipe->n_refusals);
        bool found = false;
        for (size_t j = 0; j < recipe->n_refusals; j++) {
            found |= strstr(recipe->refusals[j].text, refused[i].text) != NULL;
            assert_true(recipe->refusals[j].place.line > 0);
            assert_non_null(recipe->refusals[j].hint);
        }
        if (!found)
            fail_msg("%s: no refusal says: %s", refused[i].file, refused[i].text);
        assert_int_equal(recipe_check_supported(recipe, &err), -EINVAL);
        assert_int_equal(err.kind, ERR_RECIPE);
        assert_non_null(strstr(err.message, refused[i].file));
        err_done(&err);
    }
}

static void values_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        struct err err = {0};
        auto_cleanup(recipe_free) struct recipe *recipe = NULL;
        assert_int_equal(read_file("corpus", facts[i].file, &recipe, &err), 0);
        auto_free char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        recipe_print(recipe, out);
        fclose(out);
        auto_free char *line = xprintf("\n%s\n", facts[i].line);
        auto_free char *line_with_place = xprintf("\n%s (", facts[i].line);
        if (!strstr(text, line) && !strstr(text, line_with_place))
            fail_msg("%s: no line '%s' in\n%s", facts[i].file, facts[i].line, text);
    }
}

static void every_include_tree_parses(void **state)
{
    (void)state;
    auto_free char *pattern = xprintf("%s/includes/*/*.ks", directory);
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct err err = {0};
        auto_cleanup(recipe_free) struct recipe *recipe = NULL;
        if (recipe_read(files.gl_pathv[i], NULL, &recipe, &err) < 0)
            fail_msg("%s: %s", files.gl_pathv[i], err.message);
        for (size_t j = 0; j < recipe->n_refusals; j++)
            if (strstr(recipe->refusals[j].text, "%include"))
                fail_msg("%s: %s", files.gl_pathv[i], recipe->refusals[j].text);
    }
    assert_int_equal(files.gl_pathc, 18);
    globfree(&files);
}

/* What comes of it, as text 'KIND LINE TEXT'. */
static char *first_message(const struct recipe *recipe, char kind)
{
    const struct recipe_warning *list = kind == 'W' ? recipe->warnings : recipe->notes;
    size_t n = kind == 'W' ? recipe->n_warnings : recipe->n_notes;
    if (kind == 'R')
        return recipe->n_refusals
                   ? xprintf("R %u %s", recipe->refusals[0].place.line, recipe->refusals[0].text)
                   : xstrdup("no refusal");
    for (size_t i = 0; i < n; i++)
        if (!strstr(list[i].text, "there is no %packages section"))
            return xprintf("%c %u %s", kind, list[i].place.line, list[i].text);
    return xstrdup("nothing is said");
}

static void check_bad_input(size_t i)
{
    struct err err = {0};
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    int r = read_file("errors", bad_inputs[i].file, &recipe, &err);
    auto_free char *got = r < 0 ? xstrdup(err.message) : first_message(recipe, bad_inputs[i].kind);
    if (bad_inputs[i].kind == 'E') {
        auto_free char *place = xprintf("%s:%u: ", bad_inputs[i].file, bad_inputs[i].line);
        if (r >= 0 || !strstr(got, place) || !strstr(got, bad_inputs[i].text) || !err.hint)
            fail_msg("%s: got: %s", bad_inputs[i].file, got);
        assert_int_equal(err.kind, ERR_RECIPE);
    } else if (bad_inputs[i].kind == ' ') {
        assert_int_equal(r, 0);
        assert_int_equal(recipe->n_refusals, 0);
    } else {
        auto_free char *begin = xprintf("%c %u ", bad_inputs[i].kind, bad_inputs[i].line);
        if (r < 0 || !str_starts(got, begin) || !strstr(got, bad_inputs[i].text))
            fail_msg("%s: got: %s", bad_inputs[i].file, got);
    }
    err_done(&err);
}

static void bad_inputs_are_explained(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_SIZE(bad_inputs), 54);
    for (size_t i = 0; i < ARRAY_SIZE(bad_inputs); i++)
        check_bad_input(i);
}

int main(int argc, char **argv)
{
    const char *override = getenv("SLIPWAY_KICKSTART");
    directory = override ? override : argc > 1 ? argv[1] : "";
    auto_free char *probe = xprintf("%s/corpus", directory);
    if (access(probe, R_OK) < 0) {
        printf("skipped: there is no '%s' to test against\n", probe);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe_parses),
        cmocka_unit_test(what_is_refused_is_named),
        cmocka_unit_test(values_are_exact),
        cmocka_unit_test(every_include_tree_parses),
        cmocka_unit_test(bad_inputs_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
