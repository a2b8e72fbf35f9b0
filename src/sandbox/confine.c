#include "sandbox/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "sandbox/channel.h"

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)

/* What package scriptlets use: owners, modes, file capabilities, other users, chroot, nodes. */
static const unsigned kept_capabilities[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
    CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SETFCAP,
    CAP_SYS_CHROOT, CAP_MKNOD, CAP_AUDIT_WRITE, CAP_NET_BIND_SERVICE, CAP_IPC_OWNER, CAP_LEASE};

int confine_drop(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    capng_clear(CAPNG_SELECT_ALL);
    for (size_t i = 0; i < ARRAY_SIZE(kept_capabilities); i++)
        if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
                kept_capabilities[i]) < 0)
            return -EPERM;
    return capng_apply(CAPNG_SELECT_ALL) < 0 ? -EPERM : 0;
}

static int raise_loopback(void)
{
    auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static void default_signals(void)
{
    for (int i = 1; i < NSIG; i++)
        if (i != SIGKILL && i != SIGSTOP)
            signal(i, SIG_DFL);
}

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 126;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void report(int channel, int code, const char *what)
{
    struct err err = {0};
    err_code(&err, code, "%s", what);
    channel_send_error(channel, &err);
    err_done(&err);
}

/* As pid 1. */
static int start_inner(int (*main)(void *context, int root), void *context, int channel)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    umask(022);
    /* The working directory went along into the new mount namespace; descriptors do not. */
    int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || sethostname("localhost", strlen("localhost")) < 0 || raise_loopback() < 0) {
        report(channel, -errno, "cannot set up the namespaces for the image's programs");
        return 125;
    }
    return main(context, root);
}

/* A new pid namespace does not hold who makes it: it begins with the next child. */
static int start_outer(int (*main)(void *context, int root), void *context, int root, int channel)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    default_signals();
    if (fchdir(root) < 0 || unshare(NAMESPACES) < 0) {
        report(channel, -errno, "cannot make namespaces for the image's programs");
        return 125;
    }
    pid_t inner = fork();
    if (inner == 0)
        _exit(start_inner(main, context, channel));
    if (inner < 0) {
        report(channel, -errno, "cannot start a child");
        return 125;
    }
    close(channel);
    return wait_for(inner);
}

int confine_start(int (*main)(void *context, int root), void *context, int root, int channel,
    pid_t *ret_pid, struct err *err)
{
    pid_t child = fork();
    if (child == 0)
        _exit(start_outer(main, context, root, channel));
    if (child < 0)
        return err_errno(err, "cannot start a child");
    *ret_pid = child;
    return 0;
}
