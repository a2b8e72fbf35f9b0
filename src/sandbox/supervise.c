#include "sandbox/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"

/* A signal that comes just before poll(2) is seen after so long. */
#define LOOK_UP_MS 500
#define WATCHES_MAX 8
#define SIBLINGS_MAX 4096
#define CHILDREN_MAX ((size_t)64 << 10)

static int wait_ms(struct supervise *s)
{
    if (!s->deadline_ms)
        return LOOK_UP_MS;
    uint64_t now = clock_ms();
    if (s->deadline_ms <= now)
        return 0;
    uint64_t left = s->deadline_ms - now;
    return left < LOOK_UP_MS ? (int)left : LOOK_UP_MS;
}

/* Serve what is ready. Returns 2 if the child has ended, 1 if something was served, else 0. */
static int serve(struct supervise *s, int pidfd, int timeout_ms)
{
    struct pollfd polled[WATCHES_MAX + 1];
    size_t n = s->n < WATCHES_MAX ? s->n : WATCHES_MAX;
    int served = 0;
    for (size_t i = 0; i < n; i++)
        polled[i] = (struct pollfd){.fd = s->watches[i].fd, .events = POLLIN};
    polled[n] = (struct pollfd){.fd = pidfd, .events = POLLIN};
    if (poll(polled, n + 1, timeout_ms) <= 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (polled[i].revents && s->watches[i].fd == polled[i].fd) {
            s->watches[i].ready(s->context, &s->watches[i]);
            served = 1;
        }
    return served ? 1 : polled[n].revents ? 2 : 0;
}

static int collect(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 126;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

size_t supervise_children(pid_t pid, pid_t *children, size_t max)
{
    auto_free char *path = xprintf("/proc/%d/task/%d/children", (int)pid, (int)pid);
    auto_free char *text = NULL;
    size_t size = 0, n = 0;
    if (file_read(path, CHILDREN_MAX, &text, &size) < 0)
        return 0;
    for (char *at = text, *end = NULL; n < max; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        children[n++] = (pid_t)child;
    }
    return n;
}

bool supervise_kill_child(pid_t parent, pid_t child)
{
    pid_t now[SIBLINGS_MAX];
    auto_close int pidfd = pidfd_open(child, 0);
    size_t n = pidfd < 0 ? 0 : supervise_children(parent, now, SIBLINGS_MAX);
    /* The number can have gone to another process, but not from here on. */
    for (size_t i = 0; i < n; i++)
        if (now[i] == child)
            return pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0;
    return false;
}

void supervise_kill(pid_t pid)
{
    pid_t inner;
    if (supervise_children(pid, &inner, 1) == 0 || !supervise_kill_child(pid, inner))
        kill(pid, SIGKILL);
}

int supervise_wait(struct supervise *s, int *ret_status, struct err *err)
{
    auto_close int pidfd = pidfd_open(s->pid, 0);
    if (pidfd < 0)
        return err_errno(err, "cannot watch a child");
    while (serve(s, pidfd, wait_ms(s)) != 2) {
        if (interrupt_pending()) {
            supervise_kill(s->pid);
            collect(s->pid);
            return interrupt_error(err);
        }
        if (s->deadline_ms && s->deadline_ms <= clock_ms()) {
            s->deadline_ms = 0;
            s->late(s->context);
        }
    }
    *ret_status = collect(s->pid);
    return 0;
}
