#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/strbuf.h"

static void error_is_filled_once_and_wrapped(void **state)
{
    (void)state;
    struct err err = {0};
    int r = err_set(&err, ERR_RECIPE, -EINVAL, "'%s' is bad", "x");
    r = err_wrap(&err, r, "part");
    assert_int_equal(r, -EINVAL);
    assert_int_equal(err.kind, ERR_RECIPE);
    assert_string_equal(err.message, "part: 'x' is bad");
    assert_int_equal(err_hint(&err, "write %d", 7), -EINVAL);
    assert_string_equal(err.hint, "write 7");
    err_done(&err);
    assert_null(err.message);
}

static void errno_becomes_text(void **state)
{
    (void)state;
    struct err err = {0};
    errno = ENOENT;
    assert_int_equal(err_errno(&err, "cannot open '%s'", "f"), -ENOENT);
    assert_string_equal(err.message, "cannot open 'f': No such file or directory");
    err_done(&err);
}

static void arena_keeps_what_it_gave(void **state)
{
    (void)state;
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    int *numbers = NULL;
    size_t n = 0;
    for (int i = 0; i < 1000; i++)
        *arena_push(arena, numbers, n) = i;
    char *big = arena_alloc(arena, 1 << 20);
    big[(1 << 20) - 1] = 'x';
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    struct strv list = {0};
    strv_arena_split(arena, &list, ",a,,bc,", ",");
    assert_int_equal(list.n, 2);
    assert_string_equal(list.v[1], "bc");
}

static void json_is_escaped(void **state)
{
    (void)state;
    auto_strbuf struct strbuf b = {0};
    strbuf_json(&b, "a\"\\\n\x01\xc3\xa9\xff\xe2\x82");
    assert_string_equal(b.s, "\"a\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void digests_are_those_of_the_standard(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES], first[16], second[16];
    digest_sha256("abc", 3, digest);
    auto_free char *hex = digest_hex(digest, sizeof digest);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char text[37];
    digest_uuid(digest, "root", first);
    digest_uuid(digest, "boot", second);
    assert_memory_not_equal(first, second, 16);
    digest_uuid_text(first, text);
    assert_int_equal(strlen(text), 36);
    assert_int_equal(text[14], '8');
}

struct place {
    char path[64];
    int fd;
};

static int make_place(void **state)
{
    struct place *p = xcalloc(1, sizeof *p);
    strcpy(p->path, "/tmp/slipway-test-XXXXXX");
    assert_non_null(mkdtemp(p->path));
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    struct place *p = *state;
    close(p->fd);
    assert_int_equal(file_remove_tree(AT_FDCWD, p->path), 0);
    assert_int_equal(access(p->path, F_OK), -1);
    free(p);
    return 0;
}

static void nothing_leaves_the_root(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_make_directories_in(p->fd, "/root/etc/deep/", 0755), 0);
    auto_close int root = openat(p->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(symlinkat("../../../../outside", root, "etc/up"), 0);
    assert_int_equal(symlinkat("/absolute", root, "etc/abs"), 0);
    assert_int_equal(file_write_in(root, "etc/up", "1", 1, 0644), 0);
    assert_int_equal(file_write_in(root, "etc/abs", "2", 1, 0640), 0);
    assert_int_equal(file_exists_in(root, "outside"), 1);
    assert_int_equal(file_exists_in(root, "absolute"), 1);
    assert_int_equal(file_exists_in(p->fd, "outside"), 0);
    struct stat st;
    assert_int_equal(fstatat(root, "absolute", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(fstatat(root, "etc/abs", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void link_loops_end(void **state)
{
    struct place *p = *state;
    assert_int_equal(symlinkat("b", p->fd, "a"), 0);
    assert_int_equal(symlinkat("a", p->fd, "b"), 0);
    assert_int_equal(file_write_in(p->fd, "a", "x", 1, 0644), -ELOOP);
    assert_int_equal(file_exists_in(p->fd, "a"), 0);
}

static void reading_is_bounded(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_write_in(p->fd, "f", "12345", 5, 0600), 0);
    auto_free char *data = NULL;
    size_t size = 0;
    assert_int_equal(file_read_in(p->fd, "f", 4, &data, &size), -EFBIG);
    assert_int_equal(file_read_in(p->fd, "f", 5, &data, &size), 0);
    assert_string_equal(data, "12345");
    assert_int_equal(file_read_in(p->fd, "none", 5, &data, &size), -ENOENT);
}

static void write_often(int dir, unsigned value)
{
    uint32_t words[256];
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        words[i] = value;
    for (int i = 0; i < 300; i++)
        if (file_write_in(dir, "shared", words, sizeof words, 0600) < 0)
            _exit(1);
    _exit(0);
}

static void one_file_may_be_replaced_by_several_at_once(void **state)
{
    const struct place *p = *state;
    pid_t writers[4];
    for (unsigned i = 0; i < ARRAY_SIZE(writers); i++)
        if ((writers[i] = fork()) == 0)
            write_often(p->fd, i);
    for (unsigned i = 0; i < ARRAY_SIZE(writers); i++) {
        int status = -1;
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_int_equal(status, 0);
    }
    auto_free char *data = NULL;
    size_t size = 0;
    assert_int_equal(file_read_in(p->fd, "shared", 4096, &data, &size), 0);
    assert_int_equal(size, 1024);
    for (size_t i = 4; i < size; i++)
        assert_int_equal(data[i], data[i - 4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_is_filled_once_and_wrapped),
        cmocka_unit_test(errno_becomes_text),
        cmocka_unit_test(arena_keeps_what_it_gave),
        cmocka_unit_test(json_is_escaped),
        cmocka_unit_test(digests_are_those_of_the_standard),
        cmocka_unit_test_setup_teardown(nothing_leaves_the_root, make_place, remove_place),
        cmocka_unit_test_setup_teardown(link_loops_end, make_place, remove_place),
        cmocka_unit_test_setup_teardown(reading_is_bounded, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            one_file_may_be_replaced_by_several_at_once, make_place, remove_place),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
