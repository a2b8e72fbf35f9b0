/*
 * Errors as values: what went wrong, which class it belongs to, and what to do about it.
 *
 * In: a struct err on the caller's stack, zeroed (struct err err = {0}). Out: filled once, at the
 * place where the fault is seen; on the way up callers may only prefix it with their own noun.
 * Every function that takes a struct err returns 0 (or a value >= 0) on success and leaves it
 * untouched, and returns a negative errno and fills it on failure. Only main() prints.
 * Text: lower case, no full stop, the problem first, the subject in single quotes. Faults of a
 * recipe begin 'file:line: '.
 * Memory: message and hint belong to the struct err; err_done() frees them.
 */
#pragma once

#include <stdarg.h>

/* What kind of fault; each is an exit status of the program (see slipway(1)). */
enum err_kind {
    ERR_NONE = 0,
    ERR_USAGE = 2,      /* the command line */
    ERR_RECIPE = 3,     /* the kickstart file, or something it asks for that can't be */
    ERR_DEPENDENCY = 4, /* packages that can't be installed together */
    ERR_NETWORK = 5,    /* a repository that can't be reached, or serves something broken */
    ERR_VERIFY = 6,     /* a signature or a checksum that does not hold */
    ERR_SCRIPT = 7,     /* a scriptlet or %post that failed */
    ERR_SYSTEM = 8,     /* this machine: disk full, permission, missing tool */
    ERR_CHECK = 9,      /* an image that does not boot, or not as asked */
    ERR_INTERRUPTED = 130,
};

struct err {
    enum err_kind kind;
    int code; /* negative errno */
    char *message;
    char *hint; /* NULL, or what to do, as a sentence without full stop */
};

/* Fill *err (which must be empty) and return code, which must be negative. */
int err_set(struct err *err, enum err_kind kind, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* As err_set, with kind ERR_SYSTEM, code -errno, and ': ' and strerror(errno) behind the text. */
int err_errno(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As err_errno, for an error number (positive or negative) that is not in errno. */
int err_code(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put 'text: ' before the message. Returns r, so that 'return err_wrap(err, r, "...")' reads. */
int err_wrap(struct err *err, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Say what to do about it (replaces a former hint). Returns the error's code. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Free what *err owns and make it empty again. */
void err_done(struct err *err);
