#include "init.h"
#include "system.h"

#define PREFIX "slipway-init: "

void put_line(const struct line *line)
{
    size_t done = 0;
    while (done < line->used) {
        long n = sys_write(1, line->s + done, line->used - done);
        if (n <= 0)
            return;
        done += (size_t)n;
    }
}

static void put_message(const char *format, va_list ap)
{
    struct line line = {0};
    line_add(&line, "%s", PREFIX);
    line_add_list(&line, format, ap);
    if (line.used + 1 >= sizeof line.s)
        line.used = sizeof line.s - 2;
    line.s[line.used++] = '\n';
    put_line(&line);
}

void say(const struct init *init, const char *format, ...)
{
    va_list ap;
    if (init->options.quiet)
        return;
    va_start(ap, format);
    put_message(format, ap);
    va_end(ap);
}

void complain(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_message(format, ap);
    va_end(ap);
}

void fail(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_message(format, ap);
    va_end(ap);
    /* The panic that follows must not overtake it on a slow console. */
    sys_sleep_ms(1500);
    sys_exit(1);
    __builtin_unreachable();
}

const char *error_name(long code)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {EPERM, "not permitted (EPERM)"},
        {ENOENT, "not there (ENOENT)"},
        {EIO, "input/output error (EIO)"},
        {ENXIO, "no such device (ENXIO)"},
        {ENOEXEC, "not for this kernel (ENOEXEC)"},
        {ENOMEM, "out of memory (ENOMEM)"},
        {EACCES, "not allowed (EACCES)"},
        {EBUSY, "busy (EBUSY)"},
        {EEXIST, "there already (EEXIST)"},
        {ENODEV, "no such device or driver (ENODEV)"},
        {ENOTDIR, "not a directory (ENOTDIR)"},
        {EINVAL, "invalid (EINVAL)"},
        {ENOSYS, "the kernel can't do this (ENOSYS)"},
        {ELOOP, "symbolic links in a circle (ELOOP)"},
        {ENOKEY, "not signed (ENOKEY)"},
        {EUCLEAN, "damaged, needs cleaning (EUCLEAN)"},
        {EROFS, "read-only (EROFS)"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == -code)
            return names[i].name;
    return "failed";
}
