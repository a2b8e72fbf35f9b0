/* A root directory with nothing in it but this machine's /usr, bound read-only. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include <cmocka.h>

#include "base/file.h"
#include "sandbox/sandbox.h"

static const struct sandbox_bind usr = {"/usr", "/usr", false};

struct outcome {
    int r;
    struct sandbox_result result;
    struct err err;
};

static struct outcome run(int root, const char *script, unsigned seconds)
{
    const char *const argv[] = {"/usr/bin/sh", "-c", script, NULL};
    const struct sandbox_command command = {.argv = argv,
        .binds = &usr,
        .n_binds = 1,
        .input = "given\n",
        .input_size = 6,
        .timeout_seconds = seconds};
    struct outcome o = {0};
    o.r = sandbox_run(root, &command, &o.result, &o.err);
    if (o.r < 0)
        print_message("%s\n", o.err.message);
    return o;
}

static void done(struct outcome *o)
{
    sandbox_result_done(&o->result);
    err_done(&o->err);
}

static void prints(void **state, const char *script, const char *expected)
{
    struct outcome o = run(*(int *)*state, script, 60);
    assert_int_equal(o.r, 0);
    assert_string_equal(o.result.output, expected);
    done(&o);
}

static void output_input_and_status(void **state)
{
    struct outcome o = run(*(int *)*state, "cat; echo bad >&2; exit 3", 60);
    assert_int_equal(o.r, 0);
    assert_string_equal(o.result.output, "given\nbad\n");
    assert_int_equal(o.result.status, 3);
    assert_false(o.result.timed_out);
    done(&o);
    o = run(*(int *)*state, "kill -9 $$", 60);
    assert_int_equal(o.result.status, 128 + 9);
    done(&o);
}

static void the_machine_is_out_of_reach(void **state)
{
    prints(state, "ls -d /etc /home /var 2>/dev/null; ls /sys | wc -l; ls /proc | grep -c '^[0-9]'",
        "0\n4\n"); /* pid 1, the shell, ls and grep */
    prints(state, "echo x >/proc/sys/kernel/core_pattern || echo refused",
        "/usr/bin/sh: 1: cannot create /proc/sys/kernel/core_pattern: Read-only file system\n"
        "refused\n");
    prints(state, "umount /proc 2>/dev/null || echo refused", "refused\n");
    prints(state, "touch /usr/x 2>/dev/null || echo refused", "refused\n");
    prints(state, "cat /proc/net/dev | sed -n 's/:.*//p' | tr -d ' '", "lo\n");
    prints(state, "hostname", "localhost\n");
}

static void owners_are_the_images(void **state)
{
    int root = *(int *)*state;
    struct stat st;
    prints(state, "touch /f; chown 48:65534 /f; chmod 4755 /f; id -u", "0\n");
    assert_int_equal(fstatat(root, "f", &st, 0), 0);
    assert_int_equal(st.st_uid, 48);
    assert_int_equal(st.st_gid, 65534);
    assert_int_equal(st.st_mode & 07777, 04755);
}

static void is_node(int root, const char *path, const char *node, mode_t mode)
{
    char value[64] = {0};
    struct stat st;
    auto_close int fd = file_open_in(root, path, O_RDONLY, 0);
    assert_true(fd >= 0);
    assert_true(fgetxattr(fd, SANDBOX_NODE_XATTR, value, sizeof value - 1) > 0);
    assert_string_equal(value, node);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_size, 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void device_nodes_become_placeholders(void **state)
{
    int root = *(int *)*state;
    prints(state, "mkdir -p /d/e; mknod -m 600 /d/console c 5 1 && mknod /d/xvda1 b 202 1", "");
    is_node(root, "/d/console", "c 5 1", 0600);
    is_node(root, "/d/xvda1", "b 202 1", 0644);
    prints(state, "cd /d/e && mknod ../e/n c 1 3 2>&1 | grep -c permitted", "1\n");
    prints(state, "cd /d && mknod e/n c 1 3 && mkfifo /d/pipe && mknod /d/fifo p", "");
    is_node(root, "/d/e/n", "c 1 3", 0644);
    prints(state, "mknod /d/console c 1 3 2>&1 | grep -c exists", "1\n");
    prints(state, "mknod /d/none/x c 1 3 2>&1 | grep -c 'No such'", "1\n");
}

static void nodes_of_dev_are_the_roots_too(void **state)
{
    int root = *(int *)*state;
    prints(state,
        "mknod /dev/console c 5 1 && chown 7:5 /dev/console && chmod 620 /dev/console; "
        "mkdir /dev/input && cd /dev/input && mknod mice c 13 63",
        "");
    is_node(root, "/dev/console", "c 5 1", 0620);
    is_node(root, "/dev/input/mice", "c 13 63", 0644);
    struct stat st;
    assert_int_equal(fstatat(root, "dev/console", &st, 0), 0);
    assert_int_equal(st.st_uid, 7);
    assert_int_equal(fstatat(root, "dev/null", &st, 0), -1);
}

/* A symlink of the image, followed by us in the caller's place, stays in the image. */
static void a_node_does_not_follow_symlinks_out(void **state)
{
    int root = *(int *)*state;
    char outside[] = "/tmp/sandbox-out-XXXXXX";
    assert_non_null(mkdtemp(outside));
    auto_free char *script =
        xprintf("ln -s %s /d/abs; ln -s ../../../../../../..%s /d/up; "
                "mknod /d/abs/a c 1 3; cd /d; mknod abs/b c 1 3; mknod up/c c 1 3; ls /d/abs/ %s",
            outside, outside, outside);
    struct outcome o = run(root, script, 60);
    assert_int_equal(o.r, 0);
    assert_int_equal(rmdir(outside), 0); /* still empty */
    done(&o);
}

static void nothing_outlives_the_command(void **state)
{
    time_t start = time(NULL);
    struct outcome o = run(*(int *)*state, "sleep 1000 & echo started", 60);
    assert_int_equal(o.r, 0);
    assert_int_equal(o.result.status, 0);
    assert_string_equal(o.result.output, "started\n");
    done(&o);
    assert_true(time(NULL) - start < 500);
}

static void a_command_that_hangs_is_killed(void **state)
{
    struct outcome o = run(*(int *)*state, "echo before; trap '' TERM INT; sleep 1000", 1);
    assert_int_equal(o.r, 0);
    assert_true(o.result.timed_out);
    assert_int_equal(o.result.status, 128 + 9);
    assert_string_equal(o.result.output, "before\n");
    done(&o);
}

static void long_output_keeps_its_end(void **state)
{
    struct outcome o = run(*(int *)*state, "seq 1 100000; echo the end", 60);
    assert_int_equal(o.r, 0);
    size_t length = strlen(o.result.output);
    assert_int_equal(length, 64 << 10);
    assert_string_equal(o.result.output + length - 8, "the end\n");
    done(&o);
}

static void what_cannot_be_run_says_so(void **state)
{
    const char *const argv[] = {"/usr/bin/no-such-tool", NULL};
    const struct sandbox_command command = {.argv = argv, .binds = &usr, .n_binds = 1};
    struct outcome o = {0};
    assert_true(sandbox_run(*(int *)*state, &command, &o.result, &o.err) < 0);
    assert_int_equal(o.err.kind, ERR_SCRIPT);
    assert_string_equal(
        o.err.message, "cannot run '/usr/bin/no-such-tool' of the root: No such file or directory");
    done(&o);
}

static int make_root(void **state)
{
    static int root;
    static char path[] = "/var/tmp/sandbox-root-XXXXXX";
    struct err err = {0};
    if (sandbox_enter(&err) < 0) {
        print_message("%s (%s)\n", err.message, err.hint ? err.hint : "");
        return -1;
    }
    root = mkdtemp(path) ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    static const char *const links[] = {"bin", "lib", "lib64", "sbin"};
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        auto_free char *target = xprintf("usr/%s", links[i]);
        if (symlinkat(target, root, links[i]) < 0)
            return -1;
    }
    *state = &root;
    return 0;
}

static int remove_root(void **state)
{
    char path[64];
    auto_free char *link = xprintf("/proc/self/fd/%d", *(int *)*state);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return -1;
    path[n] = '\0';
    return file_remove_tree(AT_FDCWD, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_input_and_status),
        cmocka_unit_test(the_machine_is_out_of_reach),
        cmocka_unit_test(owners_are_the_images),
        cmocka_unit_test(device_nodes_become_placeholders),
        cmocka_unit_test(nodes_of_dev_are_the_roots_too),
        cmocka_unit_test(a_node_does_not_follow_symlinks_out),
        cmocka_unit_test(nothing_outlives_the_command),
        cmocka_unit_test(a_command_that_hangs_is_killed),
        cmocka_unit_test(long_output_keeps_its_end),
        cmocka_unit_test(what_cannot_be_run_says_so),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
