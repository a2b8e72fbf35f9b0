/* Operations one by one, the errors that no recipe leads to, and the image's tools. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "configure/configure.h"
#include "configure/entries.h"
#include "made-root.h"
#include "sandbox/sandbox.h"

struct fixture {
    char path[64];
    int root;
    struct progress progress;
    struct strbuf warnings;
};

static void begin(struct progress *p, const char *stage, enum progress_unit unit, uint64_t total)
{
    (void)p, (void)stage, (void)unit, (void)total;
}

static void advance(struct progress *p, uint64_t done, const char *item)
{
    (void)p, (void)done, (void)item;
}

static void end(struct progress *p)
{
    (void)p;
}

static void note(struct progress *p, enum progress_note level, const char *text)
{
    struct fixture *f = (struct fixture *)((char *)p - offsetof(struct fixture, progress));
    if (level == PROGRESS_WARNING)
        strbuf_printf(&f->warnings, "%s\n", text);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    strcpy(f->path, "/var/tmp/slipway-apply-XXXXXX");
    f->progress = (struct progress){begin, advance, end, note};
    if (!mkdtemp(f->path))
        return -1;
    f->root = open(f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    close(f->root);
    file_remove_tree(AT_FDCWD, f->path);
    strbuf_done(&f->warnings);
    free(f);
    return 0;
}

static void fill(struct fixture *f, const char *text)
{
    made_root_fill(f->root, text);
}

static int apply(struct fixture *f, enum era_init init, struct operation o, struct err *err)
{
    struct operations one = {.v = &o, .n = 1};
    const struct era era = {.init = init};
    const struct configure_options options = {0};
    return configure_apply(f->root, &one, &era, &options, &f->progress, err);
}

static void assert_applied(struct fixture *f, enum era_init init, struct operation o)
{
    struct err err = {0};
    if (apply(f, init, o, &err) < 0)
        fail_msg("%s", err.message);
}

static void assert_refused(struct fixture *f, struct operation o, const char *message)
{
    struct err err = {0};
    assert_true(apply(f, INIT_SYSTEMD, o, &err) < 0);
    assert_string_equal(err.message, message);
    assert_int_equal(err.kind, ERR_SYSTEM);
    err_done(&err);
}

static void assert_root(struct fixture *f, const char *expected)
{
    auto_free char *is = made_root_dump(f->root);
    assert_string_equal(is, expected);
}

static void assert_warned(const struct fixture *f, const char *expected)
{
    assert_string_equal(f->warnings.s ? f->warnings.s : "", expected);
}

#define S(text) ((char[]){text})

static void test_remove(void **state)
{
    struct fixture *f = *state;
    fill(f, "f 0644 /a/one.log\nf 0644 /a/two.log\nf 0644 /a/.hidden.log\nd 0755 /a/deep.log/x\n"
            "f 0644 /a/kept\nl /b /a\n");
    assert_applied(f, INIT_SYSTEMD, (struct operation){.kind = OP_REMOVE, .path = S("/a/*.log")});
    assert_applied(f, INIT_SYSTEMD, (struct operation){.kind = OP_REMOVE, .path = S("/b")});
    assert_applied(f, INIT_SYSTEMD, (struct operation){.kind = OP_REMOVE, .path = S("/c/absent")});
    assert_root(f, "d 0755 0:0 /a\nf 0644 0:0 /a/.hidden.log\nf 0644 0:0 /a/kept\n");
}

static void test_symlink(void **state)
{
    struct fixture *f = *state;
    fill(f, "f 0644 /file\n|text\nl /link old\nd 0755 /directory\n");
    struct operation o = {.kind = OP_SYMLINK, .text = S("new")};
    o.path = S("/file");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/link");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/made/link");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/directory");
    assert_refused(f, o, "cannot make the symlink '/directory' in the root: Is a directory");
    o.path = S("/directory/..");
    assert_refused(f, o, "'/directory/..' does not name a file");
    assert_root(f, "d 0755 0:0 /directory\nl 0777 0:0 /file -> new\nl 0777 0:0 /link -> new\n"
                   "d 0755 0:0 /made\nl 0777 0:0 /made/link -> new\n");
}

static void test_directory(void **state)
{
    struct fixture *f = *state;
    fill(f, "d 0700 /there\nf 0644 /file\n");
    struct operation o = {.kind = OP_DIRECTORY, .mode = 01777};
    o.path = S("/there");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/a/b");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/file");
    assert_refused(f, o, "cannot make the directory '/file' in the root: Not a directory");
    assert_root(f, "d 0755 0:0 /a\nd 1777 0:0 /a/b\nf 0644 0:0 /file\nd 0700 0:0 /there\n");
}

static void test_device(void **state)
{
    struct fixture *f = *state;
    fill(f, "f 0644 /dev/null\n|what a redirection left\nl /dev/tty /etc/passwd\n");
    struct operation o = {.kind = OP_DEVICE, .text = S("c 1 3"), .mode = 0666};
    o.path = S("/dev/null");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/dev/tty");
    assert_applied(f, INIT_SYSTEMD, o);
    o.text = S("x 1 3");
    o.path = S("/dev/wrong");
    assert_refused(f, o, "cannot make the device '/dev/wrong' in the root: Invalid argument");
    assert_root(f, "d 0755 0:0 /dev\nf 0666 0:0 /dev/null stands for device c 1 3\n"
                   "f 0666 0:0 /dev/tty stands for device c 1 3\n");
}

static void test_mask(void **state)
{
    struct fixture *f = *state;
    struct operation o = {.kind = OP_MASK, .name = S("tmp.mount")};
    fill(f, "d 0755 /etc/systemd/system\n");
    assert_applied(f, INIT_SYSTEMD, o);
    o.name = S("kdump");
    assert_applied(f, INIT_SYSTEMD, o);
    assert_root(f, "d 0755 0:0 /etc\nd 0755 0:0 /etc/systemd\nd 0755 0:0 /etc/systemd/system\n"
                   "l 0777 0:0 /etc/systemd/system/kdump.service -> /dev/null\n"
                   "l 0777 0:0 /etc/systemd/system/tmp.mount -> /dev/null\n");
}

static void test_conditions(void **state)
{
    struct fixture *f = *state;
    fill(f, "l /dangling /nowhere\nf 0644 /there\n");
    struct operation o = {.kind = OP_WRITE, .text = S("x"), .mode = 0600};
    o.path = S("/one");
    o.only_if = S("/absent");
    o.otherwise = S("it is not there");
    o.place = (struct recipe_place){"in.ks", 7};
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/two");
    o.only_if = S("/dangling");
    o.otherwise = NULL;
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/three");
    o.only_if = NULL;
    o.unless = S("/dangling");
    assert_applied(f, INIT_SYSTEMD, o);
    o.path = S("/four");
    o.only_if = S("/there");
    o.unless = S("/absent");
    assert_applied(f, INIT_SYSTEMD, o);
    assert_warned(f, "in.ks:7: it is not there\n");
    assert_root(f, "l 0777 0:0 /dangling -> /nowhere\nf 0600 0:0 /four\n    |x(no newline)\n"
                   "f 0644 0:0 /there\n");
}

static void test_tools(void **state)
{
    struct fixture *f = *state;
    char *argv[] = {S("/bin/sh"), S("-c"), S("echo made > /made; echo why; exit 3")};
    struct operation o = {.kind = OP_RUN, .argv = {argv, 3}};
    fill(f, "x /bin/sh /bin/dash\n");
    assert_applied(f, INIT_SYSTEMD, o);
    assert_warned(f, "'/bin/sh' ended with status 3: why\n");
    auto_free char *made = NULL;
    size_t size;
    assert_int_equal(file_read_in(f->root, "/made", 100, &made, &size), 0);
    assert_string_equal(made, "made\n");
    argv[0] = S("/bin/absent");
    assert_applied(f, INIT_SYSTEMD, o);
    assert_warned(f, "'/bin/sh' ended with status 3: why\n"
                     "cannot run '/bin/absent' of the root: No such file or directory\n");
}

static void test_no_inittab(void **state)
{
    struct fixture *f = *state;
    struct operation o = {.kind = OP_DEFAULT_TARGET, .name = S("3")};
    assert_applied(f, INIT_SYSV, o);
    o.name = S("multi-user.target");
    assert_applied(f, INIT_SYSTEMD, o);
    assert_warned(f, "there is no '/etc/inittab' to set the runlevel in\n"
                     "there is no unit 'multi-user.target' to start by default\n");
    assert_root(f, "");
}

static void test_entries(void **state)
{
    (void)state;
    char *line = xstrdup("ann:x:500");
    entry_set(&line, 6, "/bin/sh");
    assert_string_equal(line, "ann:x:500::::/bin/sh");
    entry_set(&line, 0, "bob");
    assert_string_equal(line, "bob:x:500::::/bin/sh");
    assert_int_equal(entry_number(line, 2), 500);
    assert_int_equal(entry_number(line, 3), -1);
    assert_int_equal(entry_number("a:b:4294967295", 2), -1);
    assert_int_equal(entry_number("a:b:99999999999", 2), -1);
    assert_true(entry_add_member(&line, 3, "root"));
    assert_true(entry_add_member(&line, 3, "roo"));
    assert_false(entry_add_member(&line, 3, "root"));
    assert_string_equal(line, "bob:x:500:root,roo:::/bin/sh");
    free(line);
    static const char *const bad[] = {"", "-a", ".", "1000", "a b", "a:b", "a/b", "a$b",
        "abcdefghijklmnopqrstuvwxyz1234567", "\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(entry_is_name(bad[i]));
    assert_true(entry_is_name("host$") && entry_is_name("_apt") && entry_is_name("a.b-c_1"));
}

int main(void)
{
    struct err err = {0};
    if (sandbox_enter(&err) < 0) {
        fprintf(stderr, "skipped: %s\n", err.message);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
        cmocka_unit_test_setup_teardown(test_symlink, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_device, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mask, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tools, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_inittab, setup, teardown),
        cmocka_unit_test(test_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
