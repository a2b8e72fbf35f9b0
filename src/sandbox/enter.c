#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "sandbox/ids.h"
#include "sandbox/sandbox.h"

/* A property of the process itself: it can enter once, and never leave. */
static bool is_entered;

bool sandbox_is_entered(void)
{
    return is_entered;
}

static int write_map(pid_t pid, const char *name, const struct strv *triples)
{
    auto_strbuf struct strbuf text = {0};
    for (size_t i = 0; i + 2 < triples->n; i += 3)
        strbuf_printf(&text, "%s %s %s\n", triples->v[i], triples->v[i + 1], triples->v[i + 2]);
    auto_free char *path = xprintf("/proc/%d/%s", (int)pid, name);
    auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -errno : file_write_all(fd, text.s, text.len);
}

/* newuidmap(1) is setuid: it may write what an ordinary process may not. */
static int run_map_tool(pid_t pid, const char *tool, const struct strv *triples)
{
    auto_free char *number = xprintf("%d", (int)pid);
    auto_free char **argv = xcalloc(triples->n + 3, sizeof(char *));
    argv[0] = xstrdup(tool);
    argv[1] = number;
    memcpy(&argv[2], triples->v, triples->n * sizeof(char *));
    pid_t child = fork();
    if (child == 0) {
        execvp(tool, argv);
        _exit(127);
    }
    free(argv[0]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* The child that stayed outside: when the parent is in its new namespace, give that its ids.
 * Its exit status: 0, 1 (could not), 127 (no newuidmap). */
static _Noreturn void give_ids(
    pid_t parent, int go, bool is_root, const struct strv *uids, const struct strv *gids)
{
    char byte = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(go, &byte, 1) != 1)
        _exit(1);
    if (is_root)
        _exit(write_map(parent, "uid_map", uids) < 0 || write_map(parent, "gid_map", gids) < 0);
    int r = run_map_tool(parent, "newuidmap", uids);
    if (r == 0)
        r = run_map_tool(parent, "newgidmap", gids);
    _exit(r < 0 ? 1 : r);
}

static int no_namespace(int code, struct err *err)
{
    err_code(err, code, "cannot make a user namespace");
    if (code == -EPERM)
        return err_hint(err, "as root: sysctl -w kernel.unprivileged_userns_clone=1 "
                             "(on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0); in "
                             "a container, allow it unshare(2) and mount(2)");
    if (code == -ENOSPC)
        return err_hint(err, "as root: sysctl -w user.max_user_namespaces=10000");
    return code;
}

static int no_ids(int status, struct err *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        err_set(err, ERR_SYSTEM, -ENOENT, "cannot find 'newuidmap' and 'newgidmap'");
        return err_hint(err, "install the package uidmap (shadow-utils)");
    }
    return err_set(err, ERR_SYSTEM, -EPERM, "the user namespace could not be given its ids");
}

static int join(pid_t child, int go, struct err *err)
{
    int r = unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : 0;
    int status = 0;
    if (r == 0 && write(go, "g", 1) != 1)
        r = -errno;
    close(go);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, "cannot wait for a child");
    if (r < 0)
        return no_namespace(r, err);
    if (status != 0)
        return no_ids(status, err);
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return err_errno(err, "cannot become uid 0 of the user namespace");
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return err_errno(err, "cannot make the mounts private");
    return 0;
}

int sandbox_enter(struct err *err)
{
    if (is_entered)
        return 0;
    auto_strv struct strv uids = {0}, gids = {0};
    bool is_root = geteuid() == 0;
    int r = ids_make_map(false, &uids, err);
    if (r == 0)
        r = ids_make_map(true, &gids, err);
    if (r < 0)
        return r;
    int go[2];
    if (pipe2(go, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        close(go[1]);
        give_ids(parent, go[0], is_root, &uids, &gids);
    }
    int code = errno;
    close(go[0]);
    if (child < 0) {
        close(go[1]);
        return err_code(err, code, "cannot start a child");
    }
    r = join(child, go[1], err);
    is_entered = r == 0;
    return r;
}
