#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "recipe/recipe.h"

static struct recipe *parse(const char *text)
{
    struct err err = {0};
    struct recipe *recipe = NULL;
    if (recipe_parse("t.ks", text, strlen(text), NULL, &recipe, &err) < 0)
        fail_msg("%s", err.message);
    return recipe;
}

static void assert_error(const char *text, size_t size, const char *message)
{
    struct err err = {0};
    struct recipe *recipe = NULL;
    assert_int_equal(recipe_parse("t.ks", text, size, NULL, &recipe, &err), -EINVAL);
    assert_null(recipe);
    assert_int_equal(err.kind, ERR_RECIPE);
    assert_string_equal(err.message, message);
    err_done(&err);
}

static void silence_is_kept(void **state)
{
    (void)state;
    auto_cleanup(recipe_free) struct recipe *r = parse("%packages\n%end\n");
    assert_null(r->lang);
    assert_int_equal(r->bootloader.timeout, -1);
    assert_false(r->bootloader.set);
    assert_int_equal(r->firewall.enabled, RECIPE_UNSET);
    assert_int_equal(r->selinux, SELINUX_UNSET);
    assert_false(r->rootpw.set);
    assert_false(r->rootpw.lock);
    assert_int_equal(r->n_warnings + r->n_refusals + r->n_notes, 0);
}

static void fields_and_places(void **state)
{
    (void)state;
    auto_cleanup(recipe_free) struct recipe *r =
        parse("user --name=ada\nrepo --name=x --baseurl=http://x/\n"
              "part / --size=1 --grow --mkfsoptions \"-m 0\"\nrootpw --lock --iscrypted x\n"
              "%post\na\n%end\n");
    assert_int_equal(r->users[0].uid, -1);
    assert_int_equal(r->users[0].gid, -1);
    assert_false(r->users[0].password.set);
    assert_int_equal(r->repos[0].cost, -1);
    assert_int_equal(r->repos[0].priority, -1);
    assert_int_equal(r->parts[0].kind, PART_FILESYSTEM);
    assert_true(r->parts[0].has_size);
    assert_string_equal(r->parts[0].mkfsoptions, "-m 0");
    assert_string_equal(r->parts[0].place.file, "t.ks");
    assert_int_equal(r->parts[0].place.line, 3);
    assert_true(r->rootpw.set && r->rootpw.lock && r->rootpw.is_crypted);
    assert_string_equal(r->rootpw.text, "x");
    assert_string_equal(r->scripts[0].text, "a\n");
    assert_string_equal(r->scripts[0].interpreter, "/bin/sh");
}

static void url_comes_first(void **state)
{
    (void)state;
    auto_cleanup(recipe_free) struct recipe *r =
        parse("repo --name=a --baseurl=http://a/\nrepo --name=b --baseurl=http://b/\n"
              "url --url=http://u/\n%packages\n%end\n");
    assert_int_equal(r->n_repos, 3);
    assert_string_equal(r->repos[0].name, "url");
    assert_string_equal(r->repos[1].name, "a");
    assert_string_equal(r->repos[2].name, "b");
}

static void passwords_are_masked(void **state)
{
    (void)state;
    auto_cleanup(recipe_free) struct recipe *r =
        parse("rootpw --plaintext s3cret\nuser --name=a --password=s3cret\n"
              "bootloader --password=s3cret\nuser --name=b --iscrypted --password=s3cret\n"
              "%packages\n%end\n");
    auto_free char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    recipe_print(r, out);
    recipe_print_json(r, out);
    fclose(out);
    assert_null(strstr(text, "s3cret"));
    assert_non_null(strstr(text, "********"));
}

static void first_refusal_becomes_the_error(void **state)
{
    (void)state;
    auto_cleanup(recipe_free) struct recipe *r =
        parse("%pre\nparted /dev/sda mkpart primary 1 2\n%end\npart / --onpart=sda1\n"
              "%packages\n%end\n");
    struct err err = {0};
    assert_int_equal(r->n_refusals, 2);
    assert_int_equal(recipe_check_supported(r, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_RECIPE);
    assert_true(str_starts(err.message, "t.ks:1: %pre: it makes partitions itself"));
    assert_non_null(strstr(err.message, "(and 1 more that can't be done)"));
    assert_non_null(err.hint);
    err_done(&err);
}

static void nochroot_can_be_allowed(void **state)
{
    (void)state;
    const char *text = "%post --nochroot\n%end\n%packages\n%end\n";
    struct recipe_options options = {.allow_nochroot = true};
    struct err err = {0};
    auto_cleanup(recipe_free) struct recipe *r = NULL;
    assert_int_equal(recipe_parse("t.ks", text, strlen(text), &options, &r, &err), 0);
    assert_int_equal(recipe_check_supported(r, &err), 0);
    assert_true(r->scripts[0].nochroot);
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    assert_error("lang C\nx\0y\n", 11, "t.ks:2: there is a NUL byte in this line");
    assert_error("", 0, "t.ks:1: the recipe is empty");
    assert_error("\xef\xbb\xbf", 3, "t.ks:1: the recipe is empty");
    assert_error("lang \x07\n", 7, "t.ks:1: lang: '\\x07' is no locale");
}

static void long_words_and_lines(void **state)
{
    (void)state;
    size_t n = 300000;
    auto_free char *text = xmalloc(n + 200);
    memcpy(text, "user --name=", 12);
    memset(text + 12, 'a', n);
    strcpy(text + 12 + n, "\n");
    struct err err = {0};
    struct recipe *r = NULL;
    assert_int_equal(recipe_parse("t.ks", text, strlen(text), NULL, &r, &err), -EINVAL);
    assert_non_null(strstr(err.message, "is no name of a user"));
    err_done(&err);
}

static void write_text(int dir, const char *name, const char *text)
{
    assert_int_equal(file_write_in(dir, name, text, strlen(text), 0644), 0);
}

static int read_in(const char *path, const char *name, struct recipe **ret, struct err *err)
{
    auto_free char *full = xprintf("%s/%s", path, name);
    return recipe_read(full, NULL, ret, err);
}

/* A tower of includes, and a file that includes a FIFO: neither hangs nor recurses without end. */
static void includes_have_limits(void **state)
{
    (void)state;
    char path[] = "/tmp/slipway-recipe-XXXXXX";
    assert_non_null(mkdtemp(path));
    auto_close int dir = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 40; i++) {
        auto_free char *name = xprintf("%d.ks", i);
        auto_free char *text = xprintf("%%include %d.ks\n", i + 1);
        write_text(dir, name, text);
    }
    struct err err = {0};
    auto_cleanup(recipe_free) struct recipe *r = NULL;
    assert_int_equal(read_in(path, "0.ks", &r, &err), -EINVAL);
    assert_non_null(strstr(err.message, "more than 20 files deep"));
    err_done(&err);

    for (int i = 0; i < 15; i++) { /* each includes the next twice: 2^15 files */
        auto_free char *name = xprintf("b%d.ks", i);
        auto_free char *text = xprintf("%%include b%d.ks\n%%include b%d.ks\n", i + 1, i + 1);
        write_text(dir, name, text);
    }
    write_text(dir, "b15.ks", "lang C\n");
    assert_int_equal(read_in(path, "b0.ks", &r, &err), -EINVAL);
    assert_non_null(strstr(err.message, "more than 500 files are included"));
    err_done(&err);

    assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
    write_text(dir, "f.ks", "%include fifo\n%packages\n%end\n");
    assert_int_equal(read_in(path, "f.ks", &r, &err), 0);
    assert_non_null(strstr(r->refusals[0].text, "cannot read 'fifo': not a regular file"));
    assert_int_equal(file_remove_tree(AT_FDCWD, path), 0);
}

static void absent_recipe(void **state)
{
    (void)state;
    struct err err = {0};
    struct recipe *r = NULL;
    assert_int_equal(recipe_read("/nonexistent/a.ks", NULL, &r, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_RECIPE);
    assert_string_equal(
        err.message, "cannot read the recipe '/nonexistent/a.ks': No such file or directory");
    err_done(&err);
    assert_true(recipe_read("/", NULL, &r, &err) < 0);
    err_done(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_kept),
        cmocka_unit_test(fields_and_places),
        cmocka_unit_test(url_comes_first),
        cmocka_unit_test(passwords_are_masked),
        cmocka_unit_test(first_refusal_becomes_the_error),
        cmocka_unit_test(nochroot_can_be_allowed),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(long_words_and_lines),
        cmocka_unit_test(includes_have_limits),
        cmocka_unit_test(absent_recipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
