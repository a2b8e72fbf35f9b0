/* The adapter of libcurl. */
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "fetch/address.h"
#include "fetch/transfer-state.h"

#define POLL_MS 200
#define SLOW_BYTES_PER_SECOND 1000L
#define MAX_REDIRECTIONS 10L
#define PROTOCOLS "http,https,ftp"

/* A run of several transfers. */
struct run {
    CURLM *multi;
    struct transfer_state *states;
    size_t n, active, finished;
    const struct transfer_options *options;
    const struct transfer_watch *watch;
};

void mirrors_done(struct mirrors *mirrors)
{
    strv_done(&mirrors->urls);
    free(mirrors->faults);
    *mirrors = (struct mirrors){0};
}

/* ---- one attempt ---- */

struct receiver {
    struct run *run;
    struct transfer_state *state;
};

/* The watch hears how much of the file there is now. */
static void tell(const struct run *run, struct transfer_state *s)
{
    if (run->watch && run->watch->heard && s->got != s->told)
        run->watch->heard(run->watch->data, s->transfer, (int64_t)(s->got - s->told));
    s->told = s->got;
}

static size_t on_bytes(char *bytes, size_t one, size_t n, void *data)
{
    struct receiver *receiver = data;
    struct transfer_state *s = receiver->state;
    (void)one;
    if (!transfer_state_write(s, bytes, n))
        return 0;
    tell(receiver->run, s);
    return n;
}

static void set_options(CURL *easy, struct transfer_state *s, struct receiver *receiver)
{
    const struct transfer_site *site = s->transfer->site;
    long stall = (long)s->options->stall_seconds;
    curl_easy_setopt(easy, CURLOPT_URL, s->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, PROTOCOLS);
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, PROTOCOLS);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, MAX_REDIRECTIONS);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, stall);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_SECOND);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->error_text);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, receiver);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, receiver);
    curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)s->offset);
    uint64_t most = transfer_limit(s->transfer);
    if (most && most <= INT64_MAX)
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)(most - s->offset));
    if (site && site->proxy)
        curl_easy_setopt(easy, CURLOPT_PROXY, site->proxy);
    if (site && !site->sslverify) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static int finish(struct run *run, struct transfer_state *s, const char *from, struct err *err)
{
    struct transfer *t = s->transfer;
    t->found = true;
    t->mirror = s->mirror;
    t->from = from ? address_for_people(from) : NULL;
    s->is_finished = true;
    run->finished++;
    return run->watch && run->watch->whole ? run->watch->whole(run->watch->data, t, err) : 0;
}

static int start_attempt(struct run *run, struct transfer_state *s, struct err *err)
{
    int r = transfer_state_open(s);
    if (r < 0)
        return err_code(err, r, "%s: cannot write 'partial/%s' in the cache", s->transfer->what,
            s->transfer->partial_name);
    tell(run, s);
    if (r > 0)
        return finish(run, s, NULL, err);
    CURL *easy = curl_easy_init();
    if (!easy)
        return err_set(err, ERR_SYSTEM, -EIO, "libcurl failed");
    struct receiver *receiver = xmalloc(sizeof *receiver);
    *receiver = (struct receiver){run, s};
    s->error_text[0] = '\0';
    set_options(easy, s, receiver);
    s->easy = easy;
    curl_multi_add_handle(run->multi, easy);
    run->active++;
    return 0;
}

static void end_attempt(struct run *run, struct transfer_state *s)
{
    struct receiver *receiver = NULL;
    curl_easy_getinfo(s->easy, CURLINFO_PRIVATE, &receiver);
    curl_multi_remove_handle(run->multi, s->easy);
    curl_easy_cleanup(s->easy);
    free(receiver);
    s->easy = NULL;
    run->active--;
}

static enum transfer_fault fault_of_status(const struct transfer *t, long status)
{
    if (status == 404 || status == 410)
        return FAULT_ABSENT;
    if (status == 403 && t->may_be_absent) /* what S3 says of a file that is not there */
        return FAULT_ABSENT;
    return status == 408 || status == 429 || status >= 500 ? FAULT_TRANSIENT : FAULT_REFUSED;
}

/* What libcurl's result means, and in words. */
static enum transfer_fault judge(struct transfer_state *s, CURLcode code, char **ret_why)
{
    long status = 0;
    curl_off_t announced = -1;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(s->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    /* libcurl takes a 416, or a whole file of the piece's size, for a file that had come already.
     */
    if (code == CURLE_OK && s->offset && s->got == s->offset)
        return FAULT_PIECE;
    if (code == CURLE_OK)
        return transfer_state_check(s, announced, ret_why);
    bool is_ours = s->err.kind != ERR_NONE;
    if (code == CURLE_FILESIZE_EXCEEDED || (code == CURLE_WRITE_ERROR && !is_ours))
        return transfer_state_too_large(s, ret_why);
    if (is_ours)
        return FAULT_OURS;
    *ret_why = xstrdup(s->error_text[0] ? s->error_text : curl_easy_strerror(code));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (code) {
    case CURLE_HTTP_RETURNED_ERROR:
        /* It holds another, shorter file than the piece that was kept. */
        if (status == 416 && s->offset)
            return FAULT_PIECE;
        return fault_of_status(s->transfer, status);
    case CURLE_REMOTE_FILE_NOT_FOUND:
        return FAULT_ABSENT;
    case CURLE_RANGE_ERROR:
        return s->offset ? FAULT_PIECE : FAULT_TRANSIENT;
    case CURLE_OPERATION_TIMEDOUT:
        free(*ret_why);
        *ret_why = xprintf("nothing, or too little, came in %u s", s->options->stall_seconds);
        return FAULT_TRANSIENT;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_LOGIN_DENIED:
    case CURLE_TOO_MANY_REDIRECTS:
        return FAULT_REFUSED;
    default:
        return FAULT_TRANSIENT;
    }
#pragma GCC diagnostic pop
}

/* ---- the loop ---- */

/* No mirror is left. */
static int end_without(struct run *run, struct transfer_state *s, struct err *err)
{
    if (!s->transfer->may_be_absent || !s->any_absent)
        return transfer_state_give_up(s, err);
    s->is_finished = true;
    run->finished++;
    return 0;
}

/* Start what may be started. Returns 0, or negative with *err. */
static int start_ready(struct run *run, struct err *err)
{
    uint64_t now = clock_ms();
    int r = 0;
    for (size_t i = 0; r == 0 && i < run->n && run->active < run->options->parallel; i++) {
        struct transfer_state *s = &run->states[i];
        if (s->easy || s->is_finished)
            continue;
        if (!transfer_state_next(s))
            r = end_without(run, s, err);
        else if (s->mirrors[s->mirror].wait_ms <= now)
            r = start_attempt(run, s, err);
    }
    return r;
}

/* What libcurl has finished, well or not. */
static int take_result(struct run *run, struct transfer_state *s, CURLcode code, struct err *err)
{
    auto_free char *why = NULL;
    enum transfer_fault fault = judge(s, code, &why);
    int r = 0;
    end_attempt(run, s);
    if (fault == FAULT_OURS) {
        *err = s->err;
        s->err = (struct err){0};
        if (err->code == -ENOSPC || err->code == -EDQUOT)
            err_hint(err, "make room (slipway cache prune), or say --cache DIRECTORY");
        return err_wrap(err, err->code, "%s", s->transfer->what);
    }
    if (fault == FAULT_NONE)
        r = finish(run, s, s->url, err);
    else
        transfer_state_fail(s, fault, why);
    tell(run, s);
    return r;
}

static int take_finished(struct run *run, struct err *err)
{
    int left, r = 0;
    for (CURLMsg *m; r == 0 && (m = curl_multi_info_read(run->multi, &left));) {
        struct receiver *receiver = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &receiver);
        r = take_result(run, receiver->state, m->data.result, err);
    }
    return r;
}

static int loop(struct run *run, struct err *err)
{
    while (run->finished < run->n) {
        int running, r = start_ready(run, err);
        if (r < 0)
            return r;
        if (curl_multi_perform(run->multi, &running) != CURLM_OK)
            return err_set(err, ERR_SYSTEM, -EIO, "libcurl failed");
        size_t active = run->active;
        if ((r = take_finished(run, err)) < 0)
            return r;
        if (interrupt_pending())
            return interrupt_error(err);
        /* With nothing under way it is for a mirror's pause that this waits. */
        int wait_ms = run->active ? POLL_MS : POLL_MS / 10;
        bool is_idle = active == run->active && run->finished < run->n;
        if (is_idle && curl_multi_poll(run->multi, NULL, 0, wait_ms, NULL) != CURLM_OK)
            return err_set(err, ERR_SYSTEM, -EIO, "libcurl failed");
    }
    return 0;
}

static void run_done(struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        struct transfer_state *s = &run->states[i];
        if (s->easy)
            end_attempt(run, s);
        transfer_state_done(s);
    }
    free(run->states);
    curl_multi_cleanup(run->multi);
}

int transfer_run(struct transfer *transfers, size_t n, const struct transfer_options *options,
    const struct transfer_watch *watch, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        transfers[i].fd = -1;
        transfers[i].partial_dir = options->partial_dir;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_SYSTEM, -EIO, "cannot initialize libcurl");
    struct run run = {.multi = curl_multi_init(),
        .states = xcalloc(n, sizeof *run.states),
        .n = n,
        .options = options,
        .watch = watch};
    for (size_t i = 0; i < n; i++)
        run.states[i] = (struct transfer_state){.transfer = &transfers[i], .options = options};
    int r = run.multi ? loop(&run, err) : err_set(err, ERR_SYSTEM, -EIO, "libcurl failed");
    run_done(&run);
    return r;
}

int transfer_keep(struct transfer *t, int dir, const char *name, struct err *err)
{
    if (fdatasync(t->fd) < 0 || renameat(t->partial_dir, t->partial_name, dir, name) < 0)
        return err_errno(err, "cannot keep %s in the cache", t->what);
    t->is_kept = true;
    close(steal_fd(&t->fd));
    return 0;
}

static bool can_go_on(const struct transfer *t)
{
    struct stat st;
    return !t->is_own && t->sums && t->sums->hex.n && t->size_bytes && fstat(t->fd, &st) == 0 &&
           st.st_size > 0;
}

void transfer_done(struct transfer *t)
{
    if (t->fd >= 0) {
        if (!t->is_kept && !can_go_on(t))
            unlinkat(t->partial_dir, t->partial_name, 0);
        close(t->fd);
    }
    free(t->what);
    free(t->location);
    free(t->partial_name);
    free(t->from);
    *t = (struct transfer){.fd = -1};
}
