#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "configure/configure.h"
#include "configure/outside.h"
#include "configure/root-files.h"
#include "configure/stand-ins.h"
#include "sandbox/sandbox.h"

/* At the top, where neither the script's cleaning of /tmp nor the sandbox's mounts reach it. */
#define SCRIPT_PATH "/.slipway-post"
#define DEFAULT_SECONDS 3600
#define MAX_LINE_BYTES 4096
#define MAX_WORDS_BYTES 200
#define MAX_LOG_BYTES ((size_t)64 << 20)
#define PATH_VARIABLE "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct scripts {
    int root;
    unsigned seconds; /* one script's limits */
    uint64_t file_bytes;
    struct progress *progress;
};

/* What a script says: whole lines to the reader, all of it to --log. */
struct listener {
    struct progress *progress;
    struct recipe_place place;
    struct strbuf line, log;
    bool keeps_log;
};

static void end_line(struct listener *l)
{
    if (l->line.len && l->line.s[l->line.len - 1] == '\r')
        l->line.s[--l->line.len] = '\0';
    if (l->line.len && str_starts(l->line.s, STAND_IN_MARK))
        progress_warn(l->progress, "%s:%u: %%post: %s", l->place.file, l->place.line,
            l->line.s + strlen(STAND_IN_MARK));
    else if (l->line.len)
        progress_info(l->progress, "%s", l->line.s);
    l->line.len = 0;
}

static bool is_control(char c)
{
    return (c >= 0 && c < ' ' && c != '\t' && c != '\r') || c == 0x7f;
}

static void hear(void *context, const char *bytes, size_t size)
{
    struct listener *l = context;
    if (l->keeps_log && l->log.len < MAX_LOG_BYTES)
        strbuf_add(&l->log, bytes, size);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\n')
            end_line(l);
        else if (l->line.len < MAX_LINE_BYTES)
            strbuf_putc(&l->line, is_control(bytes[i]) ? '?' : bytes[i]);
}

/* The last line that says something, as "; it last said 'TEXT'", or "". */
static char *last_words(const char *output)
{
    const char *end = output ? output + strlen(output) : NULL;
    while (output && end > output && strchr(" \t\r\n", end[-1]))
        end--;
    const char *line = end;
    while (output && line > output && line[-1] != '\n')
        line--;
    if (line == end)
        return xstrdup("");
    auto_free char *words = xstrndup(line, (size_t)(end - line));
    for (char *c = words; *c; c++)
        if (is_control(*c))
            *c = '?';
    return xprintf("; it last said '%.*s'", MAX_WORDS_BYTES, words);
}

/* The words of --interpreter, then the script: a NULL-terminated list in 'arena'. */
static const char *const *command_line(
    struct arena *arena, const struct scripts *s, const struct recipe_script *script)
{
    /* Ignored, the signal of a file that is too large becomes an error that the writer can see. */
    const char *limit = "trap '' XFSZ; ulimit -f \"$0\" 2>/dev/null; exec \"$@\"";
    struct strv words = {0};
    if (s->file_bytes && root_has(s->root, "/bin/sh")) {
        strv_arena_add(arena, &words, "/bin/sh");
        strv_arena_add(arena, &words, "-c");
        strv_arena_add(arena, &words, limit);
        strv_arena_add(arena, &words, arena_printf(arena, "%" PRIu64, s->file_bytes / 512));
    }
    size_t before = words.n;
    strv_arena_split(arena, &words, script->interpreter ? script->interpreter : "/bin/sh", " \t");
    if (words.n == before)
        strv_arena_add(arena, &words, "/bin/sh");
    strv_arena_add(arena, &words, SCRIPT_PATH);
    const char **argv = arena_alloc(arena, (words.n + 1) * sizeof *argv);
    for (size_t i = 0; i < words.n; i++)
        argv[i] = words.v[i];
    return argv;
}

static int check_interpreter(
    const struct scripts *s, const struct recipe_script *script, struct err *err)
{
    const char *words = script->interpreter ? script->interpreter : "/bin/sh";
    words += strspn(words, " \t");
    auto_free char *path = *words ? xstrndup(words, strcspn(words, " \t")) : xstrdup("/bin/sh");
    if (root_has(s->root, path))
        return 0;
    recipe_error(err, script->place, "%%post: its interpreter '%s' is not in the root", path);
    return err_hint(err, "add the package that brings it to %%packages");
}

static int judge(const struct scripts *s, const struct recipe_script *script,
    const struct sandbox_result *result, struct err *err)
{
    auto_free char *words = last_words(result->output);
    if (!result->timed_out && result->status == 0)
        return 0;
    if (!result->timed_out && !script->erroronfail) {
        progress_warn(s->progress, "%s:%u: %%post ended with status %d%s", script->place.file,
            script->place.line, result->status, words);
        return 0;
    }
    if (result->timed_out)
        recipe_error(err, script->place, "%%post did not end within %u s%s", s->seconds, words);
    else
        recipe_error(err, script->place, "%%post ended with status %d%s", result->status, words);
    err->kind = ERR_SCRIPT;
    return err_hint(err, "--verbose shows all that it says");
}

/* Where the log goes in the image, or NULL: a terminal, or a place that is only there in an
 * installer. The reader has seen the output anyway. */
static const char *log_path(const struct recipe_script *script)
{
    static const char *const passing[] = {"/dev/", "/proc/", "/sys/", "/run/"};
    const char *path = script->log && script->nochroot ? outside_path(script->log) : script->log;
    for (size_t i = 0; path && i < ARRAY_SIZE(passing); i++)
        if (str_starts(path, passing[i]))
            return NULL;
    return path;
}

static int write_log(
    int root, const struct recipe_script *script, const struct listener *l, struct err *err)
{
    const char *path = log_path(script);
    if (!path)
        return 0;
    int r = file_write_in(root, path, l->log.s ? l->log.s : "", l->log.len, 0600);
    return r < 0 ? recipe_error(err, script->place,
                       "%%post: cannot write --log '%s' in the root: %s", script->log, strerror(-r))
                 : 0;
}

/* Run the command in 'sandbox_root' and report what it says and how it ends. */
static int run_command(const struct scripts *s, const struct recipe_script *script,
    int sandbox_root, struct sandbox_command *command, struct err *err)
{
    struct listener listener = {
        .progress = s->progress, .place = script->place, .keeps_log = script->log};
    struct sandbox_result result = {0};
    command->timeout_seconds = s->seconds;
    command->output = hear;
    command->context = &listener;
    int r = sandbox_run(sandbox_root, command, &result, err);
    if (r < 0)
        err_wrap(err, r, "%s:%u: %%post", script->place.file, script->place.line);
    end_line(&listener);
    if (r == 0)
        r = write_log(s->root, script, &listener, err);
    if (r == 0)
        r = judge(s, script, &result, err);
    sandbox_result_done(&result);
    strbuf_done(&listener.line);
    strbuf_done(&listener.log);
    return r;
}

static int write_script(int root, const struct recipe_script *script, struct err *err)
{
    int r = root_remove(root, SCRIPT_PATH, err);
    return r < 0 ? r : root_write(root, SCRIPT_PATH, script->text ? script->text : "", 0700, err);
}

/* What 'r' and *err say, unless taking the script away has failed, too. */
static int after(int r, int removed, struct err *late, struct err *err)
{
    if (r == 0 && removed < 0)
        r = err_set(err, late->kind, late->code, "%s", late->message);
    err_done(late);
    return r;
}

/* Programs warn of a locale that is not there, as this one is not before EL8. */
static const char *language(int root)
{
    bool has_utf8 =
        root_has(root, "/usr/lib/locale/C.utf8") || root_has(root, "/usr/lib/locale/C.UTF-8");
    return has_utf8 ? "LANG=C.UTF-8" : "LANG=C";
}

static int run_inside(const struct scripts *s, const struct recipe_script *script,
    const char *const *argv, struct err *err)
{
    /* systemctl(1) then does what it can on files, and leaves out the rest without failing. */
    const char *const environment[] = {
        PATH_VARIABLE, "HOME=/root", language(s->root), "TERM=dumb", "SYSTEMD_OFFLINE=1", NULL};
    struct stand_ins tools = {0};
    struct err late = {0};
    int r = check_interpreter(s, script, err);
    if (r == 0)
        r = stand_ins_make(s->root, &tools, err);
    if (r < 0)
        return r;
    struct sandbox_command command = {
        .argv = argv, .environment = environment, .binds = tools.binds, .n_binds = tools.n_binds};
    r = write_script(s->root, script, err);
    if (r == 0)
        r = run_command(s, script, s->root, &command, err);
    int removed = stand_ins_remove(s->root, &tools, &late);
    if (removed == 0)
        removed = root_remove(s->root, SCRIPT_PATH, &late);
    return after(r, removed, &late, err);
}

static int run_outside(const struct scripts *s, const struct recipe_script *script,
    const char *const *argv, struct err *err)
{
    static const char *const environment[] = {PATH_VARIABLE, "HOME=/root", "LANG=C.UTF-8",
        "TERM=dumb", "INSTALL_ROOT=/mnt/sysimage", "ANA_INSTALL_PATH=/mnt/sysimage", NULL};
    struct outside outside = {0};
    struct err late = {0};
    int r = outside_make(s->root, &outside, err);
    if (r < 0)
        return r;
    struct sandbox_command command = {.argv = argv,
        .environment = environment,
        .binds = outside.binds,
        .n_binds = outside.n_binds};
    r = write_script(outside.fd, script, err);
    if (r == 0)
        r = run_command(s, script, outside.fd, &command, err);
    return after(r, outside_remove(s->root, &outside, &late), &late, err);
}

static int run_script(
    const struct scripts *s, const struct recipe_script *script, bool allowed, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    const char *const *argv = command_line(arena, s, script);
    if (!script->nochroot)
        return run_inside(s, script, argv, err);
    if (allowed)
        return run_outside(s, script, argv, err);
    recipe_error(err, script->place, "%%post --nochroot would run outside of the image");
    return err_hint(err, "write it as a %%post that runs inside, or give --allow-nochroot");
}

int configure_scripts(int root, const struct recipe *recipe,
    const struct configure_options *options, struct progress *progress, struct err *err)
{
    const struct scripts s = {
        .root = root,
        .seconds = options->script_seconds ? options->script_seconds : DEFAULT_SECONDS,
        .file_bytes = options->file_bytes,
        .progress = progress,
    };
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
                                : run_script(&s, script, options->allow_nochroot, err);
    }
    if (r == 0)
        progress_advance(progress, n, NULL);
    progress_end(progress);
    return r;
}
