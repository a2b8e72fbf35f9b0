#include "machine/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/strbuf.h"
#include "machine/command.h"

/* Ends an interactive session, as in virsh and telnet: Ctrl-]. */
#define ESCAPE_KEY 0x1d
/* A console that goes on for ever must not eat the memory: the file has all of it. */
#define CONSOLE_MAX ((size_t)16 << 20)

struct machine {
    struct machine_options options;
    pid_t pid;      /* 0: has ended and was waited for */
    int to, from;   /* the console: QEMU's stdin and stdout */
    int complaints; /* QEMU's stderr */
    int log;        /* console file, or -1 */
    struct strbuf console, errors;
    size_t matched; /* console bytes that machine_expect() has passed */
    bool is_over;   /* the console is closed */
    bool left;      /* the user pressed the escape key */
    struct strv argv;
};

static _Noreturn void become_qemu(char **argv, int in, int out, int errors)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Its own process group: ^C at the terminal reaches slipway, which ends it in order. */
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(errors, 2) < 0)
        _exit(126);
    execvp(argv[0], argv);
    const char *why = strerror(errno);
    ssize_t ignored = write(2, why, strlen(why));
    (void)ignored;
    _exit(127);
}

static int start_qemu(struct machine *m, struct err *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    pid_t pid = fork();
    if (pid == 0)
        become_qemu(m->argv.v, in[0], out[1], errors[1]);
    close(in[0]);
    close(out[1]);
    close(errors[1]);
    m->to = in[1];
    m->from = out[0];
    m->complaints = errors[0];
    if (pid < 0)
        return err_errno(err, "cannot start '%s'", m->argv.v[0]);
    m->pid = pid;
    return 0;
}

static int open_log(struct machine *m, struct err *err)
{
    if (!m->options.console_file)
        return 0;
    m->log = open(m->options.console_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return m->log < 0 ? err_errno(err, "cannot write '%s'", m->options.console_file) : 0;
}

static int check_disk(const struct machine_options *options, struct err *err)
{
    auto_close int fd =
        open(options->disk, (options->write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, "cannot open '%s'", options->disk);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(err, "cannot look at '%s'", options->disk);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return err_set(
            err, ERR_USAGE, -EINVAL, "'%s' is neither a file nor a block device", options->disk);
    if (S_ISREG(st.st_mode) && st.st_size == 0)
        return err_set(err, ERR_USAGE, -EINVAL, "'%s' is empty", options->disk);
    return 0;
}

static int start(struct machine *m, struct err *err)
{
    int r = check_disk(&m->options, err);
    if (r < 0)
        return r;
    const char *acceleration =
        m->options.acceleration ? m->options.acceleration : machine_acceleration();
    r = machine_command(&m->options, acceleration, &m->argv, err);
    if (r == 0)
        r = open_log(m, err);
    return r < 0 ? r : start_qemu(m, err);
}

int machine_start(
    const struct machine_options *options, struct machine **ret_machine, struct err *err)
{
    auto_cleanup(machine_stop) struct machine *m = xcalloc(1, sizeof *m);
    m->options = *options;
    m->to = m->from = m->complaints = m->log = -1;
    int r = start(m, err);
    if (r < 0)
        return r;
    *ret_machine = steal(&m);
    return 0;
}

/* Forget the older half when there is too much, but never what is still to be matched. */
static void trim_console(struct machine *m)
{
    if (m->console.len <= CONSOLE_MAX)
        return;
    size_t drop = m->console.len - CONSOLE_MAX / 2;
    memmove(m->console.s, m->console.s + drop, m->console.len - drop + 1);
    m->console.len -= drop;
    m->matched = m->matched > drop ? m->matched - drop : 0;
}

static int take_output(struct machine *m, struct err *err)
{
    char block[16384];
    ssize_t n = read(m->from, block, sizeof block);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0) {
        m->is_over = true;
        return 0;
    }
    strbuf_add(&m->console, block, (size_t)n);
    trim_console(m);
    if (m->options.output)
        m->options.output(m->options.context, block, (size_t)n);
    int r = m->log >= 0 ? file_write_all(m->log, block, (size_t)n) : 0;
    return r < 0 ? err_code(err, r, "cannot write '%s'", m->options.console_file) : 0;
}

static void take_complaints(struct machine *m)
{
    char block[4096];
    ssize_t n = read(m->complaints, block, sizeof block);
    if (n > 0 && m->errors.len < 65536)
        strbuf_add(&m->errors, block, (size_t)n);
    if (n == 0) {
        close(m->complaints);
        m->complaints = -1;
    }
}

static void take_input(struct machine *m)
{
    char block[256];
    ssize_t n = read(STDIN_FILENO, block, sizeof block);
    if (n <= 0) {
        m->options.interactive = false;
        return;
    }
    if (memchr(block, ESCAPE_KEY, (size_t)n))
        m->left = true;
    else if (file_write_all(m->to, block, (size_t)n) < 0)
        m->options.interactive = false;
}

/* Wait for something to happen, a second at most. */
static int turn(struct machine *m, uint64_t wait_ms, struct err *err)
{
    struct pollfd fds[] = {
        {.fd = m->from, .events = POLLIN},
        {.fd = m->complaints, .events = POLLIN},
        {.fd = m->options.interactive ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int n = poll(fds, ARRAY_SIZE(fds), wait_ms > 1000 ? 1000 : (int)wait_ms);
    if (n < 0 && errno != EINTR)
        return err_errno(err, "cannot wait for QEMU");
    if (n <= 0)
        return 0;
    if (fds[1].revents)
        take_complaints(m);
    if (fds[2].revents)
        take_input(m);
    return fds[0].revents ? take_output(m, err) : 0;
}

/* QEMU has closed the console: did it run a machine, or only complain? */
static int check_end(struct machine *m, struct err *err)
{
    int status = 0;
    while (m->complaints >= 0)
        take_complaints(m);
    if (m->pid > 0)
        while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
            ;
    m->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        err_set(err, ERR_SYSTEM, -ENOENT, "cannot run '%s': %s", m->argv.v[0],
            m->errors.len ? m->errors.s : "not found");
        return err_hint(err, "install QEMU: the package 'qemu-system-x86' (Debian) or 'qemu-kvm'");
    }
    if ((WIFEXITED(status) && WEXITSTATUS(status) != 0) || WIFSIGNALED(status)) {
        size_t length = m->errors.len;
        while (length && m->errors.s[length - 1] == '\n')
            length--;
        return err_set(err, ERR_SYSTEM, -EIO, "QEMU failed: %.*s", (int)length,
            length ? m->errors.s : "no message");
    }
    return 0;
}

static bool has_matched(struct machine *m, const char *text)
{
    size_t length = strlen(text);
    char *found = m->console.len > m->matched
                      ? memmem(m->console.s + m->matched, m->console.len - m->matched, text, length)
                      : NULL;
    if (found)
        m->matched = (size_t)(found - m->console.s) + length;
    return found != NULL;
}

int machine_expect(struct machine *m, const char *text, unsigned timeout_seconds,
    enum machine_outcome *ret_outcome, struct err *err)
{
    uint64_t end = timeout_seconds ? clock_ms() + timeout_seconds * UINT64_C(1000) : UINT64_MAX;
    for (;;) {
        uint64_t now = clock_ms();
        if (text && has_matched(m, text))
            *ret_outcome = MACHINE_REACHED;
        else if (m->is_over)
            *ret_outcome = text ? MACHINE_ENDED : MACHINE_REACHED;
        else if (interrupt_pending() || m->left)
            *ret_outcome = MACHINE_INTERRUPTED;
        else if (now >= end)
            *ret_outcome = MACHINE_TIMEOUT;
        else {
            int r = turn(m, end - now, err);
            if (r < 0)
                return r;
            continue;
        }
        return m->is_over ? check_end(m, err) : 0;
    }
}

int machine_type(struct machine *m, const char *text, struct err *err)
{
    int r = file_write_all(m->to, text, strlen(text));
    return r < 0 ? err_code(err, r, "cannot type on the console") : 0;
}

const char *machine_console(const struct machine *m, size_t *ret_size)
{
    *ret_size = m->console.len;
    return m->console.s ? m->console.s : "";
}

static void end_qemu(struct machine *m)
{
    kill(m->pid, SIGTERM); /* QEMU removes its temporary overlay */
    for (int tenths = 0; tenths < 50; tenths++) {
        if (waitpid(m->pid, NULL, WNOHANG) != 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    kill(m->pid, SIGKILL);
    waitpid(m->pid, NULL, 0);
}

void machine_stop(struct machine *m)
{
    if (!m)
        return;
    if (m->pid > 0)
        end_qemu(m);
    if (m->to >= 0)
        close(m->to);
    if (m->from >= 0)
        close(m->from);
    if (m->complaints >= 0)
        close(m->complaints);
    if (m->log >= 0)
        close(m->log);
    strbuf_done(&m->console);
    strbuf_done(&m->errors);
    strv_done(&m->argv);
    free(m);
}
