#include "plan/comps.h"

#include <errno.h>
#include <expat.h>
#include <string.h>
#include <strings.h>

#define MAX_BYTES ((size_t)256 << 20)
#define MAX_TEXT ((size_t)64 << 10)
#define MAX_DEPTH 32

enum element { OTHER, GROUP, ENVIRONMENT, GROUPLIST, OPTIONLIST };

/* Where in the document the reader is. */
struct reader {
    XML_Parser parser;
    struct comps *comps;
    enum element inside, list; /* GROUP or ENVIRONMENT; in it GROUPLIST or OPTIONLIST */
    struct comps_group group;
    struct comps_environment environment;
    struct comps_package package;
    bool is_translation;
    unsigned depth;
    struct strbuf text;
    const char *fault;
};

struct comps *comps_new(void)
{
    struct arena *arena = arena_new();
    struct comps *comps = arena_alloc(arena, sizeof *comps);
    comps->arena = arena;
    return comps;
}

void comps_free(struct comps *comps)
{
    if (comps)
        arena_free(comps->arena);
}

static void stop(struct reader *r, const char *fault)
{
    if (!r->fault)
        r->fault = fault;
    XML_StopParser(r->parser, XML_FALSE);
}

static const char *attribute(const char *const *attributes, const char *name)
{
    for (size_t i = 0; attributes[i]; i += 2)
        if (strcmp(attributes[i], name) == 0)
            return attributes[i + 1];
    return NULL;
}

static bool is_true(const char *text)
{
    return text && (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static enum comps_kind kind_of(const char *type)
{
    if (!type || strcmp(type, "mandatory") == 0)
        return COMPS_MANDATORY;
    if (strcmp(type, "optional") == 0)
        return COMPS_OPTIONAL;
    if (strcmp(type, "conditional") == 0)
        return COMPS_CONDITIONAL;
    return COMPS_DEFAULT;
}

static void on_start(void *data, const char *name, const char **attributes)
{
    struct reader *r = data;
    const char *const *a = attributes;
    if (++r->depth > MAX_DEPTH)
        stop(r, "elements nest too deeply");
    r->text.len = 0;
    if (strcmp(name, "group") == 0) {
        r->inside = GROUP;
        r->group = (struct comps_group){0};
    } else if (strcmp(name, "environment") == 0) {
        r->inside = ENVIRONMENT;
        r->environment = (struct comps_environment){0};
    } else if (strcmp(name, "grouplist") == 0) {
        r->list = GROUPLIST;
    } else if (strcmp(name, "optionlist") == 0) {
        r->list = OPTIONLIST;
    } else if (strcmp(name, "packagereq") == 0) {
        r->package = (struct comps_package){.kind = kind_of(attribute(a, "type")),
            .condition = arena_strdup(r->comps->arena, attribute(a, "requires")),
            .basearchonly = is_true(attribute(a, "basearchonly"))};
    } else if (strcmp(name, "name") == 0) {
        r->is_translation = attribute(a, "xml:lang") != NULL;
    }
}

static void on_text(void *data, const char *text, int length)
{
    struct reader *r = data;
    if (r->text.len + (size_t)length > MAX_TEXT)
        stop(r, "a text is too long");
    else
        strbuf_add(&r->text, text, (size_t)length);
}

/* The element's text without the white space around it. */
static char *text_of(struct reader *r)
{
    const char *s = r->text.s ? r->text.s : "";
    size_t length = r->text.len;
    while (length && strchr(" \t\r\n", *s))
        s++, length--;
    while (length && strchr(" \t\r\n", s[length - 1]))
        length--;
    return arena_strndup(r->comps->arena, s, length);
}

static struct comps_group *group_by_id(struct comps *comps, const char *id)
{
    for (size_t i = 0; i < comps->n_groups; i++)
        if (strcmp(comps->groups[i].id, id) == 0)
            return &comps->groups[i];
    return NULL;
}

static void add_group(struct comps *comps, const struct comps_group *group)
{
    if (str_empty(group->id))
        return;
    struct comps_group *old = group_by_id(comps, group->id);
    if (!old) {
        *arena_push(comps->arena, comps->groups, comps->n_groups) = *group;
        return;
    }
    for (size_t i = 0; i < group->n; i++)
        *arena_push(comps->arena, old->packages, old->n) = group->packages[i];
    for (size_t i = 0; i < group->translations.n; i++)
        strv_arena_add(comps->arena, &old->translations, group->translations.v[i]);
    if (old->name && group->name && strcmp(old->name, group->name) != 0)
        strv_arena_add(comps->arena, &old->translations, group->name);
}

static void add_environment(struct comps *comps, const struct comps_environment *environment)
{
    if (str_empty(environment->id))
        return;
    for (size_t i = 0; i < comps->n_environments; i++) {
        struct comps_environment *old = &comps->environments[i];
        if (strcmp(old->id, environment->id) != 0)
            continue;
        for (size_t k = 0; k < environment->groups.n; k++)
            if (!strv_has(&old->groups, environment->groups.v[k]))
                strv_arena_add(comps->arena, &old->groups, environment->groups.v[k]);
        return;
    }
    *arena_push(comps->arena, comps->environments, comps->n_environments) = *environment;
}

static void end_in_group(struct reader *r, const char *name)
{
    struct arena *arena = r->comps->arena;
    struct comps_group *g = &r->group;
    if (strcmp(name, "id") == 0)
        g->id = text_of(r);
    else if (strcmp(name, "name") == 0 && r->is_translation)
        strv_arena_add(arena, &g->translations, text_of(r));
    else if (strcmp(name, "name") == 0)
        g->name = text_of(r);
    else if (strcmp(name, "default") == 0)
        g->is_default = is_true(text_of(r));
    else if (strcmp(name, "langonly") == 0)
        g->langonly = text_of(r);
    else if (strcmp(name, "packagereq") == 0) {
        r->package.name = text_of(r);
        if (*r->package.name)
            *arena_push(arena, g->packages, g->n) = r->package;
    } else if (strcmp(name, "group") == 0) {
        add_group(r->comps, g);
        r->inside = OTHER;
    }
}

static void end_in_environment(struct reader *r, const char *name)
{
    struct arena *arena = r->comps->arena;
    struct comps_environment *e = &r->environment;
    if (strcmp(name, "id") == 0)
        e->id = text_of(r);
    else if (strcmp(name, "name") == 0 && r->is_translation)
        strv_arena_add(arena, &e->translations, text_of(r));
    else if (strcmp(name, "name") == 0)
        e->name = text_of(r);
    else if (strcmp(name, "groupid") == 0)
        strv_arena_add(arena, r->list == OPTIONLIST ? &e->options : &e->groups, text_of(r));
    else if (strcmp(name, "environment") == 0) {
        add_environment(r->comps, e);
        r->inside = OTHER;
    }
}

static void on_end(void *data, const char *name)
{
    struct reader *r = data;
    r->depth--;
    if (r->inside == GROUP)
        end_in_group(r, name);
    else if (r->inside == ENVIRONMENT)
        end_in_environment(r, name);
    r->text.len = 0;
}

/* comps.xml has no entities of its own; one that has is out to make a small file large. */
static void on_entity(void *data, const char *name, int is_parameter, const char *value, int length,
    const char *base, const char *system, const char *public, const char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)length, (void)base, (void)system,
        (void)public, (void)notation;
    stop(data, "it declares entities");
}

static int fail(struct reader *r, const char *name, struct err *err)
{
    enum XML_Error code = XML_GetErrorCode(r->parser);
    return err_set(err, ERR_NETWORK, -EBADMSG, "%s: line %lu: %s", name,
        XML_GetCurrentLineNumber(r->parser), r->fault ? r->fault : XML_ErrorString(code));
}

static int parse(struct reader *r, FILE *file, const char *name, struct err *err)
{
    char buffer[16384];
    size_t total = 0, n;
    do {
        n = fread(buffer, 1, sizeof buffer, file);
        if (ferror(file))
            return err_set(err, ERR_NETWORK, -EBADMSG, "%s: can't be decompressed", name);
        if ((total += n) > MAX_BYTES)
            return err_set(
                err, ERR_NETWORK, -EFBIG, "%s: larger than %zu MiB", name, MAX_BYTES >> 20);
        if (XML_Parse(r->parser, buffer, (int)n, n == 0) != XML_STATUS_OK)
            return fail(r, name, err);
    } while (n);
    return 0;
}

int comps_read(struct comps *comps, FILE *file, const char *name, struct err *err)
{
    struct reader r = {.parser = XML_ParserCreate(NULL), .comps = comps};
    if (!r.parser)
        return err_code(err, -ENOMEM, "cannot read '%s'", name);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetEntityDeclHandler(r.parser, on_entity);
    int result = parse(&r, file, name, err);
    XML_ParserFree(r.parser);
    strbuf_done(&r.text);
    return result;
}

static bool is_name(const char *wanted, const char *name, const struct strv *translations,
    int (*compare)(const char *, const char *))
{
    if (name && compare(name, wanted) == 0)
        return true;
    for (size_t i = 0; i < translations->n; i++)
        if (compare(translations->v[i], wanted) == 0)
            return true;
    return false;
}

const struct comps_group *comps_group(const struct comps *comps, const char *wanted)
{
    int (*const compare[])(const char *, const char *) = {strcmp, strcasecmp};
    for (size_t how = 0; how < ARRAY_SIZE(compare); how++) {
        for (size_t i = 0; i < comps->n_groups; i++)
            if (compare[how](comps->groups[i].id, wanted) == 0)
                return &comps->groups[i];
        for (size_t i = 0; i < comps->n_groups; i++) {
            const struct comps_group *g = &comps->groups[i];
            if (is_name(wanted, g->name, &g->translations, compare[how]))
                return g;
        }
    }
    return NULL;
}

const struct comps_environment *comps_environment(const struct comps *comps, const char *wanted)
{
    int (*const compare[])(const char *, const char *) = {strcmp, strcasecmp};
    for (size_t how = 0; how < ARRAY_SIZE(compare); how++) {
        for (size_t i = 0; i < comps->n_environments; i++)
            if (compare[how](comps->environments[i].id, wanted) == 0)
                return &comps->environments[i];
        for (size_t i = 0; i < comps->n_environments; i++) {
            const struct comps_environment *e = &comps->environments[i];
            if (is_name(wanted, e->name, &e->translations, compare[how]))
                return e;
        }
    }
    return NULL;
}
