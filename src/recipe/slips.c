/* What the hand or the editor did to a word: dashes and quotes that are none of ASCII's, blanks
 * around '=' and behind ',', an option without its dashes. Each gets its own message, since what
 * the grammar says of the pieces would not help to find it. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

/* UTF-8 of what editors make of "-", "--" and '"'. */
static const char *const dashes[] = {"\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92", "\xe2\x80\x93",
    "\xe2\x80\x94", "\xe2\x80\x95", "\xe2\x88\x92"};
static const char *const quotes[] = {"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x98",
    "\xe2\x80\x99", "\xc2\xab", "\xc2\xbb"};

static size_t starts_with_one_of(const char *s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_starts(s, list[i]))
            return strlen(list[i]);
    return 0;
}

static int dash_error(struct command *c, const char *word)
{
    const char *rest = word;
    for (size_t n = 1; n; rest += n)
        n = *rest == '-' ? 1 : starts_with_one_of(rest, dashes, ARRAY_SIZE(dashes));
    return command_error(c, arena_printf(c->parser->arena, "write --%s", rest),
        "'%s' begins with a dash that is not the one of the keyboard", word);
}

static int check_characters(struct command *c, const struct word *word)
{
    const char *text = word->text, *equals = strchr(text, '=');
    size_t dash = *text == '-' ? 1 : 0;
    if (word->quoted)
        return 0;
    if (starts_with_one_of(text + dash, dashes, ARRAY_SIZE(dashes)))
        return dash_error(c, text);
    const char *value = *text == '-' && equals ? equals + 1 : text;
    if (starts_with_one_of(value, quotes, ARRAY_SIZE(quotes)))
        return command_error(c, "write the quotes as \" or '",
            "%.*s has a quotation mark that is not the one of the keyboard",
            value == text ? 6 : (int)(equals - text), value == text ? "a word" : text);
    return 0;
}

/* '--size = 1024', '--size =1024', '--size= 1024'. */
static int check_equals(struct command *c, size_t i)
{
    const struct words *words = &c->words;
    const char *text = words->v[i].text, *next = i + 1 < words->n ? words->v[i + 1].text : "";
    if (!str_starts(text, "--") || words->v[i].quoted ||
        (i + 1 < words->n && words->v[i + 1].quoted))
        return 0;
    const char *equals = strchr(text, '=');
    bool ends = equals && equals[1] == '\0';
    if (!ends && *next != '=')
        return 0;
    if (ends && (*next == '\0' || *next == '-'))
        return 0; /* an empty value */
    const char *value = ends ? next : next + 1;
    if (*value == '\0' && i + 2 < words->n)
        value = words->v[i + 2].text;
    if (strstr(text, "pass")) /* not for a log */
        value = "TEXT";
    return command_error(c,
        arena_printf(c->parser->arena, "write %.*s=%s", (int)strcspn(text, "="), text, value),
        "there is a blank beside the '=' of '%.*s'", (int)strcspn(text, "="), text);
}

int slips_check(struct command *c)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < c->words.n; i++) {
        r = check_characters(c, &c->words.v[i]);
        if (r == 0)
            r = check_equals(c, i);
    }
    return r;
}

static const char *option_meant(const struct command *c, const char *word)
{
    size_t n = strcspn(word, "=");
    for (const struct option_spec *o = c->spec->options; o && o->name; o++)
        if (o->class != CLASS_REJECT && strlen(o->name) == n && strncmp(o->name, word, n) == 0)
            return o->name;
    return NULL;
}

/* The word before 'extra' in the line, or "". */
static const char *word_before(const struct command *c, const char *extra)
{
    for (size_t i = 1; i < c->words.n; i++)
        if (c->words.v[i].text == extra)
            return c->words.v[i - 1].text;
    return "";
}

const char *slips_hint(struct command *c, const char *extra)
{
    struct arena *arena = c->parser->arena;
    const char *before = word_before(c, extra);
    if (option_meant(c, extra))
        return arena_printf(arena, "options begin with two dashes: --%s", extra);
    if (str_ends(before, ",") || *extra == ',')
        return arena_printf(arena, "write a list without blanks: %s%s", before, extra);
    if (c->spec->usage)
        return arena_printf(arena, "write %s", c->spec->usage);
    if (c->spec->max_args > 0)
        return "quote a value that has blanks in it";
    return c->spec->options ? "options begin with --" : "leave it out";
}
