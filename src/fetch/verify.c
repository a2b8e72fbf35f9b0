#include "fetch/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/interrupt.h"
#include "fetch/checksum.h"
#include "fetch/signature.h"

#define MAX_WORKERS 4
#define POLL_MS 200
#define NO_JOB SIZE_MAX

/* In memory that the workers share: the next job, and which one each is at. */
struct board {
    size_t next;
    size_t at[MAX_WORKERS];
};

/* One write to the pipe, short enough never to be mixed with another's. */
struct report {
    size_t job;
    enum verify_fault fault;
    char detail[400];
};
_Static_assert(sizeof(struct report) <= PIPE_BUF, "reports are written at once");

struct workers {
    struct verify_job *jobs;
    size_t n_jobs;
    struct board *board;
    pid_t pids[MAX_WORKERS];
    unsigned n;
    int pipe[2];
};

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++) {
        free(keys->v[i].from);
        free(keys->v[i].bytes);
    }
    free(keys->v);
    free(keys);
}

static enum verify_fault check_size(const struct verify_job *job, int fd, char **ret_detail)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        *ret_detail = xstrdup(fd < 0 ? strerror(errno) : "it is no file");
        return VERIFY_NO_FILE;
    }
    if (job->size_bytes && (uint64_t)st.st_size != job->size_bytes) {
        *ret_detail = xprintf("%" PRIu64 " bytes", (uint64_t)st.st_size);
        return VERIFY_SIZE;
    }
    *ret_detail = xstrdup("");
    return VERIFY_GOOD;
}

static enum verify_fault check_checksum(const struct verify_job *job, char **ret_detail)
{
    auto_close int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum verify_fault fault = check_size(job, fd, ret_detail);
    if (fault != VERIFY_GOOD || !job->checksum)
        return fault;
    auto_cleanup(checksum_free) struct checksum *sum = checksum_new(job->checksum_type);
    int r = checksum_file(sum, fd, UINT64_MAX);
    auto_free char *hex = checksum_hex(sum);
    if (r == 0 && strcmp(hex, job->checksum) == 0)
        return VERIFY_GOOD;
    free(*ret_detail);
    *ret_detail = r < 0 ? xstrdup(strerror(-r)) : steal(&hex);
    return r < 0 ? VERIFY_NO_FILE : VERIFY_CHECKSUM;
}

static enum verify_fault check(
    const struct verify_job *job, struct signature_checker **checker, char **ret_detail)
{
    enum verify_fault fault = check_checksum(job, ret_detail);
    if (fault != VERIFY_GOOD || !job->keys)
        return fault;
    if (!*checker)
        *checker = signature_checker_new();
    free(steal(ret_detail));
    if (job->signature)
        return signature_of_file(*checker, job->path, job->signature, job->keys, ret_detail);
    return signature_of_package(*checker, job->path, job->keys, ret_detail);
}

static void work(const struct workers *w, unsigned me)
{
    struct signature_checker *checker = NULL;
    for (;;) {
        size_t i = __atomic_fetch_add(&w->board->next, 1, __ATOMIC_RELAXED);
        if (i >= w->n_jobs || interrupt_pending())
            break;
        if (w->jobs[i].fault != VERIFY_NOT_DONE)
            continue;
        w->board->at[me] = i;
        auto_free char *detail = NULL;
        struct report report = {.job = i};
        report.fault = check(&w->jobs[i], &checker, &detail);
        snprintf(report.detail, sizeof report.detail, "%s", detail ? detail : "");
        if (write(w->pipe[1], &report, sizeof report) != sizeof report)
            _exit(1);
        w->board->at[me] = NO_JOB;
    }
    _exit(0);
}

static int start(struct workers *w, unsigned wanted, struct err *err)
{
    pid_t parent = getpid();
    for (unsigned i = 0; i < wanted; i++) {
        w->board->at[i] = NO_JOB;
        pid_t pid = fork();
        if (pid < 0)
            return err_errno(err, "cannot start a process to verify files");
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(1);
            close(w->pipe[0]);
            work(w, i);
        }
        w->pids[w->n++] = pid;
    }
    close(w->pipe[1]);
    w->pipe[1] = -1;
    return 0;
}

static void finish_job(struct verify_job *job, enum verify_fault fault, const char *detail)
{
    job->fault = fault;
    job->detail = xstrdup(detail);
    for (char *p = job->detail; *p; p++) /* librpm may quote the package */
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
            *p = '?';
}

/* Until the last of the workers has closed its end. */
static int collect(struct workers *w, void (*advance)(void *data, const struct verify_job *job),
    void *data, struct err *err)
{
    for (;;) {
        if (interrupt_pending())
            return interrupt_error(err);
        struct pollfd waited = {.fd = w->pipe[0], .events = POLLIN};
        int n = poll(&waited, 1, POLL_MS);
        if (n < 0 && errno != EINTR)
            return err_errno(err, "cannot wait for the processes that verify files");
        if (n <= 0)
            continue;
        struct report report;
        ssize_t size = read(w->pipe[0], &report, sizeof report);
        if (size == 0)
            return 0;
        if (size < 0 && errno == EINTR)
            continue;
        if (size != sizeof report || report.job >= w->n_jobs ||
            w->jobs[report.job].fault != VERIFY_NOT_DONE)
            return err_code(err, -EIO, "cannot hear the processes that verify files");
        finish_job(&w->jobs[report.job], report.fault, report.detail);
        if (advance)
            advance(data, &w->jobs[report.job]);
    }
}

static void stop(struct workers *w, bool kill_them)
{
    for (unsigned i = 0; i < w->n; i++) {
        if (kill_them)
            kill(w->pids[i], SIGKILL);
        while (waitpid(w->pids[i], NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (unsigned i = 0; i < 2; i++)
        if (w->pipe[i] >= 0)
            close(w->pipe[i]);
}

/* A file on which a worker died is broken. */
static void blame(struct workers *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        size_t at = w->board->at[i];
        if (at < w->n_jobs && w->jobs[at].fault == VERIFY_NOT_DONE)
            finish_job(&w->jobs[at], VERIFY_BROKEN, "reading it ended the process that read it");
    }
}

static int run_workers(struct verify_job *jobs, size_t n,
    void (*advance)(void *data, const struct verify_job *job), void *data, struct err *err)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = cpus < 1 ? 1 : cpus > MAX_WORKERS ? MAX_WORKERS : (unsigned)cpus;
    struct workers w = {.jobs = jobs, .n_jobs = n, .pipe = {-1, -1}};
    if (pipe2(w.pipe, O_CLOEXEC) < 0)
        return err_errno(err, "cannot start processes to verify files");
    w.board =
        mmap(NULL, sizeof *w.board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int r = w.board == MAP_FAILED ? err_errno(err, "cannot start processes to verify files")
                                  : start(&w, n < wanted ? (unsigned)n : wanted, err);
    if (r == 0)
        r = collect(&w, advance, data, err);
    stop(&w, r < 0);
    if (r == 0)
        blame(&w);
    if (w.board != MAP_FAILED)
        munmap(w.board, sizeof *w.board);
    return r;
}

static size_t count_open(const struct verify_job *jobs, size_t n)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += jobs[i].fault == VERIFY_NOT_DONE;
    return open;
}

/* What was left when a worker died is begun again, as long as each round gets on. */
int verify_run(struct verify_job *jobs, size_t n,
    void (*advance)(void *data, const struct verify_job *job), void *data, struct err *err)
{
    for (size_t left = count_open(jobs, n); left;) {
        int r = run_workers(jobs, n, advance, data, err);
        if (r == 0 && interrupt_pending())
            r = interrupt_error(err);
        if (r < 0)
            return r;
        size_t before = left;
        left = count_open(jobs, n);
        if (left == before)
            return err_code(err, -EIO, "the processes that verify files end before they did");
    }
    return 0;
}
