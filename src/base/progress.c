#include "base/progress.h"

#include <stdarg.h>

#include "base/memory.h"

void progress_begin(struct progress *p, const char *stage, enum progress_unit unit, uint64_t total)
{
    if (p && p->begin)
        p->begin(p, stage, unit, total);
}

void progress_advance(struct progress *p, uint64_t done, const char *item)
{
    if (p && p->advance)
        p->advance(p, done, item);
}

void progress_end(struct progress *p)
{
    if (p && p->end)
        p->end(p);
}

static void note(struct progress *p, enum progress_note level, const char *format, va_list ap)
{
    if (!p || !p->note)
        return;
    auto_free char *text = xvprintf(format, ap);
    p->note(p, level, text);
}

#define DEFINE_NOTE(NAME, LEVEL)                                                                   \
    void NAME(struct progress *p, const char *format, ...)                                         \
    {                                                                                              \
        va_list ap;                                                                                \
        va_start(ap, format);                                                                      \
        note(p, LEVEL, format, ap);                                                                \
        va_end(ap);                                                                                \
    }
DEFINE_NOTE(progress_warn, PROGRESS_WARNING)
DEFINE_NOTE(progress_info, PROGRESS_INFO)
DEFINE_NOTE(progress_debug, PROGRESS_DEBUG)
