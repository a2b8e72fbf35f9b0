#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "configure/configure.h"
#include "configure/root-files.h"
#include "sandbox/sandbox.h"

/* At the top, where neither the script's cleaning of /tmp nor the sandbox's mounts reach it. */
#define SCRIPT_PATH "/.slipway-post"
#define DEFAULT_SECONDS 3600
#define LAST_LINES 10

/* What a script says: whole lines to the reader, all of it to --log. */
struct listener {
    struct progress *progress;
    struct strbuf line, log;
    bool keeps_log;
};

static void end_line(struct listener *l)
{
    if (l->line.len && l->line.s[l->line.len - 1] == '\r')
        l->line.s[--l->line.len] = '\0';
    if (l->line.len)
        progress_info(l->progress, "%s", l->line.s);
    l->line.len = 0;
}

static void hear(void *context, const char *bytes, size_t size)
{
    struct listener *l = context;
    if (l->keeps_log)
        strbuf_add(&l->log, bytes, size);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\n')
            end_line(l);
        else if (bytes[i] && l->line.len < 4096)
            strbuf_putc(&l->line, bytes[i]);
}

/* Where the last lines begin: what a script said before it failed is what matters. */
static const char *last_lines(const char *output)
{
    size_t lines = 0, i = output ? strlen(output) : 0;
    while (i > 0 && (output[i - 1] != '\n' || lines++ < LAST_LINES))
        i--;
    return output ? output + i : "";
}

/* The words of --interpreter, then the script: a NULL-terminated list in 'arena'. */
static const char *const *command_line(struct arena *arena, const struct recipe_script *script)
{
    struct strv words = {0};
    strv_arena_split(arena, &words, script->interpreter ? script->interpreter : "/bin/sh", " \t");
    if (!words.n)
        strv_arena_add(arena, &words, "/bin/sh");
    strv_arena_add(arena, &words, SCRIPT_PATH);
    const char **argv = arena_alloc(arena, (words.n + 1) * sizeof *argv);
    for (size_t i = 0; i < words.n; i++)
        argv[i] = words.v[i];
    return argv;
}

static int judge(const struct recipe_script *script, const struct sandbox_result *result,
    unsigned seconds, struct progress *progress, struct err *err)
{
    const char *output = last_lines(result->output);
    if (result->timed_out) {
        recipe_error(err, script->place, "%%post did not end within %u s", seconds);
        err->kind = ERR_SCRIPT;
        return err->code;
    }
    if (result->status == 0)
        return 0;
    if (!script->erroronfail) {
        progress_warn(progress, "%s:%u: %%post ended with status %d%s%s", script->place.file,
            script->place.line, result->status, *output ? ": " : "", output);
        return 0;
    }
    recipe_error(err, script->place, "%%post ended with status %d%s%s", result->status,
        *output ? ": " : "", output);
    err->kind = ERR_SCRIPT;
    return err->code;
}

static int write_log(
    int root, const struct recipe_script *script, const struct listener *l, struct err *err)
{
    if (!script->log)
        return 0;
    int r = file_write_in(root, script->log, l->log.s ? l->log.s : "", l->log.len, 0600);
    return r < 0 ? recipe_error(err, script->place,
                       "%%post: cannot write --log '%s' in the root: %s", script->log, strerror(-r))
                 : 0;
}

static int run_in_root(int root, const struct recipe_script *script, const char *const *argv,
    unsigned seconds, struct progress *progress, struct err *err)
{
    /* systemctl(1) then does what it can on files, and leaves out the rest without failing. */
    static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                                              "/usr/bin:/sbin:/bin",
        "HOME=/root", "LANG=C.UTF-8", "TERM=dumb", "SYSTEMD_OFFLINE=1", NULL};
    struct listener listener = {.progress = progress, .keeps_log = script->log};
    struct sandbox_command command = {.argv = argv,
        .environment = environment,
        .timeout_seconds = seconds,
        .output = hear,
        .context = &listener};
    struct sandbox_result result = {0};
    int r = sandbox_run(root, &command, &result, err);
    if (r < 0)
        err_wrap(err, r, "%s:%u: %%post", script->place.file, script->place.line);
    end_line(&listener);
    if (r == 0)
        r = write_log(root, script, &listener, err);
    if (r == 0)
        r = judge(script, &result, seconds, progress, err);
    sandbox_result_done(&result);
    strbuf_done(&listener.line);
    strbuf_done(&listener.log);
    return r;
}

static int run_script(int root, const struct recipe_script *script,
    const struct configure_options *options, struct progress *progress, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    const char *const *argv = command_line(arena, script);
    unsigned seconds = options->script_seconds ? options->script_seconds : DEFAULT_SECONDS;
    if (script->nochroot) {
        recipe_error(err, script->place, "%%post --nochroot is not supported yet");
        return err_hint(err, "write it as a %%post that runs inside the system");
    }
    if (!root_has(root, argv[0])) {
        recipe_error(
            err, script->place, "%%post: its interpreter '%s' is not in the root", argv[0]);
        return err_hint(err, "add the package that brings it to %%packages");
    }
    const char *text = script->text ? script->text : "";
    int r = root_remove(root, SCRIPT_PATH, err);
    if (r == 0)
        r = root_write(root, SCRIPT_PATH, text, 0700, err);
    if (r < 0)
        return r;
    r = run_in_root(root, script, argv, seconds, progress, err);
    struct err late = {0};
    if (root_remove(root, SCRIPT_PATH, &late) < 0 && r == 0)
        r = err_set(err, late.kind, late.code, "%s", late.message);
    err_done(&late);
    return r;
}

int configure_scripts(int root, const struct recipe *recipe,
    const struct configure_options *options, struct progress *progress, struct err *err)
{
    int r = 0;
    size_t n = 0, done = 0;
    for (size_t i = 0; i < recipe->n_scripts; i++)
        n += recipe->scripts[i].kind == SCRIPT_POST;
    if (n == 0)
        return 0;
    progress_begin(progress, "post", PROGRESS_COUNT, n);
    for (size_t i = 0; r == 0 && i < recipe->n_scripts; i++) {
        const struct recipe_script *script = &recipe->scripts[i];
        if (script->kind != SCRIPT_POST)
            continue;
        auto_free char *item = xprintf("%s:%u", script->place.file, script->place.line);
        progress_advance(progress, done++, item);
        r = interrupt_pending() ? interrupt_error(err)
                                : run_script(root, script, options, progress, err);
    }
    progress_end(progress);
    return r;
}
