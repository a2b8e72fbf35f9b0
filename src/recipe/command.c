/* The option engine: words against a command's table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recipe/internal.h"

#define MIB_MAX (UINT64_C(1) << 40)

int command_error(struct command *c, const char *hint, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    return parser_error(c->parser, c->place, hint, "%s: %s", c->name, text);
}

void command_warn(struct command *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    parser_warn(c->parser, c->place, "%s: %s", c->name, text);
}

void command_refuse(struct command *c, const char *hint, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    parser_refuse(c->parser, c->place, hint, "%s: %s", c->name, text);
}

static const char *hint_text(struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *hint_text(struct command *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    return arena_strdup(c->parser->arena, text);
}

bool command_has(const struct command *c, const char *option)
{
    const struct option_spec *o = c->spec->options;
    for (unsigned i = 0; o && o[i].name; i++)
        if (strcmp(o[i].name, option) == 0)
            return c->given >> i & 1;
    return false;
}

bool parse_boolean(const char *s, bool *ret)
{
    static const char *const yes[] = {"yes", "on", "true", "1"};
    static const char *const no[] = {"no", "off", "false", "0"};
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
            *ret = strcasecmp(s, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool parse_number(const char *s, uint64_t max, uint64_t *ret)
{
    if (*s == '\0' || s[strspn(s, "0123456789")] != '\0')
        return false;
    errno = 0;
    unsigned long long value = strtoull(s, NULL, 10);
    if (errno || value > max)
        return false;
    *ret = value;
    return true;
}

/* '2G' and the like in MiB, for the hint; 0 if it is nothing of the kind. */
static uint64_t size_with_unit_mib(const char *s)
{
    char *end;
    double value = strtod(s, &end);
    if (end == s || !(value > 0 && value < 1e9) || *end == '\0')
        return 0;
    switch (*end) {
    case 'm':
    case 'M':
        return (uint64_t)value;
    case 'g':
    case 'G':
        return (uint64_t)(value * 1024);
    case 't':
    case 'T':
        return (uint64_t)(value * 1024 * 1024);
    default:
        return 0;
    }
}

static int size_error(struct command *c, const struct option_spec *o, const char *value)
{
    const char *unit = o->type == OPTION_KIB ? "KiB" : "MiB";
    if (value[0] != '\0' && value[strspn(value, "0123456789")] == '\0')
        return command_error(c, hint_text(c, "sizes are in %s", unit),
            "'--%s=%s' is more than any disk holds", o->name, value);
    uint64_t mib = size_with_unit_mib(value);
    uint64_t right = o->type == OPTION_KIB ? mib * 1024 : mib;
    const char *hint;
    if (strcmp(value, "recommended") == 0 || strcmp(value, "grow") == 0)
        hint = hint_text(c, "write --%s as an option of its own", value);
    else if (right > 0)
        hint = hint_text(c, "write --%s=%llu", o->name, (unsigned long long)right);
    else
        hint = hint_text(c, "write the size as a whole number of %s without a unit, as --%s=2048",
            unit, o->name);
    return command_error(c, hint, "'--%s=%s' is not a whole number of %s", o->name, value, unit);
}

static int choice_error(struct command *c, const struct option_spec *o, const char *value)
{
    auto_strbuf struct strbuf names = {0};
    const char *list[32];
    size_t n = 0;
    for (const struct choice *choice = o->choices; choice->name; choice++) {
        strbuf_printf(&names, "%s%s", n ? ", " : "", choice->name);
        if (n < ARRAY_SIZE(list))
            list[n++] = choice->name;
    }
    const char *near = suggest_name(value, list, n);
    const char *hint =
        near ? hint_text(c, "did you mean --%s=%s? It is one of: %s", o->name, near, names.s)
             : hint_text(c, "--%s is one of: %s", o->name, names.s);
    return command_error(c, hint, "'--%s=%s' is none of its values", o->name, value);
}

static int set_choice(
    struct command *c, const struct option_spec *o, const char *value, void *field)
{
    for (const struct choice *choice = o->choices; choice->name; choice++) {
        if (strcasecmp(choice->name, value) == 0) {
            *(int *)field = choice->value;
            return 0;
        }
    }
    return choice_error(c, o, value);
}

static int set_number(
    struct command *c, const struct option_spec *o, const char *value, void *field)
{
    uint64_t number;
    if (o->type == OPTION_MIB || o->type == OPTION_KIB) {
        if (!parse_number(value, MIB_MAX, &number))
            return size_error(c, o, value);
        *(uint64_t *)field = number;
        return 0;
    }
    uint64_t max = o->type == OPTION_ID ? UINT32_MAX - 1 : INT32_MAX;
    if (!parse_number(value, max, &number))
        return command_error(c,
            hint_text(c, "write it as --%s=N, N from 0 to %llu", o->name, (unsigned long long)max),
            "'--%s=%s' is not a whole number", o->name, value);
    if (o->type == OPTION_ID)
        *(int64_t *)field = (int64_t)number;
    else
        *(int *)field = (int)number;
    return 0;
}

static int set_boolean(
    struct command *c, const struct option_spec *o, const char *value, void *field)
{
    bool on;
    if (!parse_boolean(value, &on))
        return command_error(c, hint_text(c, "write --%s=yes or --%s=no", o->name, o->name),
            "'--%s=%s' is neither yes nor no", o->name, value);
    if (o->type == OPTION_BOOL)
        *(bool *)field = on;
    else
        *(enum recipe_switch *)field = on ? RECIPE_ON : RECIPE_OFF;
    return 0;
}

static bool takes_value(const struct option_spec *o)
{
    return !(o->type == OPTION_NONE || o->type == OPTION_FLAG || o->type == OPTION_CONST ||
             o->type == OPTION_ITEM);
}

static int set_field(struct command *c, const struct option_spec *o, const char *value)
{
    void *field = (char *)c->target + o->offset;
    struct arena *arena = c->parser->arena;
    switch (o->type) {
    case OPTION_NONE:
    case OPTION_VALUE:
        return 0;
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_CONST:
        *(int *)field = o->number;
        return 0;
    case OPTION_ITEM:
        if (!strv_has(field, o->item))
            strv_arena_add(arena, field, o->item);
        return 0;
    case OPTION_STRING:
        *(char **)field = arena_strdup(arena, value);
        return 0;
    case OPTION_LIST:
        strv_arena_split(arena, field, value, ", \t");
        return 0;
    case OPTION_CHOICE:
        return set_choice(c, o, value, field);
    case OPTION_SWITCH:
    case OPTION_BOOL:
        return set_boolean(c, o, value, field);
    case OPTION_INT:
    case OPTION_ID:
    case OPTION_MIB:
    case OPTION_KIB:
        return set_number(c, o, value, field);
    }
    return 0;
}

static int apply_class(struct command *c, const struct option_spec *o)
{
    switch (o->class) {
    case CLASS_WARN:
        command_warn(c, "--%s: %s", o->name, o->note);
        break;
    case CLASS_REFUSE:
        command_refuse(c, o->cure, "--%s: %s", o->name, o->note);
        break;
    case CLASS_REJECT:
        return command_error(c, o->cure, "--%s: %s", o->name, o->note);
    case CLASS_QUIET:
    case CLASS_SUPPORTED:
        break;
    }
    return 0;
}

static int unknown_option(struct command *c, const char *name)
{
    const char *names[64] = {0};
    size_t n = 0;
    for (const struct option_spec *o = c->spec->options; o && o->name && n < ARRAY_SIZE(names); o++)
        if (o->class != CLASS_REJECT)
            names[n++] = o->name;
    const char *near = suggest_name(name, names, n);
    if (near)
        return command_error(
            c, hint_text(c, "did you mean --%s?", near), "unknown option '--%s'", name);
    if (n == 0)
        return command_error(
            c, hint_text(c, "'%s' has no options", c->name), "unknown option '--%s'", name);
    auto_strbuf struct strbuf list = {0};
    for (size_t i = 0; i < n && list.len < 400; i++)
        strbuf_printf(&list, "%s--%s", i ? ", " : "", names[i]);
    return command_error(c, hint_text(c, "the options of %s are %s", c->name, list.s),
        "unknown option '--%s'", name);
}

/* The option of that name, or the only one that begins so. */
static int find_option(struct command *c, const char *name, const struct option_spec **ret)
{
    const struct option_spec *found = NULL, *other = NULL;
    for (const struct option_spec *o = c->spec->options; o && o->name; o++) {
        if (strcmp(o->name, name) == 0) {
            *ret = o;
            return 0;
        }
        if (o->class != CLASS_REJECT && *name && str_starts(o->name, name)) {
            other = found;
            found = o;
        }
    }
    if (!found)
        return unknown_option(c, name);
    if (other)
        return command_error(c,
            hint_text(c, "write the option whole: --%s or --%s", other->name, found->name),
            "option '--%s' is short for more than one", name);
    command_warn(c, "'--%s' is taken for '--%s': write it whole", name, found->name);
    *ret = found;
    return 0;
}

static bool is_option(const struct word *w)
{
    if (w->quoted || w->text[0] != '-' || w->text[1] == '\0')
        return false;
    if (w->text[1] == '-')
        return true;
    return w->text[strspn(w->text + 1, "0123456789") + 1] != '\0' && !strpbrk(w->text, " \t");
}

/* Read the option at words[*i] and its value; *i ends behind both. */
static int take_option(struct command *c, size_t *i)
{
    const char *text = c->words.v[*i].text;
    if (text[1] != '-')
        return command_error(c, hint_text(c, "options begin with two dashes: --%s", text + 1),
            "unknown option '%s'", text);
    const char *equals = strchr(text, '=');
    auto_free char *name =
        equals ? xstrndup(text + 2, (size_t)(equals - text - 2)) : xstrdup(text + 2);
    const struct option_spec *o = NULL;
    int r = find_option(c, name, &o);
    if (r < 0)
        return r;
    ++*i;
    const char *value = equals ? equals + 1 : NULL;
    if (takes_value(o) && !value) {
        if (*i >= c->words.n || is_option(&c->words.v[*i]))
            return command_error(c,
                hint_text(c, "write --%s=VALUE; quote a value that begins with '-'", o->name),
                "option '--%s' needs a value", o->name);
        value = c->words.v[(*i)++].text;
    }
    if (!takes_value(o) && value)
        return command_error(c, hint_text(c, "write just --%s", o->name),
            "option '--%s' takes no value, and has '%s'", o->name, value);
    r = set_field(c, o, value);
    if (r < 0)
        return r;
    c->given |= UINT64_C(1) << (o - c->spec->options);
    return apply_class(c, o);
}

static int check_arguments(struct command *c)
{
    const struct command_spec *s = c->spec;
    if (c->n_args < s->min_args)
        return command_error(c, hint_text(c, "write %s", s->usage), "%s is missing", s->argument);
    if (c->n_args <= s->max_args)
        return 0;
    const char *extra = c->args[s->max_args];
    if (s->max_args == 0)
        return command_error(c, slips_hint(c, extra), "unexpected '%s'", extra);
    return command_error(
        c, slips_hint(c, extra), "unexpected '%s' behind '%s'", extra, c->args[s->max_args - 1]);
}

int command_run(struct command *c)
{
    int r = c->spec->raw ? 0 : slips_check(c);
    if (r < 0)
        return r;
    for (size_t i = 0; i < c->words.n;) {
        if (!c->spec->raw && is_option(&c->words.v[i])) {
            r = take_option(c, &i);
            if (r < 0)
                return r;
        } else {
            *arena_push(c->parser->arena, c->args, c->n_args) = c->words.v[i++].text;
        }
    }
    r = c->spec->raw ? 0 : check_arguments(c);
    if (r < 0)
        return r;
    return c->spec->finish ? c->spec->finish(c) : 0;
}
