#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "configure/apply-parts.h"
#include "sandbox/sandbox.h"

#define TOOL_SECONDS 300

void apply_warn(const struct applier *a, const struct operation *o, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    if (o->place.line)
        progress_warn(a->progress, "%s:%u: %s", o->place.file, o->place.line, text);
    else
        progress_warn(a->progress, "%s", text);
}

static void trim_end(char *s)
{
    for (size_t n = strlen(s); n && strchr(" \t\r\n", s[n - 1]); n--)
        s[n - 1] = '\0';
}

static int run_tool(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_free const char **argv = xcalloc(o->argv.n + 1, sizeof *argv);
    for (size_t i = 0; i < o->argv.n; i++)
        argv[i] = o->argv.v[i];
    struct sandbox_command command = {.argv = argv, .timeout_seconds = TOOL_SECONDS};
    struct sandbox_result result = {0};
    int r = sandbox_run(a->root, &command, &result, err);
    if (r < 0 && err->kind == ERR_SCRIPT) { /* the tool itself, not this machine */
        apply_warn(a, o, "%s", err->message);
        err_done(err);
        return 0;
    }
    if (r < 0)
        return r;
    trim_end(result.output);
    if (result.timed_out)
        apply_warn(a, o, "'%s' did not end within %d s", argv[0], TOOL_SECONDS);
    else if (result.status)
        apply_warn(a, o, "'%s' ended with status %d%s%s", argv[0], result.status,
            *result.output ? ": " : "", result.output);
    sandbox_result_done(&result);
    return 0;
}

static int remove_old(const struct applier *a, const struct operation *o, struct err *err)
{
    struct stat st;
    int r = root_lstat(a->root, o->path, &st, err);
    return r > 0 ? root_remove(a->root, o->path, err) : r;
}

static int apply_operation(const struct applier *a, const struct operation *o, struct err *err)
{
    switch (o->kind) {
    case OP_WRITE:
        return root_write(a->root, o->path, o->text, (int)o->mode, err);
    case OP_APPEND:
        return apply_append(a, o, err);
    case OP_SET:
        return apply_set(a, o, err);
    case OP_SYMLINK:
        return root_symlink(a->root, o->path, o->text, err);
    case OP_DIRECTORY:
        return root_mkdir(a->root, o->path, o->mode, err);
    case OP_REMOVE:
        return strpbrk(o->path, "*?[") ? root_remove(a->root, o->path, err) : remove_old(a, o, err);
    case OP_DEVICE:
        return apply_device(a, o, err);
    case OP_GROUP:
        return apply_group(a, o, err);
    case OP_USER:
        return apply_user(a, o, err);
    case OP_PASSWORD:
        return apply_password(a, o, err);
    case OP_SSHKEY:
        return apply_sshkey(a, o, err);
    case OP_ENABLE:
    case OP_DISABLE:
        return apply_service(a, o, err);
    case OP_MASK:
        return apply_mask(a, o, err);
    case OP_DEFAULT_TARGET:
        return apply_default_target(a, o, err);
    case OP_RUN:
        return run_tool(a, o, err);
    case OP_TIMEZONE:
        return apply_timezone(a, o, err);
    case OP_WARN:
        apply_warn(a, o, "%s", o->text);
        return 0;
    }
    return err_set(err, ERR_SYSTEM, -EINVAL, "an operation of no known kind");
}

/* A symlink that leads nowhere is there: what 'unless' protects must not be written through it. */
static int is_wanted(const struct applier *a, const struct operation *o, struct err *err)
{
    struct stat st;
    if (o->only_if && !root_has(a->root, o->only_if)) {
        if (o->otherwise)
            apply_warn(a, o, "%s", o->otherwise);
        return 0;
    }
    int r = o->unless ? root_lstat(a->root, o->unless, &st, err) : 0;
    return r < 0 ? r : !r;
}

static int apply_one(const struct applier *a, const struct operation *o, struct err *err)
{
    int r = is_wanted(a, o, err);
    if (r > 0)
        r = apply_operation(a, o, err);
    if (r < 0 && o->place.line && !str_starts(err->message, o->place.file))
        return err_wrap(err, r, "%s:%u", o->place.file, o->place.line);
    return r < 0 ? r : 0;
}

int configure_apply(int root, const struct operations *operations, const struct era *era,
    const struct configure_options *options, struct progress *progress, struct err *err)
{
    const struct applier a = {root, era, options, progress};
    int r = 0;
    progress_begin(progress, "configure", PROGRESS_COUNT, operations->n);
    for (size_t i = 0; r == 0 && i < operations->n; i++) {
        const struct operation *o = &operations->v[i];
        progress_advance(progress, i, o->path ? o->path : o->name);
        r = interrupt_pending() ? interrupt_error(err) : apply_one(&a, o, err);
    }
    if (r == 0)
        progress_advance(progress, operations->n, NULL);
    progress_end(progress);
    return r;
}
