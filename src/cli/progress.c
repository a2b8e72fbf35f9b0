#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define BAR_WIDTH 24
#define REDRAW_MS 80

static struct terminal_progress *self(struct progress *p)
{
    return (struct terminal_progress *)p;
}

static unsigned columns(const struct terminal_progress *t)
{
    struct winsize size;
    return ioctl(fileno(t->out), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

static void clear_bar(struct terminal_progress *t)
{
    if (t->bar_is_drawn)
        fputs("\r\x1b[K", t->out);
    t->bar_is_drawn = false;
}

static char *amount(const struct terminal_progress *t, uint64_t value)
{
    return t->unit == PROGRESS_BYTES ? xprintf("%.1f MiB", (double)value / (1 << 20))
                                     : xprintf("%" PRIu64, value);
}

/* Names of packages and files come from outside: nothing in them may steer the terminal. */
static char *printable(const char *text)
{
    char *copy = xstrdup(text);
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    return copy;
}

static void draw_bar(struct terminal_progress *t, const char *item)
{
    char bar[BAR_WIDTH + 1];
    uint64_t part = t->total ? t->done * BAR_WIDTH / t->total : 0;
    for (unsigned i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < part ? '=' : i == part ? '>' : ' ';
    bar[BAR_WIDTH] = '\0';
    auto_free char *done = amount(t, t->done), *total = amount(t, t->total);
    auto_free char *name = printable(item ? item : "");
    auto_free char *line = t->total
                               ? xprintf("%-10s [%s] %s of %s %s", t->stage, bar, done, total, name)
                               : xprintf("%-10s %s %s", t->stage, t->done ? done : "...", name);
    fprintf(t->out, "\r%.*s\x1b[K", (int)columns(t) - 1, line);
    fflush(t->out);
    t->bar_is_drawn = true;
}

static void begin(struct progress *p, const char *stage, enum progress_unit unit, uint64_t total)
{
    struct terminal_progress *t = self(p);
    t->stage = stage;
    t->unit = unit;
    t->total = total;
    t->done = 0;
    t->started_ms = clock_ms();
    t->drawn_ms = 0;
    t->next_percent = 25;
    if (!t->quiet && t->is_terminal)
        draw_bar(t, NULL);
    else if (!t->quiet && t->verbose)
        fprintf(t->out, "slipway: %s\n", stage);
}

static void plain_line(struct terminal_progress *t)
{
    /* What ends within two seconds needs no lines in between. */
    if (!t->total || t->done * 100 < t->total * t->next_percent ||
        clock_ms() - t->started_ms < 2000 || t->done >= t->total)
        return;
    auto_free char *done = amount(t, t->done), *total = amount(t, t->total);
    fprintf(t->out, "slipway: %s: %s of %s\n", t->stage, done, total);
    t->next_percent = (unsigned)(t->done * 100 / t->total) / 25 * 25 + 25;
}

static void advance(struct progress *p, uint64_t done, const char *item)
{
    struct terminal_progress *t = self(p);
    t->done = done;
    if (t->quiet)
        return;
    if (!t->is_terminal) {
        plain_line(t);
        return;
    }
    uint64_t now = clock_ms();
    if (now - t->drawn_ms < REDRAW_MS && done < t->total)
        return;
    t->drawn_ms = now;
    draw_bar(t, item);
}

static void end(struct progress *p)
{
    struct terminal_progress *t = self(p);
    clear_bar(t);
    if (t->quiet)
        return;
    double seconds = (double)(clock_ms() - t->started_ms) / 1000;
    auto_free char *done = amount(t, t->done), *total = amount(t, t->total);
    if (t->done < t->total) /* it failed */
        fprintf(t->out, "slipway: %s: %s of %s, %.1f s\n", t->stage, done, total, seconds);
    else if (t->done)
        fprintf(t->out, "slipway: %s: %s, %.1f s\n", t->stage, done, seconds);
    else
        fprintf(t->out, "slipway: %s: %.1f s\n", t->stage, seconds);
}

static void note(struct progress *p, enum progress_note level, const char *text)
{
    struct terminal_progress *t = self(p);
    if (level != PROGRESS_WARNING && (!t->verbose || t->quiet))
        return;
    clear_bar(t);
    auto_free char *safe = printable(text);
    fprintf(t->out, "slipway: %s%s\n", level == PROGRESS_WARNING ? "warning: " : "", safe);
}

void terminal_progress_init(struct terminal_progress *t, FILE *out, bool verbose, bool quiet)
{
    *t = (struct terminal_progress){
        .progress = {.begin = begin, .advance = advance, .end = end, .note = note},
        .out = out,
        .is_terminal = isatty(fileno(out)) == 1,
        .verbose = verbose,
        .quiet = quiet,
    };
}
