/* Which commands there are, and what becomes of a line that begins with one. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

static const struct command_spec *const tables[] = {
    storage_commands,
    volume_commands,
    boot_commands,
    network_commands,
    account_commands,
    system_commands,
    source_commands,
    installer_commands,
    refused_commands,
};

static size_t grammar_count(void)
{
    size_t n = 0;
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
        for (const struct command_spec *s = tables[t]; s->name; s++)
            n++;
    return n;
}

static const struct command_spec *find_command(const char *name, size_t *ret_index)
{
    size_t index = 0;
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        for (const struct command_spec *s = tables[t]; s->name; s++, index++) {
            if (strcmp(s->name, name) == 0) {
                *ret_index = index;
                return s;
            }
        }
    }
    return NULL;
}

static bool looks_like_template(const char *s)
{
    static const char *const starts[] = {"{{", "{%", "${", "$", "<", "@@"};
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
        if (str_starts(s, starts[i]))
            return true;
    size_t n = strlen(s);
    return n > 2 && s[0] == '@' && s[n - 1] == '@';
}

static int unknown_command(struct parser *p, const char *name)
{
    struct recipe_place place = parser_place(p);
    if (looks_like_template(name))
        return parser_error(p, place,
            "it looks like a template's placeholder: fill the template in first",
            "'%s' is no kickstart command", name);
    if (name[0] == '@' || name[0] == '-')
        return parser_error(p, place, "package lines stand between %packages and %end",
            "'%s' is no kickstart command", name);
    size_t n = 0, limit = grammar_count();
    const char **names = xcalloc(limit, sizeof(*names));
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
        for (const struct command_spec *s = tables[t]; s->name; s++)
            names[n++] = s->name;
    const char *near = suggest_name(name, names, n);
    free(names);
    auto_free char *hint = NULL;
    if (near)
        hint = xprintf("did you mean '%s'?", near);
    else
        hint = xstrdup("commands come first in a line; a script's lines belong between %post and "
                       "%end, packages between %packages and %end");
    return parser_error(p, place, hint, "unknown command '%s'", name);
}

static void note_again(struct parser *p, const struct command *c, size_t index)
{
    if (!p->seen)
        p->seen = arena_alloc(p->arena, grammar_count() * sizeof(*p->seen));
    struct recipe_place *seen = &p->seen[index];
    if (seen->line && c->spec->says_again)
        parser_warn(p, c->place, "%s: given again; %s no longer counts", c->name,
            place_from(p->arena, c->place, *seen));
    *seen = c->place;
}

int grammar_run(struct parser *p, const struct words *words)
{
    size_t index = 0;
    struct command c = {.parser = p, .name = words->v[0].text, .place = parser_place(p)};
    c.spec = find_command(c.name, &index);
    if (!c.spec)
        return unknown_command(p, c.name);
    p->has_anything = true;
    c.words = (struct words){words->v + 1, words->n - 1};
    if (c.spec->class == CLASS_REFUSE) {
        command_refuse(&c, c.spec->cure, "%s", c.spec->note);
        return 0;
    }
    if (c.spec->class == CLASS_QUIET)
        parser_note(p, c.place, "%s: without effect%s%s", c.name, c.spec->note ? "; " : "",
            c.spec->note ? c.spec->note : "");
    if (c.spec->class == CLASS_WARN)
        command_warn(&c, "%s", c.spec->note);
    if (c.spec->scratch_bytes)
        c.target = arena_alloc(p->arena, c.spec->scratch_bytes);
    else
        c.target = (char *)p->recipe + c.spec->offset;
    note_again(p, &c, index);
    return command_run(&c);
}
