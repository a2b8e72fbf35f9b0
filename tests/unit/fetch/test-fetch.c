/* Addresses, checksums, and processes that verify files and come to grief. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/checksum.h"
#include "fetch/internal.h"

#define HELLO "hello"
#define HELLO_SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER_SHA256 "0000000000000000000000000000000000000000000000000000000000000000"

/* ---- addresses ---- */

static void test_join(void **state)
{
    static const struct {
        const char *base, *location, *expected;
    } cases[] = {
        {"http://x/a", "b/c.rpm", "http://x/a/b/c.rpm"},
        {"http://x/a/", "b", "http://x/a/b"},
        {"http://x/?token=1", "b", "http://x/b?token=1"},
        {"http://x/a#part", "b", "http://x/a/b"},
        {"http://x", "g++-1^2~3 %41?#.rpm", "http://x/g%2B%2B-1%5E2~3%20%2541%3F%23.rpm"},
        {"http://x", "\xc3\xa4", "http://x/%C3%A4"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *joined = address_join(cases[i].base, cases[i].location);
        assert_string_equal(joined, cases[i].expected);
    }
}

static void test_path(void **state)
{
    static const struct {
        const char *url, *expected;
    } cases[] = {
        {"file:///srv/a", "/srv/a"},
        {"file:/srv/a", "/srv/a"},
        {"file://localhost/srv/a", "/srv/a"},
        {"file:///a%20b%2Fc", "/a b/c"},
        {"file:///a%2", "/a%2"},
        {"file:///a%", "/a%"},
        {"file:///a%zz", "/a%zz"},
        {"file:///a%00b", NULL},
        {"file://host/a", NULL},
        {"file:a", NULL},
        {"http://x/a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *path = address_path(cases[i].url);
        if (cases[i].expected)
            assert_string_equal(path, cases[i].expected);
        else
            assert_null(path);
    }
}

static void test_inside(void **state)
{
    static const char *const inside[] = {
        "a", "a/b", "a/./b", "..a/b..", "a/...", "a//b", "\xc3\xa4"};
    static const char *const outside[] = {
        "", "/a", "..", "../a", "a/..", "a/../b", "a/b/..", "a\nb", "a\x7f", "\x1b[1m"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
        assert_true(address_is_inside(inside[i]));
    for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
        assert_false(address_is_inside(outside[i]));
}

static void test_for_people(void **state)
{
    static const struct {
        const char *url, *expected;
    } cases[] = {
        {"http://x/a", "http://x/a"},
        {"http://me@x/a", "http://me@x/a"},
        {"http://me:word@x/a", "http://me:***@x/a"},
        {"http://me:w@rd@x/a", "http://me:***@x/a"},
        {"http://x/a:b@c", "http://x/a:b@c"},
        {"http://x:80?a:b@c", "http://x:80?a:b@c"},
        {"/a:b@c", "/a:b@c"},
        {"http://x/\x1b[31m\n\xc2\x9b", "http://x/?[31m???"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *shown = address_for_people(cases[i].url);
        assert_string_equal(shown, cases[i].expected);
    }
}

/* ---- checksums, and names made of them ---- */

static void test_checksums(void **state)
{
    (void)state;
    assert_string_equal(checksum_type("sha"), "sha1");
    assert_string_equal(checksum_type("sha512"), "sha512");
    assert_null(checksum_type("crc32"));
    assert_null(checksum_type(NULL));
    assert_true(checksum_is_valid("sha256", HELLO_SHA256));
    assert_false(checksum_is_valid("sha1", HELLO_SHA256));
    assert_false(checksum_is_valid("sha256", ""));
    assert_false(checksum_is_valid("md5", "0123456789ABCDEF0123456789ABCDEF"));
    assert_false(checksum_is_valid("md5", "../3456789abcdef0123456789abcdef"));
    assert_false(checksum_is_valid(NULL, HELLO_SHA256));
    struct checksum *sum = checksum_new("sha256");
    checksum_add(sum, "hel", 3);
    checksum_add(sum, "lo", 2);
    auto_free char *hex = checksum_hex(sum);
    checksum_free(sum);
    assert_string_equal(hex, HELLO_SHA256);
}

static void test_package_names(void **state)
{
    static const struct {
        const char *location, *expected;
    } cases[] = {
        {"Packages/a-1^2~3+4.rpm", "a-1^2~3+4.rpm"},
        {"a b\\\x1b\xc3\xa4.rpm", "a_b____.rpm"},
        {"Packages/", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char sha[] = "sha", hex[] = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        auto_free char *location = xstrdup(cases[i].location), *type = NULL, *found = NULL;
        const struct plan_package package = {
            .checksum_type = sha, .checksum = hex, .location = location};
        auto_free char *name = cache_package_name(&package);
        auto_free char *expected = xprintf("packages/sha1/da/%s-%s", hex, cases[i].expected);
        const char *file;
        assert_string_equal(name, expected);
        assert_true(cache_package_parts(name, &type, &found, &file));
        assert_string_equal(type, "sha1");
        assert_string_equal(found, hex);
        assert_string_equal(file, cases[i].expected);
    }
}

/* ---- verify_run() ---- */

#define N_JOBS 60

struct world {
    char directory[64], file[100];
    struct verify_job jobs[N_JOBS];
};

static int make_world(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);
    *state = w;
    strcpy(w->directory, "/tmp/test-fetch-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    snprintf(w->file, sizeof w->file, "%s/file", w->directory);
    auto_close int fd = open(w->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_return_code(file_write_all(fd, HELLO, strlen(HELLO)), 0);
    /* Every third is wrong. */
    for (size_t i = 0; i < N_JOBS; i++)
        w->jobs[i] = (struct verify_job){.path = w->file,
            .checksum_type = "sha256",
            .checksum = i % 3 ? HELLO_SHA256 : OTHER_SHA256};
    return 0;
}

static int unmake_world(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < N_JOBS; i++)
        free(w->jobs[i].detail);
    file_remove_tree(AT_FDCWD, w->directory);
    free(w);
    return 0;
}

static void count(void *data, const struct verify_job *job)
{
    (void)job;
    ++*(size_t *)data;
}

static void test_verify(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    size_t heard = 0;
    w->jobs[1].size_bytes = 4;
    w->jobs[2].path = "/nowhere/at/all";
    w->jobs[4].path = w->directory;
    assert_return_code(verify_run(w->jobs, N_JOBS, count, &heard, &err), 0);
    assert_int_equal(heard, N_JOBS);
    assert_int_equal(w->jobs[0].fault, VERIFY_CHECKSUM);
    assert_string_equal(w->jobs[0].detail, HELLO_SHA256);
    assert_int_equal(w->jobs[1].fault, VERIFY_SIZE);
    assert_string_equal(w->jobs[1].detail, "5 bytes");
    assert_int_equal(w->jobs[2].fault, VERIFY_NO_FILE);
    assert_int_equal(w->jobs[4].fault, VERIFY_NO_FILE);
    for (size_t i = 5; i < N_JOBS; i++)
        assert_int_equal(w->jobs[i].fault, i % 3 ? VERIFY_GOOD : VERIFY_CHECKSUM);
}

/* Checksums of no known kind abort: that stands for a package on which librpm crashes. */
static void test_files_that_crash_verifiers(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    const size_t bad[] = {0, 1, 2, 31, 32, N_JOBS - 1};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        w->jobs[bad[i]].checksum_type = "none";
    assert_return_code(verify_run(w->jobs, N_JOBS, NULL, NULL, &err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(w->jobs[bad[i]].fault, VERIFY_BROKEN);
        assert_string_equal(w->jobs[bad[i]].detail, "reading it ended the process that read it");
    }
    assert_int_equal(w->jobs[3].fault, VERIFY_CHECKSUM);
    for (size_t i = 4; i < 31; i++)
        assert_int_equal(w->jobs[i].fault, i % 3 ? VERIFY_GOOD : VERIFY_CHECKSUM);
}

static pid_t parent;

static void end_child(int signal_number)
{
    (void)signal_number;
    if (getpid() != parent)
        _exit(0);
}

static void end_children(void *data, const struct verify_job *job)
{
    size_t *left = data;
    (void)job;
    if (*left && (*left)--)
        kill(0, SIGTERM);
}

/* Whoever ends early, as if all were well, leaves nothing behind that counts as verified. */
static void test_verifiers_that_end_early(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    size_t times = 5;
    parent = getpid();
    setpgid(0, 0);
    struct sigaction action = {.sa_handler = end_child}, before;
    sigaction(SIGTERM, &action, &before);
    assert_return_code(verify_run(w->jobs, N_JOBS, end_children, &times, &err), 0);
    sigaction(SIGTERM, &before, NULL);
    for (size_t i = 0; i < N_JOBS; i++)
        assert_true(w->jobs[i].fault == VERIFY_BROKEN ||
                    w->jobs[i].fault == (i % 3 ? VERIFY_GOOD : VERIFY_CHECKSUM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_for_people),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_package_names),
        cmocka_unit_test_setup_teardown(test_verify, make_world, unmake_world),
        cmocka_unit_test_setup_teardown(test_files_that_crash_verifiers, make_world, unmake_world),
        cmocka_unit_test_setup_teardown(test_verifiers_that_end_early, make_world, unmake_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
