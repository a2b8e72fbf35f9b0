/* %sections: which there are, how they begin and end; %addon. */
#include <string.h>

#include "recipe/internal.h"

static const struct {
    const char *name;
    enum section kind;
    enum spec_class class;
    const char *note, *cure;
} sections[] = {
    {.name = "%packages", .kind = SECTION_PACKAGES},
    {.name = "%pre", .kind = SECTION_SCRIPT},
    {.name = "%pre-install", .kind = SECTION_SCRIPT},
    {.name = "%post", .kind = SECTION_SCRIPT},
    {.name = "%onerror", .kind = SECTION_SCRIPT, .class = CLASS_QUIET},
    {.name = "%traceback", .kind = SECTION_SCRIPT, .class = CLASS_QUIET},
    {.name = "%addon", .kind = SECTION_ADDON},
    {.name = "%anaconda", .kind = SECTION_SKIPPED, .class = CLASS_QUIET},
    {.name = "%certificate",
        .kind = SECTION_SKIPPED,
        .class = CLASS_REFUSE,
        .note = "certificates are not brought into the image",
        .cure = "write the file in %post"},
};

static size_t find_section(const char *word)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(sections) && strcmp(sections[i].name, word) != 0)
        i++;
    return i;
}

bool section_is_registered(const char *word)
{
    return find_section(word) < ARRAY_SIZE(sections);
}

const char *section_name(size_t index, enum spec_class *ret_class)
{
    if (index >= ARRAY_SIZE(sections))
        return NULL;
    *ret_class = sections[index].class;
    return sections[index].name;
}

int section_begin(struct parser *p, const struct words *words)
{
    size_t i = find_section(words->v[0].text);
    p->section = sections[i].kind;
    p->section_name = sections[i].name;
    p->section_place = parser_place(p);
    p->section_source = p->source;
    p->body.len = 0;
    if (p->body.s)
        p->body.s[0] = '\0';
    if (sections[i].class == CLASS_QUIET)
        parser_note(p, p->section_place, "%s: without effect", p->section_name);
    if (sections[i].class == CLASS_REFUSE)
        parser_refuse(
            p, p->section_place, sections[i].cure, "%s: %s", p->section_name, sections[i].note);
    switch (p->section) {
    case SECTION_PACKAGES:
        return packages_begin(p, words);
    case SECTION_SCRIPT:
        return script_begin(p, words);
    case SECTION_ADDON:
        return addon_begin(p, words);
    case SECTION_COMMANDS:
    case SECTION_SKIPPED:
        break;
    }
    return 0;
}

int section_end(struct parser *p)
{
    enum section was = p->section;
    p->section = SECTION_COMMANDS;
    if (was == SECTION_SCRIPT)
        return script_end(p);
    if (was == SECTION_ADDON)
        return addon_end(p);
    return 0;
}

int addon_begin(struct parser *p, const struct words *words)
{
    if (words->n < 2)
        return parser_error(p, parser_place(p), "write %addon NAME, as %addon com_redhat_kdump",
            "%%addon: the name of the addon is missing");
    struct recipe *recipe = p->recipe;
    struct recipe_addon *addon = arena_push(p->arena, recipe->addons, recipe->n_addons);
    addon->name = words->v[1].text;
    addon->place = parser_place(p);
    for (size_t i = 2; i < words->n; i++)
        strv_arena_add(p->arena, &addon->args, words->v[i].text);
    if (strstr(addon->name, "oscap"))
        parser_refuse(p, addon->place,
            "take the section out and harden the image in %post, for example with oscap itself",
            "%%addon: %s: the security profile would not be applied", addon->name);
    else if (strcmp(addon->name, "com_redhat_kdump") != 0)
        parser_warn(p, addon->place, "%%addon: '%s' is not known and has no effect", addon->name);
    return 0;
}

int addon_end(struct parser *p)
{
    struct recipe_addon *addon = &p->recipe->addons[p->recipe->n_addons - 1];
    addon->text = arena_strdup(p->arena, p->body.s ? p->body.s : "");
    return 0;
}
