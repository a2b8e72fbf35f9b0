#include "install/install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/file.h"
#include "install/database.h"
#include "install/report.h"
#include "install/transaction.h"
#include "sandbox/channel.h"
#include "sandbox/confine.h"
#include "sandbox/nodes.h"
#include "sandbox/sandbox.h"
#include "sandbox/supervise.h"

#define DEFAULT_SECONDS 600
#define KILL_AGAIN_MS 10000
#define OUTPUT_MAX ((size_t)64 << 10)
#define CHILDREN_MAX 1024
#define DRAIN_MAX 64

/* The supervisor's side of a transaction. */
struct installation {
    const struct strv *paths;
    int root, channel, output;
    unsigned seconds;
    struct progress *progress;
    struct install_report *report;
    struct nodes *nodes;
    struct supervise supervise;
    struct supervise_watch watches[3]; /* output, channel, listener */
    /* The scriptlet that runs; package is NULL when none does. */
    char *package, *scriptlet;
    struct strbuf printed;
    bool timed_out;
    struct err said; /* why it failed, by the child or by us */
    struct transaction_sum sum;
    bool is_done;
};

/* ---- what scriptlets print ---- */

static void on_output(void *context, struct supervise_watch *watch)
{
    struct installation *in = context;
    char piece[8192];
    ssize_t n = read(watch->fd, piece, sizeof piece);
    if (n > 0 && in->printed.len < OUTPUT_MAX)
        strbuf_add(&in->printed, piece, (size_t)n);
    else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        watch->fd = -1;
}

static void drain_output(struct installation *in)
{
    char piece[8192];
    ssize_t n = 1;
    /* A daemon that was left behind may print without end. */
    for (size_t i = 0; i < DRAIN_MAX && n > 0; i++) {
        n = read(in->output, piece, sizeof piece);
        if (n > 0 && in->printed.len < OUTPUT_MAX)
            strbuf_add(&in->printed, piece, (size_t)n);
    }
}

/* What was printed so far without the blanks at its end; the buffer is empty then. */
static char *take_output(struct installation *in)
{
    while (in->printed.len && strchr(" \t\r\n", in->printed.s[in->printed.len - 1]))
        in->printed.s[--in->printed.len] = '\0';
    return strbuf_steal(&in->printed);
}

/* ---- time limits ---- */

/* The scriptlet is a child of librpm's process, which is pid 1 of the namespace and the only child
 * of the one that we started. So are daemons that earlier scriptlets left behind: all go. A
 * scriptlet in Lua is librpm's process itself. */
static size_t kill_scriptlet(const struct installation *in)
{
    pid_t rpm, children[CHILDREN_MAX];
    size_t killed = 0;
    if (supervise_children(in->supervise.pid, &rpm, 1) == 0)
        return 0;
    size_t n = supervise_children(rpm, children, CHILDREN_MAX);
    for (size_t i = 0; i < n; i++)
        killed += supervise_kill_child(rpm, children[i]);
    return killed;
}

static void on_late(void *context)
{
    struct installation *in = context;
    if (!in->timed_out && kill_scriptlet(in) > 0) {
        in->timed_out = true;
        in->supervise.deadline_ms = clock_ms() + KILL_AGAIN_MS;
        return;
    }
    if (in->said.kind == ERR_NONE)
        err_set(&in->said, ERR_SCRIPT, -ETIMEDOUT, "%s of %s did not end within %u seconds",
            in->scriptlet ? in->scriptlet : "a scriptlet", in->package ? in->package : "a package",
            in->seconds);
    supervise_kill(in->supervise.pid);
}

/* ---- messages ---- */

static void give_package(struct installation *in, const struct channel_message *m)
{
    uint32_t index = UINT32_MAX;
    if (m->size == sizeof index)
        memcpy(&index, m->bytes, sizeof index);
    const char *path = index < in->paths->n ? in->paths->v[index] : NULL;
    auto_close int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 && path && in->said.kind == ERR_NONE)
        err_errno(&in->said, "cannot open the package '%s'", path);
    channel_send(in->channel, MESSAGE_FILE, "", 0, fd);
}

static void begin_scriptlet(struct installation *in, const struct channel_message *m)
{
    size_t length = strlen(m->bytes) + 1;
    free(in->package);
    free(in->scriptlet);
    in->package = xstrdup(m->bytes);
    in->scriptlet = xstrdup(length < m->size ? m->bytes + length : "a scriptlet");
    in->timed_out = false;
    in->supervise.deadline_ms = clock_ms() + 1000ULL * in->seconds;
}

static int fatal_scriptlet(
    struct installation *in, const struct install_scriptlet *s, struct err *err)
{
    if (s->timed_out)
        return err_set(err, ERR_SCRIPT, -ETIMEDOUT, "%s of %s did not end within %u seconds%s%s",
            s->scriptlet, s->package, in->seconds, *s->output ? ": " : "", s->output);
    return err_set(err, ERR_SCRIPT, -EIO, "%s of %s failed with status %d%s%s", s->scriptlet,
        s->package, s->status, *s->output ? ": " : "", s->output);
}

static void end_scriptlet(struct installation *in, const struct channel_message *m)
{
    struct scriptlet_end end = {0};
    if (m->size == sizeof end)
        memcpy(&end, m->bytes, sizeof end);
    drain_output(in);
    channel_send(in->channel, MESSAGE_TAKEN, "", 0, -1);
    in->supervise.deadline_ms = 0;
    auto_free char *output = take_output(in);
    end.name[sizeof end.name - 1] = '\0';
    if (end.name[0]) {
        free(in->scriptlet);
        in->scriptlet = xstrdup(end.name);
    }
    const struct install_scriptlet s = {.package = in->package ? in->package : output,
        .scriptlet = in->scriptlet ? in->scriptlet : output,
        .status = end.status,
        .timed_out = in->timed_out,
        .output = output};
    if (end.status || *output)
        install_report_add(in->report, &s);
    if (end.is_fatal && in->said.kind == ERR_NONE) {
        fatal_scriptlet(in, &s, &in->said);
        supervise_kill(in->supervise.pid);
    }
}

static void take_listener(struct installation *in, struct channel_message *m);

static void serve_message(struct installation *in, struct channel_message *m)
{
    uint32_t n = 0;
    switch (m->type) {
    case CHANNEL_ERROR:
        if (in->said.kind == ERR_NONE)
            channel_take_error(m, &in->said);
        break;
    case CHANNEL_LISTENER:
        take_listener(in, m);
        break;
    case MESSAGE_OPEN:
        give_package(in, m);
        break;
    case MESSAGE_PACKAGE:
        memcpy(&n, m->bytes, m->size >= sizeof n ? sizeof n : 0);
        progress_advance(in->progress, n, m->bytes + sizeof n);
        break;
    case MESSAGE_START:
        begin_scriptlet(in, m);
        break;
    case MESSAGE_STOP:
        end_scriptlet(in, m);
        break;
    case MESSAGE_REMARK:
        m->bytes[strcspn(m->bytes, "\n")] = '\0';
        progress_debug(in->progress, "rpm: %s", m->bytes);
        break;
    case MESSAGE_DONE:
        memcpy(&in->sum, m->bytes, m->size == sizeof in->sum ? sizeof in->sum : 0);
        in->is_done = true;
        progress_advance(in->progress, in->paths->n, NULL);
        break;
    default:
        break;
    }
}

static void on_call(void *context, struct supervise_watch *watch)
{
    struct installation *in = context;
    nodes_answer(in->nodes);
    watch->fd = nodes_listener(in->nodes);
}

static void take_listener(struct installation *in, struct channel_message *m)
{
    if (m->fd < 0 || in->nodes)
        return;
    in->nodes = nodes_new(steal_fd(&m->fd), in->root);
    in->watches[2] = (struct supervise_watch){nodes_listener(in->nodes), on_call};
}

static void on_message(void *context, struct supervise_watch *watch)
{
    struct installation *in = context;
    auto_free struct channel_message *m = xmalloc(sizeof *m);
    int r = channel_receive(watch->fd, MSG_DONTWAIT, m);
    if (r == 1) {
        serve_message(in, m);
        if (m->fd >= 0)
            close(m->fd);
    } else if (r != -EAGAIN) {
        watch->fd = -1;
    }
}

/* ---- the whole ---- */

static int outcome(struct installation *in, int status, struct err *err)
{
    if (in->said.kind != ERR_NONE) {
        *err = in->said;
        in->said = (struct err){0};
        return err->code;
    }
    if (status != 0 || !in->is_done) {
        auto_free char *output = take_output(in);
        return err_set(err, ERR_SYSTEM, -EIO, "rpm's process ended with status %d%s%s", status,
            *output ? ": " : "", output);
    }
    return 0;
}

static int supervise(struct installation *in, pid_t pid, struct err *err)
{
    int status = 0;
    in->watches[0] = (struct supervise_watch){in->output, on_output};
    in->watches[1] = (struct supervise_watch){in->channel, on_message};
    in->watches[2].fd = -1;
    in->supervise = (struct supervise){.pid = pid,
        .watches = in->watches,
        .n = ARRAY_SIZE(in->watches),
        .late = on_late,
        .context = in};
    int r = supervise_wait(&in->supervise, &status, err);
    return r < 0 ? r : outcome(in, status, err);
}

static int start(
    struct installation *in, const struct install_options *options, pid_t *ret_pid, struct err *err)
{
    int ends[2], pipe_ends[2];
    if (channel_make(ends, err) < 0)
        return err->code;
    auto_close int inside = ends[1];
    in->channel = ends[0];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    auto_close int output = pipe_ends[1];
    in->output = pipe_ends[0];
    if (fcntl(in->output, F_SETFL, O_NONBLOCK) < 0)
        return err_errno(err, "cannot set up a pipe");
    struct transaction t = {inside, output, in->paths, options};
    return confine_start(transaction_main, &t, in->root, inside, ret_pid, err);
}

static void installation_done(struct installation *in)
{
    if (in->channel >= 0)
        close(in->channel);
    if (in->output >= 0)
        close(in->output);
    nodes_free(in->nodes);
    install_report_free(in->report);
    free(in->package);
    free(in->scriptlet);
    strbuf_done(&in->printed);
    err_done(&in->said);
}

static int run(struct installation *in, const struct install_options *options, struct err *err)
{
    pid_t pid = 0;
    int r = start(in, options, &pid, err);
    if (r == 0)
        r = supervise(in, pid, err);
    if (r == 0 && in->sum.needs_own_rpm)
        r = database_make_by_own_rpm(in->root, in->paths, in->seconds, err);
    in->report->n_packages = in->sum.n_packages;
    in->report->n_files = in->sum.n_files;
    return r;
}

int install_packages(int root, const struct strv *paths, const struct install_options *options,
    struct progress *progress, struct install_report **ret_report, struct err *err)
{
    if (!sandbox_is_entered())
        return err_set(err, ERR_SYSTEM, -EPERM, "packages are installed in a sandbox only");
    struct installation in = {.paths = paths,
        .root = root,
        .channel = -1,
        .output = -1,
        .seconds = options->scriptlet_seconds ? options->scriptlet_seconds : DEFAULT_SECONDS,
        .progress = progress,
        .report = install_report_new()};
    progress_begin(progress, "install", PROGRESS_COUNT, paths->n);
    int r = run(&in, options, err);
    progress_end(progress);
    if (r == 0)
        *ret_report = steal(&in.report);
    installation_done(&in);
    return r;
}
