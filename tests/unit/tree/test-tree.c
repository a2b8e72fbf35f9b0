#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "sandbox/sandbox.h"
#include "tree/tree.h"

static const char text[] =
    "d 0755 0 0 100 0 /\n"
    "d 0755 0 0 100 0 /dev\n"
    "c 0600 0 0 100 5:1 /dev/console\n"
    "b 0660 0 6 100 202:1 /dev/xvda1\n"
    "d 0755 0 0 100 0 /etc\n"
    "l 0777 0 0 100 8 /etc/alternatives -> /usr/alt\n"
    "f 0644 0 0 -5 12 /etc/passwd\n"
    "f 0644 0 0 -5 12 /etc/passwd- == /etc/passwd\n"
    "d 0755 0 0 100 0 /etc/rc\n"
    "f 0644 0 0 100 0 /etc/rc/x\n"
    "f 0644 0 0 100 0 /etc/rc-a\n"
    "d 0755 0 0 100 0 /usr\n"
    "d 0755 0 0 100 0 /usr/alt\n"
    "f 4755 0 42 100 3 /usr/alt/a\\040b\\303\\251 security.capability=\\001\\000x user.a=\n"
    "l 0777 0 0 100 17 /usr/alt/up -> ../../../etc/./rc\n";

static struct tree *parse(const char *from)
{
    struct err err = {0};
    struct tree *tree = NULL;
    int r = tree_parse(from, strlen(from), &tree, &err);
    if (r < 0)
        print_message("%s\n", err.message);
    assert_int_equal(r, 0);
    return tree;
}

static char *print(const struct tree *tree)
{
    char *out = NULL;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    tree_print(tree, f);
    fclose(f);
    return out;
}

static void text_form_comes_back(void **state)
{
    (void)state;
    auto_cleanup(tree_free) struct tree *tree = parse(text);
    auto_free char *again = print(tree);
    assert_string_equal(again, text);
}

static void order_parents_and_ends(void **state)
{
    (void)state;
    auto_cleanup(tree_free) struct tree *tree = parse(text);
    const struct tree_node *etc = tree_find(tree, "/etc"), *rc = tree_find(tree, "//etc/rc/");
    assert_string_equal(rc->name, "rc");
    assert_ptr_equal(&tree->nodes[rc->parent], etc);
    assert_string_equal(tree->nodes[rc->end].path, "/etc/rc-a");
    assert_string_equal(tree->nodes[etc->end].path, "/usr");
    assert_int_equal(tree->nodes[0].end, tree->n);
    assert_int_equal(tree->nodes[0].n_links, 5);
    assert_int_equal(tree_find(tree, "/etc/passwd")->n_links, 2);
    assert_int_equal(tree_find(tree, "/etc/passwd-")->n_links, 2);
    assert_null(tree_find(tree, "/etc/nothing"));
}

static void symlinks_stay_inside(void **state)
{
    (void)state;
    auto_cleanup(tree_free) struct tree *tree = parse(text);
    assert_string_equal(tree_resolve(tree, "/etc/alternatives/up/x")->path, "/etc/rc/x");
    assert_string_equal(tree_resolve(tree, "/../../etc/../usr")->path, "/usr");
    assert_null(tree_resolve(tree, "/etc/passwd/x"));
    assert_null(tree_resolve(tree, "/etc/alternatives/none"));
    auto_cleanup(tree_free) struct tree *loop = parse("l 0777 0 0 0 1 /a -> b\n"
                                                      "l 0777 0 0 0 1 /b -> a\n");
    assert_null(tree_resolve(loop, "/a"));
}

static void builder_replaces_and_removes(void **state)
{
    (void)state;
    struct err err = {0};
    auto_cleanup(tree_free) struct tree *base = parse(text);
    auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(base);
    tree_remove(b, "/etc/rc/");
    tree_remove(b, "/etc/passwd");
    tree_add_file(b, "boot/grub/menu.lst", 0600, "default 0\n", 10, 7);
    tree_add_file(b, "/usr/alt", 0644, "now a file", 10, 7);
    tree_remove(b, "/usr/alt/");
    tree_add_file(b, "/usr/alt", 0644, "now a file", 10, 7);
    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
    assert_null(tree_find(tree, "/etc/rc/x"));
    assert_non_null(tree_find(tree, "/etc/rc-a"));
    assert_int_equal(tree_find(tree, "/boot/grub")->mode, S_IFDIR | 0755);
    assert_int_equal(tree_find(tree, "/etc/passwd-")->link, TREE_NONE);
    auto_free char *data = NULL;
    size_t size;
    assert_int_equal(tree_read(tree, tree_find(tree, "/usr/alt"), 100, &data, &size, &err), 0);
    assert_string_equal(data, "now a file");
    auto_free char *more = NULL;
    assert_int_equal(tree_read(tree, tree_find(tree, "/usr/alt"), 9, &more, &size, &err), -EFBIG);
    err_done(&err);
}

/* Names of one inode other than a regular file's, odd bytes, and numbers at their ends. */
static void odd_text_comes_back(void **state)
{
    (void)state;
    static const char odd[] =
        "d 0755 0 0 -9223372036854775808 0 /\n"
        "c 0600 4294967295 4294967295 9223372036854775807 4294967295:4294967295 /a\n"
        "c 0600 0 0 0 1:3 /b\n"
        "c 0600 0 0 0 1:3 /c == /b\n"
        "l 0777 0 0 0 4 /d -> \\040\\075\\075\\040\n"
        "l 0777 0 0 0 4 /e -> \\040\\075\\075\\040 == /d\n"
        "p 0644 0 0 0 0 /f\n"
        "p 0644 0 0 0 0 /g == /f\n"
        "f 7777 0 0 0 9223372036854775807 /h user.\\001\\075\\377=\\000\\040\\134 user.e=\n"
        "d 0755 0 0 0 0 /i..\n"
        "f 0644 0 0 0 0 /i../...\n"
        "s 0644 0 0 0 0 /i\\134040\n";
    auto_cleanup(tree_free) struct tree *tree = parse(odd);
    auto_free char *again = print(tree);
    assert_string_equal(again, odd);
    assert_int_equal(tree_find(tree, "/c")->n_links, 2);
    assert_string_equal(tree_find(tree, "/d")->target, " == ");
}

/* A name that was linked to another keeps its inode when that one is replaced. */
static void builder_keeps_links_apart(void **state)
{
    (void)state;
    struct err err = {0};
    auto_cleanup(tree_free) struct tree *base = parse(text);
    auto_cleanup(tree_builder_free) struct tree_builder *b = tree_builder_new(base);
    tree_add_file(b, "/etc/passwd", 0600, "new", 3, 7);
    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(tree_builder_finish(b, &tree, &err), 0);
    assert_int_equal(tree_find(tree, "/etc/passwd-")->link, TREE_NONE);
    assert_int_equal(tree_find(tree, "/etc/passwd-")->size, 12);
    assert_int_equal(tree_find(tree, "/etc/passwd")->size, 3);
    auto_cleanup(tree_builder_free) struct tree_builder *none = tree_builder_new(base);
    tree_remove(none, "/");
    auto_cleanup(tree_free) struct tree *empty = NULL;
    assert_int_equal(tree_builder_finish(none, &empty, &err), 0);
    assert_int_equal(empty->n, 1);
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"x 0755 0 0 0 0 /\n", "f 0999 0 0 0 0 /a\n",
        "f 0644 0 0 0 0 a\n", "f 0644 0 0 0 /a\n", "l 0777 0 0 0 1 /a\n",
        "f 0644 0 0 0 1 /a -> b\n", "f 0644 0 0 0 1 /a =b\n", "c 0644 0 0 0 5 /a\n",
        "f 0644 0 0 0 99999999999999999999 /a\n", "f 0644 0 0 0 0 /a\nf 0644 0 0 0 0 /a/b\n",
        "f 0644 0 0 0 0 /a\\000b\n", "c 0644 0 0 0 -1:5 /a\n", "c 0644 0 0 0 1:4294967296 /a\n",
        "c 0644 0 0 0 1:2x /a\n", "f 0644 0 0 - 5 0 /a\n", "f 0644 0 0 -9223372036854775809 0 /a\n",
        "f 0644 0 0 0 0 /a/../b\n", "f 0644 0 0 0 0 /..\n", "d 0755 0 0 0 0 /a == /b\n"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct err err = {0};
        struct tree *tree = NULL;
        assert_true(tree_parse(bad[i], strlen(bad[i]), &tree, &err) < 0);
        assert_non_null(err.message);
        err_done(&err);
    }
}

struct place {
    char path[64];
    int fd;
};

static int make_place(void **state)
{
    struct place *p = xcalloc(1, sizeof *p);
    strcpy(p->path, "/var/tmp/slipway-test-XXXXXX");
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
    free(p);
    return 0;
}

static void directory_is_read(void **state)
{
    struct place *p = *state;
    struct err err = {0};
    assert_int_equal(file_write_in(p->fd, "etc/passwd", "root\n", 5, 0640), 0);
    assert_int_equal(linkat(p->fd, "etc/passwd", p->fd, "etc/also", 0), 0);
    assert_int_equal(symlinkat("etc/passwd", p->fd, "link"), 0);
    assert_int_equal(mkfifoat(p->fd, "fifo", 0600), 0);
    assert_int_equal(file_write_in(p->fd, "dev/console", "", 0, 0600), 0);
    auto_close int node = openat(p->fd, "dev/console", O_RDWR | O_CLOEXEC);
    assert_int_equal(fsetxattr(node, SANDBOX_NODE_XATTR, "c 5 1", 5, 0), 0);
    auto_close int odd = openat(p->fd, "odd\n\xff", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_int_equal(fsetxattr(odd, "user.note", "x", 1, 0), 0);

    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(tree_scan(p->fd, 1000, &tree, &err), 0);
    assert_int_equal(tree->n, 9);
    const struct tree_node *console = tree_find(tree, "/dev/console");
    assert_int_equal(console->mode, S_IFCHR | 0600);
    assert_int_equal(console->rdev_major, 5);
    assert_int_equal(console->rdev_minor, 1);
    assert_int_equal(console->n_xattrs, 0);
    assert_string_equal(tree->nodes[tree_find(tree, "/etc/passwd")->link].path, "/etc/also");
    assert_int_equal(tree_find(tree, "/etc/passwd")->mtime, 1000);
    assert_string_equal(tree_find(tree, "/link")->target, "etc/passwd");
    assert_string_equal(tree_find(tree, "/odd\n\xff")->xattrs[0].name, "user.note");
    auto_free char *data = NULL;
    size_t size;
    assert_int_equal(tree_read(tree, tree_resolve(tree, "/link"), 100, &data, &size, &err), 0);
    assert_string_equal(data, "root\n");

    auto_free char *printed = print(tree);
    auto_cleanup(tree_free) struct tree *again = parse(printed);
    auto_free char *twice = print(again);
    assert_string_equal(printed, twice);
}

static void content_that_changes_is_noticed(void **state)
{
    struct place *p = *state;
    struct err err = {0};
    assert_int_equal(file_write_in(p->fd, "f", "12345", 5, 0600), 0);
    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(tree_scan(p->fd, 0, &tree, &err), 0);
    assert_int_equal(file_write_in(p->fd, "f", "123456", 6, 0600), 0);
    auto_free char *data = NULL;
    size_t size;
    assert_int_equal(tree_read(tree, tree_find(tree, "/f"), 100, &data, &size, &err), -ESTALE);
    err_done(&err);
}

static void changed_kind_is_noticed(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"gone", "link", "fifo", "directory"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(file_write_in(p->fd, names[i], "12345", 5, 0600), 0);
    struct err err = {0};
    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(tree_scan(p->fd, 0, &tree, &err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(unlinkat(p->fd, names[i], 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", p->fd, "link"), 0);
    assert_int_equal(mkfifoat(p->fd, "fifo", 0600), 0);
    assert_int_equal(mkdirat(p->fd, "directory", 0700), 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        auto_free char *path = xprintf("/%s", names[i]), *data = NULL;
        size_t size;
        assert_true(tree_read(tree, tree_find(tree, path), 100, &data, &size, &err) < 0);
        assert_non_null(strstr(err.message, path));
        err_done(&err);
    }
}

static void device_mark_that_is_none(void **state)
{
    struct place *p = *state;
    static const char *const bad[] = {"q 1 2", "c", "c 1", "c 1 ", "c 1 2 3", "c 1 2x", "c -1 2",
        "c 1 -2", "c 4096 1", "c 1 1048576", "c 4294967297 1", "c  1 2", "c 1  2", "b1 2", "C 1 2",
        "c 99999999999999999999 1", "", "\033[2J", "c 1 2\n"};
    auto_close int fd = openat(p->fd, "x", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct err err = {0};
        struct tree *tree = NULL;
        assert_int_equal(fsetxattr(fd, SANDBOX_NODE_XATTR, bad[i], strlen(bad[i]), 0), 0);
        assert_true(tree_scan(p->fd, 0, &tree, &err) < 0);
        assert_non_null(strstr(err.message, "'/x'"));
        err_done(&err);
    }
    struct err err = {0};
    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(fsetxattr(fd, SANDBOX_NODE_XATTR, "b 4095 1048575", 14, 0), 0);
    assert_int_equal(tree_scan(p->fd, 0, &tree, &err), 0);
    assert_int_equal(tree_find(tree, "/x")->rdev_minor, 1048575);
    assert_true(S_ISBLK(tree_find(tree, "/x")->mode));
}

static void device_mark_of_a_directory(void **state)
{
    struct place *p = *state;
    struct err err = {0};
    struct tree *tree = NULL;
    assert_int_equal(fsetxattr(p->fd, SANDBOX_NODE_XATTR, "c 1 2", 5, 0), 0);
    assert_true(tree_scan(p->fd, 0, &tree, &err) < 0);
    err_done(&err);
}

/* In a child that is nobody: what may not be read is named. */
static int scan_as_nobody(struct place *p)
{
    struct err err = {0};
    struct tree *tree = NULL;
    bool is_told = (geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0)) &&
                   tree_scan(p->fd, 0, &tree, &err) < 0 && strstr(err.message, "'/closed'") &&
                   strstr(err.message, "Permission denied");
    err_done(&err);
    return is_told ? 0 : 1;
}

static void unreadable_directory_is_named(void **state)
{
    struct place *p = *state;
    assert_int_equal(fchmod(p->fd, 0755), 0);
    assert_int_equal(mkdirat(p->fd, "closed", 0000), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(scan_as_nobody(p));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(unlinkat(p->fd, "closed", AT_REMOVEDIR), 0);
}

/* Marks of this machine's are none of the image's. */
static void marks_of_the_machine_are_left_out(void **state)
{
    struct place *p = *state;
    struct err err = {0};
    auto_close int fd = openat(p->fd, "x", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0)
        skip();
    assert_int_equal(fsetxattr(fd, "user.\xff=\n ", "odd", 3, 0), 0);
    auto_cleanup(tree_free) struct tree *tree = NULL;
    assert_int_equal(tree_scan(p->fd, 0, &tree, &err), 0);
    assert_int_equal(tree_find(tree, "/x")->n_xattrs, 1);
    auto_free char *printed = print(tree);
    auto_cleanup(tree_free) struct tree *again = parse(printed);
    assert_string_equal(tree_find(again, "/x")->xattrs[0].name, "user.\xff=\n ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_form_comes_back),
        cmocka_unit_test(order_parents_and_ends),
        cmocka_unit_test(symlinks_stay_inside),
        cmocka_unit_test(builder_replaces_and_removes),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test_setup_teardown(directory_is_read, make_place, remove_place),
        cmocka_unit_test_setup_teardown(content_that_changes_is_noticed, make_place, remove_place),
        cmocka_unit_test(odd_text_comes_back),
        cmocka_unit_test(builder_keeps_links_apart),
        cmocka_unit_test_setup_teardown(changed_kind_is_noticed, make_place, remove_place),
        cmocka_unit_test_setup_teardown(device_mark_that_is_none, make_place, remove_place),
        cmocka_unit_test_setup_teardown(device_mark_of_a_directory, make_place, remove_place),
        cmocka_unit_test_setup_teardown(unreadable_directory_is_named, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            marks_of_the_machine_are_left_out, make_place, remove_place),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
