/* %pre, %post and their kin: headers and bodies. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

static const struct option_spec script_options[] = {
    OPTION("interpreter", OPTION_STRING, OFFSET(recipe_script, interpreter)),
    OPTION("erroronfail", OPTION_FLAG, OFFSET(recipe_script, erroronfail)),
    OPTION("log", OPTION_STRING, OFFSET(recipe_script, log)),
    OPTION("logfile", OPTION_STRING, OFFSET(recipe_script, log)),
    OPTION("nochroot", OPTION_FLAG, OFFSET(recipe_script, nochroot)),
    OPTION_REJECTED("chroot", OPTION_NONE, "there is no such option",
        "%post runs inside the new root unless --nochroot is given: leave it out"),
    OPTION_END,
};

static int finish_script(struct command *c)
{
    struct recipe_script *script = c->target;
    if (script->interpreter && script->interpreter[0] != '/')
        return command_error(c, "write a whole path, as --interpreter=/bin/bash",
            "'--interpreter=%s' is no absolute path", script->interpreter);
    if (!script->interpreter)
        script->interpreter = arena_strdup(c->parser->arena, "/bin/sh");
    if (script->nochroot && script->kind != SCRIPT_POST)
        command_warn(c, "--nochroot: only %%post runs inside the root; it has no effect here");
    return 0;
}

const struct command_spec script_spec = {
    .name = "script", .options = script_options, .finish = finish_script};

static enum recipe_script_kind kind_of(const char *name)
{
    static const struct {
        const char *name;
        enum recipe_script_kind kind;
    } kinds[] = {{"%pre", SCRIPT_PRE}, {"%pre-install", SCRIPT_PREINSTALL}, {"%post", SCRIPT_POST},
        {"%onerror", SCRIPT_ONERROR}, {"%traceback", SCRIPT_TRACEBACK}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    return SCRIPT_POST;
}

int script_begin(struct parser *p, const struct words *words)
{
    struct recipe *recipe = p->recipe;
    struct recipe_script *script = arena_push(p->arena, recipe->scripts, recipe->n_scripts);
    script->kind = kind_of(p->section_name);
    script->place = p->section_place;
    struct command c = {.parser = p,
        .spec = &script_spec,
        .name = p->section_name,
        .place = p->section_place,
        .words = {words->v + 1, words->n - 1},
        .target = script};
    int r = command_run(&c);
    if (r < 0)
        return r;
    if (script->kind == SCRIPT_PREINSTALL)
        command_refuse(&c, "do it in %post",
            "there is no installer's system for it to run in before the packages");
    bool allowed = p->options && p->options->allow_nochroot;
    if (script->kind == SCRIPT_POST && script->nochroot && !allowed)
        command_refuse(&c,
            "take --nochroot out and name files as the image sees them (/root/x in place of "
            "/mnt/sysimage/root/x), or allow it with --allow-nochroot",
            "--nochroot: it would run outside the image, in an installer that is not there");
    return 0;
}

int script_end(struct parser *p)
{
    struct recipe_script *script = &p->recipe->scripts[p->recipe->n_scripts - 1];
    script->text = arena_strdup(p->arena, p->body.s ? p->body.s : "");
    return 0;
}

/* The here-document word behind a '<<' at 'at', or NULL if it is none ('<<<', '<<' in arithmetic).
 */
static char *heredoc_word(struct arena *arena, const char *at, bool *ret_tabs)
{
    at += 2;
    if (*at == '<')
        return NULL;
    *ret_tabs = *at == '-';
    if (*ret_tabs)
        at++;
    at += strspn(at, " \t");
    at += strspn(at, "'\"\\");
    if (!isalpha((unsigned char)*at) && *at != '_' && *at != '!')
        return NULL;
    size_t n = strcspn(at, " \t\n'\"\\;|&)<>");
    return arena_strndup(arena, at, n);
}

static bool is_line(const char *line, size_t length, const char *word, bool tabs)
{
    while (tabs && length > 0 && *line == '\t') {
        line++;
        length--;
    }
    return length == strlen(word) && memcmp(line, word, length) == 0;
}

static const char *find_operator(const char *line, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (line[i] == '<' && line[i + 1] == '<')
            return line + i;
        if (line[i] == '#' && (i == 0 || line[i - 1] == ' '))
            return NULL;
    }
    return NULL;
}

char *script_open_heredoc(struct arena *arena, const char *text)
{
    char *open = NULL;
    bool tabs = false;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (open) {
            if (is_line(text, length, open, tabs))
                open = NULL;
        } else {
            const char *op = find_operator(text, length);
            open = op ? heredoc_word(arena, op, &tabs) : NULL;
        }
        text += length + (text[length] == '\n');
    }
    return open;
}
