#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int fill(struct err *err, enum err_kind kind, int code, const char *suffix,
    const char *format, va_list ap)
{
    assert(code < 0);
    assert(err->kind == ERR_NONE);
    auto_free char *text = xvprintf(format, ap);
    err->kind = kind;
    err->code = code;
    err->message = suffix ? xprintf("%s: %s", text, suffix) : steal(&text);
    return code;
}

int err_set(struct err *err, enum err_kind kind, int code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int r = fill(err, kind, code, NULL, format, ap);
    va_end(ap);
    return r;
}

int err_errno(struct err *err, const char *format, ...)
{
    int saved = errno ? errno : EIO;
    va_list ap;
    va_start(ap, format);
    int r = fill(err, ERR_SYSTEM, -saved, strerror(saved), format, ap);
    va_end(ap);
    return r;
}

int err_code(struct err *err, int code, const char *format, ...)
{
    int number = code < 0 ? -code : code;
    if (number == 0)
        number = EIO;
    va_list ap;
    va_start(ap, format);
    int r = fill(err, ERR_SYSTEM, -number, strerror(number), format, ap);
    va_end(ap);
    return r;
}

int err_wrap(struct err *err, int r, const char *format, ...)
{
    assert(r < 0 && err->message);
    va_list ap;
    va_start(ap, format);
    auto_free char *noun = xvprintf(format, ap);
    va_end(ap);
    char *message = xprintf("%s: %s", noun, err->message);
    free(err->message);
    err->message = message;
    return r;
}

int err_hint(struct err *err, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *hint = xvprintf(format, ap);
    va_end(ap);
    free(err->hint);
    err->hint = hint;
    return err->code;
}

void err_done(struct err *err)
{
    free(err->message);
    free(err->hint);
    *err = (struct err){0};
}
