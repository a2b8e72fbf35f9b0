#include "plan/request.h"

#include <fnmatch.h>
#include <string.h>

#include "plan/internal.h"

#define MAX_LISTED 12 /* groups in a message */

/* What no repository has, gathered, so that one run tells all of it. */
struct missing {
    const char *kind, *name;
    struct recipe_place place;
    char *nearest; /* NULL: nothing is near */
    char *remark;  /* why it is not there although there is something of that name, or NULL */
};

struct maker {
    const struct recipe *recipe;
    const struct sources *sources;
    struct catalog *catalog;
    struct requests *requests;
    struct missing *missing;
    size_t n_missing;
};

void requests_free(struct requests *requests)
{
    if (requests)
        arena_free(requests->arena);
}

void requests_warn(struct requests *requests, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    if (!strv_has(&requests->warnings, text))
        strv_arena_add(requests->arena, &requests->warnings, text);
}

bool requests_have(const struct requests *requests, const char *label)
{
    for (size_t i = 0; i < requests->n; i++)
        if (strcmp(requests->v[i].label, label) == 0)
            return true;
    return false;
}

static struct request own_request(
    struct arena *arena, const struct request *request, const struct ids *any_of)
{
    struct request own = *request;
    own.label = arena_strdup(arena, request->label);
    own.because = arena_strdup(arena, request->because);
    own.any_of.n = any_of->n;
    own.any_of.v = arena_dup(arena, any_of->v, any_of->n * sizeof *any_of->v);
    return own;
}

void requests_add(
    struct requests *requests, const struct request *request, const struct ids *any_of)
{
    if (any_of->n && !requests_have(requests, request->label))
        *arena_push(requests->arena, requests->v, requests->n) =
            own_request(requests->arena, request, any_of);
}

static void add_missing(struct maker *m, const char *kind, const char *name,
    struct recipe_place place, char *nearest, const char *remark)
{
    struct arena *arena = m->requests->arena;
    *arena_push(arena, m->missing, m->n_missing) = (struct missing){
        kind, name, place, arena_strdup(arena, nearest), arena_strdup(arena, remark)};
    free(nearest);
}

static void exclude_package(
    struct maker *m, const struct recipe_package *item, struct strv *unknown)
{
    auto_ids struct ids found = {0};
    if (is_glob(item->name))
        catalog_by_glob(m->catalog, item->name, &found);
    else
        catalog_by_name(m->catalog, item->name, &found);
    if (!found.n)
        catalog_by_version(m->catalog, item->name, &found);
    if (!found.n && !is_glob(item->name))
        strv_arena_add(m->requests->arena, unknown, item->name);
    auto_free char *clause = xprintf("%s:%u excludes", item->place.file, item->place.line);
    for (size_t i = 0; i < found.n; i++)
        catalog_exclude(m->catalog, found.v[i], clause);
}

/* Package exclusions take packages from the catalog; those of groups are gathered. */
static void exclude(struct maker *m, struct strv *ret_groups)
{
    const struct comps *comps = catalog_comps(m->catalog);
    const struct recipe_packages *packages = &m->recipe->packages;
    struct strv unknown = {0};
    for (size_t i = 0; i < packages->n; i++) {
        const struct recipe_package *item = &packages->items[i];
        if (!item->exclude)
            continue;
        const struct comps_group *group =
            item->kind == PACKAGE_GROUP ? comps_group(comps, item->name) : NULL;
        if (item->kind == PACKAGE_NAME)
            exclude_package(m, item, &unknown);
        else if (group)
            strv_arena_add(m->requests->arena, ret_groups, group->id);
        else
            strv_arena_add(m->requests->arena, &unknown, item->name);
    }
    auto_strbuf struct strbuf names = {0};
    for (size_t i = 0; i < unknown.n; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", unknown.v[i]);
    if (unknown.n)
        requests_warn(m->requests, "excluded, but in no repository anyway: %s", names.s);
}

static char *because_of(struct recipe_place place)
{
    return place.line ? xprintf("%s:%u", place.file, place.line) : xstrdup("--package");
}

/* How a package that was asked for by name is not to be had, although the catalog knows it. */
static void add_excluded(struct maker *m, const char *name, struct recipe_place place, int id)
{
    const char *clause = catalog_exclusion(m->catalog, id);
    if (str_ends(clause, " excludes")) {
        auto_free char *because = because_of(place);
        requests_warn(m->requests, "%s: '%s' is asked for here and left out, since %s it", because,
            name, clause);
        return;
    }
    auto_free char *remark = xprintf("there is one that %s", clause);
    add_missing(m, "package", name, place, NULL, remark);
}

static void add_request(
    struct maker *m, const char *label, const struct ids *ids, struct recipe_place place)
{
    auto_free char *own_label = xstrdup(label);
    auto_free char *because = because_of(place);
    struct request request = {.label = own_label,
        .reason = REASON_USER,
        .because = because,
        .place = place,
        .optional = m->recipe->packages.ignorebroken};
    requests_add(m->requests, &request, ids);
}

/* With --multilib=all a package is asked for in each of its architectures. */
static void add_each_arch(
    struct maker *m, const char *name, const struct ids *usable, struct recipe_place place)
{
    for (size_t i = 0; i < usable->n; i++) {
        const char *arch = catalog_arch(m->catalog, usable->v[i]);
        auto_ids struct ids same = {0};
        for (size_t k = 0; k < usable->n; k++)
            if (strcmp(catalog_arch(m->catalog, usable->v[k]), arch) == 0)
                ids_add(&same, usable->v[k]);
        auto_free char *label = xprintf("%s.%s", name, arch);
        add_request(m, label, &same, place);
    }
}

/* Packages of the machine's own architecture and of none; all, if there are none of these. */
static void keep_native(const struct maker *m, const struct ids *all, struct ids *ret_ids)
{
    bool is_32bit = strcmp(m->sources->arch, "i386") == 0;
    for (size_t i = 0; i < all->n; i++) {
        const char *arch = catalog_arch(m->catalog, all->v[i]);
        if (is_32bit || strcmp(arch, m->sources->arch) == 0 || strcmp(arch, "noarch") == 0)
            ids_add(ret_ids, all->v[i]);
    }
    for (size_t i = 0; !ret_ids->n && i < all->n; i++)
        ids_add(ret_ids, all->v[i]);
}

/* Those of 'found' that may be installed, and what obsoletes them. */
static void add_found(struct maker *m, const char *label, const struct ids *found,
    struct recipe_place place, bool with_obsoleters)
{
    auto_ids struct ids all = {0}, usable = {0};
    if (with_obsoleters)
        catalog_obsoleters(m->catalog, found, &all);
    catalog_usable(m->catalog, found, &usable);
    if (!usable.n && !all.n) {
        add_excluded(m, label, place, found->v[0]);
        return;
    }
    const char *multilib = m->recipe->packages.multilib;
    if (multilib && strcmp(multilib, "all") == 0 && !all.n) {
        add_each_arch(m, label, &usable, place);
        return;
    }
    auto_ids struct ids native = {0};
    keep_native(m, &usable, &native);
    catalog_usable(m->catalog, &all, &native);
    add_request(m, label, &native, place);
}

static void add_glob(struct maker *m, const struct ids *found, struct recipe_place place)
{
    for (size_t i = 0, end; i < found->n; i = end) {
        const char *name = catalog_name(m->catalog, found->v[i]);
        auto_ids struct ids same = {0}, usable = {0};
        for (end = i; end < found->n; end++) {
            if (strcmp(catalog_name(m->catalog, found->v[end]), name) != 0)
                break;
            ids_add(&same, found->v[end]);
        }
        catalog_usable(m->catalog, &same, &usable);
        if (usable.n) /* what is excluded is not meant by a pattern */
            add_found(m, name, &same, place, true);
    }
}

static void missing_package(struct maker *m, const char *name, struct recipe_place place)
{
    auto_free char *archs = catalog_foreign_archs(m->catalog, name);
    auto_free char *remark =
        archs ? xprintf("there is one for %s, not for %s", archs, m->sources->arch) : NULL;
    size_t n;
    const char *const *names = catalog_names(m->catalog, &n);
    char *nearest = archs || is_glob(name) ? NULL : nearest_names(name, names, n);
    add_missing(m, "package", name, place, nearest, remark);
}

enum match { BY_NAME, BY_VERSION, BY_FILE, BY_PROVIDES };

static int find_package(
    struct maker *m, const char *name, struct ids *found, enum match *ret_match, struct err *err)
{
    *ret_match = BY_FILE;
    if (name[0] == '/') {
        int r = catalog_by_file(m->catalog, name, found, err);
        if (r < 0)
            return r;
    } else {
        *ret_match = BY_NAME;
        catalog_by_name(m->catalog, name, found);
    }
    if (!found->n) {
        *ret_match = BY_VERSION;
        catalog_by_version(m->catalog, name, found);
    }
    if (!found->n) {
        *ret_match = BY_PROVIDES;
        catalog_by_provides(m->catalog, name, found);
    }
    return 0;
}

static void warn_provided(
    struct maker *m, const char *name, const struct ids *found, struct recipe_place place)
{
    auto_free char *because = because_of(place);
    auto_strbuf struct strbuf names = {0};
    const char *last = "";
    for (size_t i = 0; i < found->n; i++) {
        const char *provider = catalog_name(m->catalog, found->v[i]);
        if (strcmp(provider, last) != 0)
            strbuf_printf(&names, "%s'%s'", i ? " or " : "", provider);
        last = provider;
    }
    requests_warn(m->requests, "%s: no package is named '%s'; taking %s, which provides it",
        because, name, names.s);
}

static int add_package(
    struct maker *m, const char *name, struct recipe_place place, struct err *err)
{
    auto_ids struct ids found = {0};
    if (is_glob(name)) {
        catalog_by_glob(m->catalog, name, &found);
        if (!found.n)
            catalog_by_version(m->catalog, name, &found);
        add_glob(m, &found, place);
        if (!found.n)
            missing_package(m, name, place);
        return 0;
    }
    enum match match;
    int r = find_package(m, name, &found, &match, err);
    if (r < 0)
        return r;
    if (!found.n)
        missing_package(m, name, place);
    else
        add_found(m, name, &found, place, match == BY_NAME);
    if (found.n && match == BY_PROVIDES)
        warn_provided(m, name, &found, place);
    return 0;
}

/* "there are 'base' and 'core'", when these are few; NULL: none, or too many to be read. */
static char *some_names(const char *const *names, size_t n, bool is_environment)
{
    auto_strbuf struct strbuf text = {0};
    if (n == 0 || n > MAX_LISTED)
        return NULL;
    strbuf_printf(&text, "the %s there are: ", is_environment ? "environments" : "groups");
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "", names[i]);
    return strbuf_steal(&text);
}

static void missing_group(struct maker *m, const struct recipe_package *item)
{
    const struct comps *comps = catalog_comps(m->catalog);
    bool is_environment = item->kind == PACKAGE_ENVIRONMENT;
    const char **names = NULL;
    size_t n = 0;
    for (size_t i = 0; !is_environment && i < comps->n_groups; i++)
        *array_push(names, n) = comps->groups[i].id;
    for (size_t i = 0; is_environment && i < comps->n_environments; i++)
        *array_push(names, n) = comps->environments[i].id;
    char *nearest = nearest_names(item->name, names, n);
    auto_free char *there = nearest ? NULL : some_names(names, n, is_environment);
    free(names);
    const char *remark = there;
    if (is_environment && comps_group(comps, item->name))
        remark = "there is a group of that name: write it without '^'";
    else if (strpbrk(item->name, ":/"))
        remark = "if a module stream is meant: choosing one is not supported";
    else if (!comps->n_groups)
        remark = "no repository has any groups";
    else if (is_environment && !n)
        remark = "no repository has any environments: choose groups";
    add_missing(
        m, is_environment ? "environment" : "group", item->name, item->place, nearest, remark);
}

static void add_group(
    struct maker *m, const struct recipe_package *item, const struct strv *excluded)
{
    struct group_request group = {.name = item->name,
        .place = item->place,
        .nodefaults = item->nodefaults,
        .optional = item->optional,
        .excluded = excluded};
    bool found = item->kind == PACKAGE_GROUP && requests_add_group(m->requests, m->catalog, &group);
    if (!found)
        found = requests_add_environment(m->requests, m->catalog, &group);
    if (!found)
        missing_group(m, item);
}

static int add_items(struct maker *m, const struct strv *excluded, struct err *err)
{
    const struct recipe_packages *packages = &m->recipe->packages;
    for (size_t i = 0; i < packages->n; i++) {
        const struct recipe_package *item = &packages->items[i];
        if (item->exclude || item->kind != PACKAGE_NAME)
            continue;
        int r = add_package(m, item->name, item->place, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < packages->n; i++)
        if (!packages->items[i].exclude && packages->items[i].kind != PACKAGE_NAME)
            add_group(m, &packages->items[i], excluded);
    return 0;
}

/* @core and, in the old days, @base: chosen unless the recipe says no. */
static void add_default_groups(struct maker *m, const struct strv *excluded)
{
    const struct recipe_packages *packages = &m->recipe->packages;
    bool is_old = release_is_old(release_of(m->recipe, m->sources, m->catalog));
    struct group_request core = {.name = "core", .excluded = excluded};
    struct group_request base = {.name = "base", .excluded = excluded};
    if (packages->use_default)
        requests_add_default(m->requests, m->catalog, &core);
    if (!packages->nocore && !requests_add_group(m->requests, m->catalog, &core))
        requests_warn(m->requests,
            "no repository has a group 'core': only what the recipe names is "
            "installed");
    if (is_old && !packages->nobase)
        requests_add_group(m->requests, m->catalog, &base);
}

static int report_missing(struct maker *m, struct err *err)
{
    const struct missing *first = &m->missing[0];
    auto_strbuf struct strbuf text = {0}, hint = {0};
    strbuf_printf(&text, "no repository has %s %s '%s'", first->kind[0] == 'e' ? "an" : "a",
        first->kind, first->name);
    if (first->remark)
        strbuf_printf(&text, " (%s)", first->remark);
    for (size_t i = 1; i < m->n_missing; i++) {
        const struct missing *also = &m->missing[i];
        strbuf_printf(&text, "%s %s '%s' (line %u%s%s)", i == 1 ? "; nor" : ",", also->kind,
            also->name, also->place.line, also->remark ? ": " : "",
            also->remark ? also->remark : "");
    }
    for (size_t i = 0; i < m->n_missing; i++)
        if (m->missing[i].nearest)
            strbuf_printf(&hint, "%s'%s' may be %s", hint.len ? "; " : "", m->missing[i].name,
                m->missing[i].nearest);
    int r = plan_error(err, ERR_RECIPE, first->place, "%s", text.s);
    err_hint(err, "%s%s", hint.len ? hint.s : "",
        hint.len ? "; or write '%packages --ignoremissing' to go on without"
                 : "give a repository that has it by --repo NAME=URL, or write '%packages "
                   "--ignoremissing' to go on without");
    return r;
}

static int settle_missing(struct maker *m, struct err *err)
{
    if (!m->n_missing)
        return 0;
    if (!m->recipe->packages.ignoremissing)
        return report_missing(m, err);
    for (size_t i = 0; i < m->n_missing; i++) {
        const struct missing *missing = &m->missing[i];
        auto_free char *because = because_of(missing->place);
        requests_warn(m->requests, "%s: no repository has the %s '%s'; left out%s%s%s", because,
            missing->kind, missing->name, missing->nearest ? " (it may be " : "",
            missing->nearest ? missing->nearest : "", missing->nearest ? ")" : "");
    }
    return 0;
}

int requests_make(const struct recipe *recipe, const struct sources *sources,
    const struct plan_options *options, struct catalog *catalog, struct requests **ret_requests,
    struct err *err)
{
    struct arena *arena = arena_new();
    auto_cleanup(requests_free) struct requests *requests = arena_alloc(arena, sizeof *requests);
    requests->arena = arena;
    struct maker m = {recipe, sources, catalog, requests, NULL, 0};
    struct strv excluded_groups = {0};
    exclude(&m, &excluded_groups);
    int r = add_items(&m, &excluded_groups, err);
    for (size_t i = 0; r == 0 && options && options->add && i < options->add->n; i++)
        r = add_package(&m, options->add->v[i], (struct recipe_place){0}, err);
    if (r < 0)
        return r;
    add_default_groups(&m, &excluded_groups);
    if ((r = settle_missing(&m, err)) < 0)
        return r;
    requests_add_implicit(requests, recipe, sources, catalog);
    *ret_requests = steal(&requests);
    return 0;
}
