#include "fetch/transfer-state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "fetch/address.h"

#define FIRST_PAUSE_MS 200
#define MAX_COMPLAINTS 6

bool transfer_state_next(struct transfer_state *s)
{
    const struct mirrors *mirrors = s->transfer->mirrors;
    size_t n = mirrors ? mirrors->urls.n : 1, best = SIZE_MAX;
    if (!s->mirrors)
        s->mirrors = xcalloc(n, sizeof *s->mirrors);
    for (size_t i = 0; i < n; i++)
        if (!s->mirrors[i].given_up &&
            (best == SIZE_MAX || (mirrors && mirrors->faults[i] < mirrors->faults[best])))
            best = i;
    if (best == SIZE_MAX)
        return false;
    if (s->url && s->mirror == best)
        return true;
    s->mirror = best;
    free(s->url);
    s->url = mirrors ? address_join(mirrors->urls.v[best], s->transfer->location)
                     : xstrdup(s->transfer->location);
    return true;
}

/* Another process may be at the same file: then this one takes a name of its own. */
static int open_partial(struct transfer *t, int dir)
{
    auto_close int fd =
        openat(dir, t->partial_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    struct stat there, open_one;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &open_one) == 0 &&
        fstatat(dir, t->partial_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_ino == open_one.st_ino)
        return steal_fd(&fd);
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return -errno;
    char *own = xprintf("%s.%08x", t->partial_name, random);
    free(t->partial_name);
    t->partial_name = own;
    t->is_own = true;
    close(steal_fd(&fd));
    fd = openat(dir, own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    return steal_fd(&fd);
}

int transfer_state_restart(struct transfer_state *s)
{
    s->offset = s->got = 0;
    return ftruncate(s->transfer->fd, 0) < 0 ? -errno : 0;
}

uint64_t transfer_limit(const struct transfer *t)
{
    return t->max_bytes ? t->max_bytes : t->size_bytes;
}

bool transfer_state_write(struct transfer_state *s, const void *bytes, size_t size)
{
    uint64_t most = transfer_limit(s->transfer);
    if (most && (size > most || s->got > most - size))
        return false;
    int r = file_pwrite_all(s->transfer->fd, bytes, size, s->got);
    if (r < 0) {
        err_code(&s->err, r, "cannot write to the cache");
        return false;
    }
    s->got += size;
    s->transfer->bytes += size;
    return true;
}

static enum transfer_fault check_sums(const struct transfer *t, char **ret_why)
{
    auto_cleanup(checksum_free) struct checksum *sum = checksum_new(t->sums->type);
    int r = checksum_file(sum, t->fd, UINT64_MAX);
    auto_free char *hex = checksum_hex(sum);
    for (size_t i = 0; r == 0 && i < t->sums->hex.n; i++)
        if (strcmp(hex, t->sums->hex.v[i]) == 0)
            return FAULT_NONE;
    if (r < 0) {
        *ret_why = xprintf("it can't be read again: %s", strerror(-r));
        return FAULT_TRANSIENT;
    }
    *ret_why =
        xprintf("its %s checksum is %s and should be %s", t->sums->type, hex, t->sums->hex.v[0]);
    return FAULT_CHECKSUM;
}

int transfer_state_open(struct transfer_state *s)
{
    struct transfer *t = s->transfer;
    struct stat st;
    if (t->fd < 0)
        t->fd = open_partial(t, s->options->partial_dir);
    if (t->fd < 0)
        return t->fd;
    if (fstat(t->fd, &st) < 0)
        return -errno;
    s->offset = s->got = (uint64_t)st.st_size;
    /* Only what has a checksum can be put together from pieces of different days. */
    if (!t->sums || !t->sums->hex.n || !t->size_bytes || s->got > t->size_bytes)
        return transfer_state_restart(s);
    if (s->got < t->size_bytes)
        return 0;
    auto_free char *why = NULL;
    return check_sums(t, &why) == FAULT_NONE ? 1 : transfer_state_restart(s);
}

enum transfer_fault transfer_state_check(
    struct transfer_state *s, int64_t announced, char **ret_why)
{
    const struct transfer *t = s->transfer;
    enum transfer_fault fault = FAULT_NONE;
    if (t->size_bytes && s->got != t->size_bytes) {
        bool is_whole = announced >= 0 && s->got == s->offset + (uint64_t)announced;
        *ret_why = xprintf("it %s %" PRIu64 " of %" PRIu64 " bytes",
            is_whole ? "has only" : "ended after", s->got, t->size_bytes);
        fault = is_whole ? FAULT_CHECKSUM : FAULT_TRANSIENT;
    } else if (t->sums && t->sums->hex.n) {
        fault = check_sums(t, ret_why);
    }
    /* Whole and wrong may be the fault of an old piece that it was added to. */
    return fault == FAULT_CHECKSUM && s->offset ? FAULT_PIECE : fault;
}

enum transfer_fault transfer_state_too_large(struct transfer_state *s, char **ret_why)
{
    *ret_why = xprintf("it is larger than %" PRIu64 " bytes", transfer_limit(s->transfer));
    if (s->offset)
        return FAULT_PIECE;
    return s->transfer->size_bytes ? FAULT_CHECKSUM : FAULT_REFUSED;
}

static void complain(struct transfer_state *s, const char *why)
{
    auto_free char *url = address_for_people(s->url);
    auto_free char *line = xprintf("%s: %s", url, why);
    if (s->options->progress)
        progress_info(s->options->progress, "%s: %s", s->transfer->what, line);
    if (s->complaints.len && strstr(s->complaints.s, line))
        return;
    if (s->n_complaints++ < MAX_COMPLAINTS)
        strbuf_printf(&s->complaints, "%s%s", s->complaints.len ? "; " : "", line);
}

void transfer_state_fail(struct transfer_state *s, enum transfer_fault fault, const char *why)
{
    struct mirrors *mirrors = s->transfer->mirrors;
    struct transfer_mirror *mirror = &s->mirrors[s->mirror];
    bool is_useless = fault == FAULT_PIECE || fault == FAULT_CHECKSUM;
    bool is_stuck = is_useless && transfer_state_restart(s) < 0;
    if (fault == FAULT_PIECE && !is_stuck)
        return;
    complain(s, why);
    s->any_wrong = s->any_wrong || fault == FAULT_CHECKSUM;
    s->any_absent = s->any_absent || fault == FAULT_ABSENT;
    if (mirrors && fault != FAULT_ABSENT)
        mirrors->faults[s->mirror]++;
    if (fault != FAULT_TRANSIENT || ++mirror->tries >= s->options->retries)
        mirror->given_up = true;
    else
        mirror->wait_ms = clock_ms() + ((uint64_t)FIRST_PAUSE_MS << (mirror->tries - 1));
}

int transfer_state_give_up(const struct transfer_state *s, struct err *err)
{
    auto_free char *more = s->n_complaints > MAX_COMPLAINTS
                               ? xprintf("; and %u more", s->n_complaints - MAX_COMPLAINTS)
                               : xstrdup("");
    return err_set(err, s->any_wrong ? ERR_VERIFY : ERR_NETWORK, s->any_wrong ? -EBADMSG : -EIO,
        "cannot fetch %s: %s%s", s->transfer->what,
        s->complaints.len ? s->complaints.s : "no address is known", more);
}

void transfer_state_done(struct transfer_state *s)
{
    free(s->url);
    free(s->mirrors);
    strbuf_done(&s->complaints);
    err_done(&s->err);
}
