/* %packages: its options and its lines. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

struct packages_header {
    struct recipe_packages packages;
    char *instlangs, *multilib_value;
    bool multilib;
};

#define P(field) offsetof(struct packages_header, packages.field)

static const struct option_spec packages_options[] = {
    OPTION("excludedocs", OPTION_FLAG, P(excludedocs)),
    OPTION("nobase", OPTION_FLAG, P(nobase)),
    OPTION("nocore", OPTION_FLAG, P(nocore)),
    OPTION("ignoremissing", OPTION_FLAG, P(ignoremissing)),
    OPTION("ignorebroken", OPTION_FLAG, P(ignorebroken)),
    OPTION("exclude-weakdeps", OPTION_FLAG, P(exclude_weakdeps)),
    OPTION("excludeWeakdeps", OPTION_FLAG, P(exclude_weakdeps)),
    OPTION("default", OPTION_FLAG, P(use_default)),
    OPTION("inst-langs", OPTION_STRING, OFFSET(packages_header, instlangs)),
    OPTION("instLangs", OPTION_STRING, OFFSET(packages_header, instlangs)),
    OPTION("multilib", OPTION_FLAG, OFFSET(packages_header, multilib)),
    OPTION_QUIET("resolvedeps", OPTION_NONE),
    OPTION_WARNED("ignoredeps", OPTION_NONE, "dependencies are always resolved; it has no effect"),
    OPTION_QUIET("timeout", OPTION_VALUE),
    OPTION_QUIET("retries", OPTION_VALUE),
    OPTION_END,
};

static bool differs(const struct recipe_packages *a, const struct recipe_packages *b)
{
    return a->excludedocs != b->excludedocs || a->nobase != b->nobase || a->nocore != b->nocore ||
           a->ignoremissing != b->ignoremissing || a->ignorebroken != b->ignorebroken ||
           a->exclude_weakdeps != b->exclude_weakdeps || a->use_default != b->use_default;
}

static void merge_flags(struct recipe_packages *to, const struct recipe_packages *from)
{
    to->excludedocs |= from->excludedocs;
    to->nobase |= from->nobase;
    to->nocore |= from->nocore;
    to->ignoremissing |= from->ignoremissing;
    to->ignorebroken |= from->ignorebroken;
    to->exclude_weakdeps |= from->exclude_weakdeps;
    to->use_default |= from->use_default;
}

static int finish_packages(struct command *c)
{
    struct packages_header *header = c->target;
    struct recipe_packages *packages = &c->parser->recipe->packages;
    if (packages->set && differs(packages, &header->packages))
        command_warn(c, "its options differ from those of %s; all of them count",
            place_from(c->parser->arena, c->place, packages->place));
    if (header->packages.nobase)
        parser_note(c->parser, c->place,
            "%%packages: --nobase counts for EL5 and EL6, where group base would be added");
    merge_flags(packages, &header->packages);
    if (!packages->set)
        packages->place = c->place;
    packages->set = true;
    if (header->multilib)
        packages->multilib = arena_strdup(c->parser->arena, "all");
    if (header->instlangs) {
        packages->has_instlangs = true;
        packages->instlangs = (struct strv){0};
        if (strcmp(header->instlangs, "none") != 0)
            strv_arena_split(c->parser->arena, &packages->instlangs, header->instlangs, ",: ");
    }
    return 0;
}

const struct command_spec packages_spec = {
    .name = "%packages", .options = packages_options, .finish = finish_packages};

int packages_begin(struct parser *p, const struct words *words)
{
    struct packages_header header = {0};
    struct command c = {.parser = p,
        .spec = &packages_spec,
        .name = "%packages",
        .place = p->section_place,
        .words = {words->v + 1, words->n - 1},
        .target = &header};
    return command_run(&c);
}

static const struct option_spec group_options[] = {
    OPTION("nodefaults", OPTION_FLAG, OFFSET(recipe_package, nodefaults)),
    OPTION("optional", OPTION_FLAG, OFFSET(recipe_package, optional)),
    OPTION_END,
};

static int finish_group(struct command *c)
{
    struct recipe_package *package = c->target;
    if (package->nodefaults && package->optional)
        return command_error(c,
            "--nodefaults means mandatory packages only, --optional means all "
            "of them: keep one",
            "--nodefaults and --optional contradict each other");
    return 0;
}

const struct command_spec group_spec = {
    .name = "@", .options = group_options, .finish = finish_group};

/* '@name with blanks --nodefaults': the name is all before the first option. */
static int parse_group(struct parser *p, char *text, struct recipe_package *package)
{
    char *options = text;
    while ((options = strstr(options, "--")) && !(options > text && strchr(" \t", options[-1])))
        options += 2;
    struct words words = {0};
    if (options) {
        struct lex_fault fault;
        bool hash;
        if (lex_line(p->arena, options, &words, &fault, &hash) < 0)
            return parser_error(p, package->place, fault.hint, "%%packages: %s", fault.text);
        do
            *options = '\0';
        while (--options >= text && strchr(" \t", *options));
    }
    package->name = text;
    struct command c = {.parser = p,
        .spec = &group_spec,
        .name = arena_printf(p->arena, "%%packages: @%s", text),
        .place = package->place,
        .words = words,
        .target = package};
    return command_run(&c);
}

static int check_package_name(struct parser *p, struct recipe_package *package)
{
    char *blank = strpbrk(package->name, " \t"), *relation = strpbrk(package->name, "<>=");
    if (relation)
        return parser_error(p, package->place,
            arena_printf(p->arena, "write the name alone, or with its exact version: %.*s-1.0",
                (int)strcspn(package->name, " \t<>="), package->name),
            "%%packages: '%s' compares versions, which a line of packages can't", package->name);
    if (blank)
        return parser_error(p, package->place, "write one package on each line",
            "%%packages: '%s' is not the name of one package", package->name);
    if (package->name[strcspn(package->name, "{}<>$\"'")] != '\0')
        return parser_error(p, package->place,
            "if it is a template's placeholder, fill the template in first",
            "%%packages: '%s' is not the name of a package", package->name);
    if (strchr(package->name, '\\')) {
        parser_warn(
            p, package->place, "%%packages: the backslash in '%s' does not count", package->name);
        char *to = package->name;
        for (const char *from = package->name; *from; from++)
            if (*from != '\\')
                *to++ = *from;
        *to = '\0';
    }
    return 0;
}

static bool same_thing(const struct recipe_package *a, const struct recipe_package *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

/* Add it; an earlier line about the same thing gives way. */
static void add_package(struct parser *p, const struct recipe_package *package)
{
    struct recipe_packages *packages = &p->recipe->packages;
    for (size_t i = 0; i < packages->n; i++) {
        struct recipe_package *old = &packages->items[i];
        if (!same_thing(old, package))
            continue;
        bool same_file = strcmp(old->place.file, package->place.file) == 0;
        if (old->exclude != package->exclude && same_file)
            parser_warn(p, package->place, "%%packages: '%s%s' undoes '%s%s' of %s",
                package->exclude ? "-" : "", package->name, old->exclude ? "-" : "", old->name,
                place_from(p->arena, package->place, old->place));
        memmove(old, old + 1, (packages->n - i - 1) * sizeof(*old));
        packages->n--;
        break;
    }
    *arena_push(p->arena, packages->items, packages->n) = *package;
}

static char *strip_line(struct arena *arena, const char *line)
{
    line += strspn(line, " \t");
    size_t n = strcspn(line, "#");
    while (n > 0 && strchr(" \t", line[n - 1]))
        n--;
    return arena_strndup(arena, line, n);
}

static int parse_collection(struct parser *p, char *text, struct recipe_package *package)
{
    package->kind = PACKAGE_GROUP;
    if (*text == '^') {
        package->kind = PACKAGE_ENVIRONMENT;
        text++;
    }
    text += strspn(text, " \t");
    int r = parse_group(p, text, package);
    if (r < 0)
        return r;
    if (package->name[0] == '\0')
        return parser_error(
            p, package->place, "write @NAME, as @core", "%%packages: a group without a name");
    if (strchr(package->name, ':') || (strchr(package->name, '/')))
        parser_refuse(p, package->place,
            "name the packages themselves, and a repository that has them without modules",
            "%%packages: '@%s' is a module; module streams are not supported", package->name);
    return 0;
}

int packages_line(struct parser *p, const char *line)
{
    char *text = strip_line(p->arena, line);
    if (text[0] == '\0')
        return 0;
    struct recipe_package package = {.place = parser_place(p)};
    if (text[0] == '-') {
        package.exclude = true;
        text++;
    }
    if (text[0] == '@') {
        int r = parse_collection(p, text + 1, &package);
        if (r < 0)
            return r;
    } else {
        package.name = text;
        if (text[0] == '\0' || text[0] == '-')
            return parser_error(p, package.place, "options stand behind %packages itself",
                "%%packages: '%s%s' names no package", package.exclude ? "-" : "", text);
        int r = check_package_name(p, &package);
        if (r < 0)
            return r;
    }
    add_package(p, &package);
    return 0;
}
