#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/channel.h"
#include "sandbox/confine.h"
#include "sandbox/nodes.h"
#include "sandbox/sandbox.h"
#include "sandbox/supervise.h"
#include "sandbox/view.h"

#define OUTPUT_MAX ((size_t)64 << 10)
#define PIECE 8192

static const char *const default_environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
    "LANG=C.UTF-8", "TERM=dumb", NULL};

/* What the child needs; a copy of it, by fork. */
struct inside {
    int channel, input, output;
    const struct sandbox_command *command;
};

/* What the supervisor keeps. */
struct outside {
    int root, channel;
    struct nodes *nodes;
    struct strbuf output;
    const struct sandbox_command *command;
    struct supervise *supervise;
    bool timed_out;
    struct err said; /* the child's message */
};

static int to_the_caller(const struct inside *in, struct err *err)
{
    channel_send_error(in->channel, err);
    err_done(err);
    return 127;
}

static _Noreturn void become_command(const struct inside *in)
{
    struct err err = {0};
    const struct sandbox_command *c = in->command;
    /* Both lists belong to the caller, who does not see what execve(2) takes as not const. */
    char **argv, **environment;
    const char *const *words = c->environment ? c->environment : default_environment;
    memcpy(&argv, &c->argv, sizeof argv);
    memcpy(&environment, &words, sizeof environment);
    const char *directory = c->directory ? c->directory : "/";
    if (dup2(in->input, 0) < 0 || dup2(in->output, 1) < 0 || dup2(in->output, 2) < 0 ||
        confine_drop() < 0)
        err_errno(&err, "cannot start '%s' in the sandbox", c->argv[0]);
    else if (chdir(directory) < 0)
        err_errno(&err, "cannot go to '%s' in the root", directory);
    if (err.kind == ERR_NONE) {
        execve(argv[0], argv, environment);
        err_set(&err, ERR_SCRIPT, -errno, "cannot run '%s' of the root: %s", c->argv[0],
            strerror(errno));
    }
    _exit(to_the_caller(in, &err));
}

/* As pid 1: collect whatever ends, until the command has. */
static int reap_until(pid_t command)
{
    int status = 0;
    for (;;) {
        pid_t ended = wait(&status);
        if (ended == command)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (ended < 0 && errno != EINTR)
            return 126;
    }
}

static int run_inside(void *context, int root)
{
    const struct inside *in = context;
    struct err err = {0};
    int listener = -1;
    int r = view_enter(root, in->command->binds, in->command->n_binds, &err);
    if (r == 0)
        r = nodes_filter(&listener, &err);
    if (r < 0)
        return to_the_caller(in, &err);
    channel_send(in->channel, CHANNEL_LISTENER, "", 0, listener);
    close(listener);
    pid_t command = fork();
    if (command == 0)
        become_command(in);
    close(in->channel);
    close(in->output);
    return command < 0 ? 126 : reap_until(command);
}

static void keep_output(struct outside *out, const char *bytes, size_t size)
{
    if (out->command->output)
        out->command->output(out->command->context, bytes, size);
    strbuf_add(&out->output, bytes, size);
    if (out->output.len > 2 * OUTPUT_MAX) {
        memmove(out->output.s, out->output.s + out->output.len - OUTPUT_MAX, OUTPUT_MAX);
        out->output.len = OUTPUT_MAX;
    }
}

static void on_output(void *context, struct supervise_watch *watch)
{
    char piece[PIECE];
    ssize_t n = read(watch->fd, piece, sizeof piece);
    if (n > 0)
        keep_output(context, piece, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        watch->fd = -1;
}

static void on_call(void *context, struct supervise_watch *watch)
{
    struct outside *out = context;
    nodes_answer(out->nodes);
    watch->fd = nodes_listener(out->nodes);
}

/* The listener is the third watch: it comes when the child has made it. */
static void on_message(void *context, struct supervise_watch *watch)
{
    struct outside *out = context;
    auto_free struct channel_message *message = xmalloc(sizeof *message);
    int r = channel_receive(watch->fd, MSG_DONTWAIT, message);
    if (r == 0 || (r < 0 && r != -EAGAIN))
        watch->fd = -1;
    else if (r == 1 && message->type == CHANNEL_ERROR && out->said.kind == ERR_NONE)
        channel_take_error(message, &out->said);
    else if (r == 1 && message->type == CHANNEL_LISTENER && message->fd >= 0 && !out->nodes) {
        out->nodes = nodes_new(steal_fd(&message->fd), out->root);
        watch[1] = (struct supervise_watch){nodes_listener(out->nodes), on_call};
    }
    if (r == 1 && message->fd >= 0)
        close(message->fd);
}

static void on_late(void *context)
{
    struct outside *out = context;
    out->timed_out = true;
    supervise_kill(out->supervise->pid);
}

static int supervise(struct outside *out, pid_t pid, int output, int *ret_status, struct err *err)
{
    struct supervise_watch watches[] = {
        {output, on_output}, {out->channel, on_message}, {-1, NULL}};
    unsigned seconds = out->command->timeout_seconds;
    struct supervise s = {.pid = pid,
        .watches = watches,
        .n = ARRAY_SIZE(watches),
        .deadline_ms = seconds ? clock_ms() + 1000ULL * seconds : 0,
        .late = on_late,
        .context = out};
    out->supervise = &s;
    return supervise_wait(&s, ret_status, err);
}

static int input_of(const struct sandbox_command *command, struct err *err)
{
    auto_close int fd = memfd_create("input", MFD_CLOEXEC);
    int r = fd < 0 ? -errno : file_write_all(fd, command->input, command->input_size);
    if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_code(err, r < 0 ? r : -errno, "cannot hold a command's input");
    return steal_fd(&fd);
}

static void fill_result(struct outside *out, int status, struct sandbox_result *ret_result)
{
    size_t cut = out->output.len > OUTPUT_MAX ? out->output.len - OUTPUT_MAX : 0;
    ret_result->status = out->timed_out ? 128 + SIGKILL : status;
    ret_result->timed_out = out->timed_out;
    ret_result->output = xstrndup(out->output.s ? out->output.s + cut : "", out->output.len - cut);
}

int sandbox_run(int root, const struct sandbox_command *command, struct sandbox_result *ret_result,
    struct err *err)
{
    if (!sandbox_is_entered())
        return err_set(err, ERR_SYSTEM, -EPERM, "no sandbox was entered");
    int ends[2], pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    auto_close int output = pipe_ends[0], output_inside = pipe_ends[1];
    auto_close int input = input_of(command, err);
    if (input < 0 || channel_make(ends, err) < 0)
        return err->code;
    auto_close int channel = ends[0], channel_inside = ends[1];
    struct inside in = {channel_inside, input, output_inside, command};
    struct outside out = {.root = root, .channel = channel, .command = command};
    pid_t pid = 0;
    int status = 0, r = confine_start(run_inside, &in, root, channel_inside, &pid, err);
    close(steal_fd(&channel_inside));
    close(steal_fd(&output_inside));
    if (r == 0)
        r = supervise(&out, pid, output, &status, err);
    nodes_free(out.nodes);
    if (r == 0 && out.said.kind != ERR_NONE) {
        *err = out.said;
        r = err->code;
    } else {
        err_done(&out.said);
    }
    if (r == 0)
        fill_result(&out, status, ret_result);
    strbuf_done(&out.output);
    return r;
}

void sandbox_result_done(struct sandbox_result *result)
{
    free(result->output);
    *result = (struct sandbox_result){0};
}
