#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"
#include "cli/options.h"

#define WORDS(...) ((char *[]){W("slipway"), __VA_ARGS__, NULL})
#define W(TEXT) ((char[]){TEXT})

static int parse(char **argv, struct options *options, struct err *err)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return options_parse(argc, argv, options, err);
}

static void everything_said_is_in_the_value(void **state)
{
    (void)state;
    struct err err = {0};
    struct options o;
    assert_int_equal(parse(WORDS(W("build"), W("--repo=a=file:///x"), W("r.ks"), W("-o"), W("d"),
                               W("--repo"), W("b=y"), W("--size"), W("2G"), W("-f")),
                         &o, &err),
        0);
    assert_int_equal(o.command, COMMAND_BUILD);
    assert_string_equal(o.arguments.v[0], "r.ks");
    assert_string_equal(o.output, "d");
    assert_int_equal(o.repos.n, 2);
    assert_string_equal(o.repos.v[0], "a=file:///x");
    assert_int_equal(o.size_bytes, UINT64_C(2) << 30);
    assert_true(o.force);
    options_done(&o);
    assert_int_equal(parse(WORDS(W("boot"), W("-m2048"), W("--"), W("--odd")), &o, &err), 0);
    assert_int_equal(o.memory_mib, 2048);
    assert_string_equal(o.arguments.v[0], "--odd");
    options_done(&o);
}

static void refused(char **argv, const char *message, const char *hint)
{
    struct err err = {0};
    struct options o;
    assert_true(parse(argv, &o, &err) < 0);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_string_equal(err.message, message);
    if (hint)
        assert_string_equal(err.hint, hint);
    else
        assert_null(err.hint);
    err_done(&err);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    refused(
        WORDS(W("biuld"), W("x")), "there is no command 'biuld'", "did you mean 'slipway build'?");
    refused(WORDS(W("build"), W("x"), W("--relasever=5")), "there is no option '--relasever'",
        "did you mean '--releasever'?");
    refused(WORDS(W("build"), W("x"), W("--size=12Q")), "--size: '12Q' is not a size",
        "write it like 10G, 2048M or 2147483648");
    refused(WORDS(W("build"), W("x"), W("--force=yes")), "'--force' takes no value", NULL);
    refused(WORDS(W("build"), W("x"), W("--size")), "'--size' wants a value: SIZE", NULL);
    refused(
        WORDS(W("boot"), W("d"), W("--memory=-1")), "--memory: '-1' is not a whole number", NULL);
    refused(WORDS(W("build")), "'slipway build' wants: RECIPE -o DISK", NULL);
    refused(
        WORDS(W("boot"), W("a"), W("b")), "'b' is one argument too many for 'slipway boot'", NULL);
    refused(WORDS(W("--verbose")), "which command? See 'slipway help'", NULL);
    refused(WORDS(W("boot"), W("d"), W("--repo=a=b")),
        "an option does not belong to 'slipway boot': see 'slipway help boot'", NULL);
}

static void sizes(void **state)
{
    (void)state;
    uint64_t bytes = 7;
    assert_int_equal(options_parse_size("1", &bytes), 0);
    assert_int_equal(bytes, 1);
    assert_int_equal(options_parse_size("10G", &bytes), 0);
    assert_int_equal(bytes, UINT64_C(10) << 30);
    assert_int_equal(options_parse_size("3kib", &bytes), 0);
    assert_int_equal(bytes, 3072);
    assert_int_equal(options_parse_size("5mb", &bytes), -22);
    static const char *const bad[] = {
        "", "0", "-1", "G", "1.5G", "1GG", "9999999999999999999999", "8388608T", " 1"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_true(options_parse_size(bad[i], &bytes) < 0);
}

static void nearest_names(void **state)
{
    (void)state;
    struct nearest n = nearest_to("partiton");
    nearest_offer(&n, "repo");
    nearest_offer(&n, "partition");
    nearest_offer(&n, "part");
    assert_string_equal(n.best, "partition");
    n = nearest_to("xyzzy");
    nearest_offer(&n, "part");
    assert_null(n.best);
    n = nearest_to("");
    nearest_offer(&n, "a");
    assert_null(n.best);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_said_is_in_the_value),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(sizes),
        cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
