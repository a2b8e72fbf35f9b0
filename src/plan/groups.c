/* Groups and environments: which of their packages are asked for. */
#include <string.h>

#include "plan/internal.h"
#include "plan/request.h"

struct walk {
    struct requests *requests;
    const struct catalog *catalog;
    const struct comps_group *group;
    const struct group_request *wanted;
    char *because;
    struct strbuf absent; /* mandatory packages that no repository has */
    size_t n_absent;
};

static bool is_wanted(const struct comps_package *package, const struct group_request *wanted)
{
    switch (package->kind) {
    case COMPS_MANDATORY:
    case COMPS_CONDITIONAL:
        return true;
    case COMPS_DEFAULT:
        return !wanted->nodefaults;
    case COMPS_OPTIONAL:
        return wanted->optional;
    }
    return false;
}

static void add_member(struct walk *w, const struct comps_package *package)
{
    auto_ids struct ids found = {0}, usable = {0};
    catalog_by_name(w->catalog, package->name, &found);
    catalog_usable(w->catalog, &found, &usable);
    if (!found.n && package->kind == COMPS_MANDATORY) {
        strbuf_printf(&w->absent, "%s%s", w->n_absent ? ", " : "", package->name);
        w->n_absent++;
    }
    if (!usable.n)
        return;
    struct request request = {.label = package->name,
        .reason = REASON_GROUP,
        .because = w->because,
        .place = w->wanted->place};
    if (package->kind != COMPS_CONDITIONAL || str_empty(package->condition)) {
        requests_add(w->requests, &request, &usable);
        return;
    }
    struct arena *arena = w->requests->arena;
    request.because = arena_strdup(arena, w->because);
    request.any_of.n = usable.n;
    request.any_of.v = arena_dup(arena, usable.v, usable.n * sizeof *usable.v);
    *arena_push(arena, w->requests->conditionals, w->requests->n_conditionals) =
        (struct conditional){request, package->condition};
}

static void note_group(const struct walk *w)
{
    const char *written = w->wanted->name, *id = w->group->id;
    if (!w->wanted->place.line || strcmp(written, id) == 0)
        return;
    if (w->group->name && strcmp(written, w->group->name) == 0)
        return;
    requests_warn(w->requests, "%s:%u: '@%s' is taken for the group '%s'", w->wanted->place.file,
        w->wanted->place.line, written, id);
}

static void add_group(struct requests *requests, const struct catalog *catalog,
    const struct comps_group *group, const struct group_request *wanted)
{
    if (wanted->excluded && strv_has(wanted->excluded, group->id))
        return;
    struct walk w = {.requests = requests, .catalog = catalog, .group = group, .wanted = wanted};
    w.because = wanted->place.line
                    ? xprintf("group %s (%s:%u)", group->id, wanted->place.file, wanted->place.line)
                    : xprintf("group %s", group->id);
    note_group(&w);
    for (size_t i = 0; i < group->n; i++)
        if (is_wanted(&group->packages[i], wanted))
            add_member(&w, &group->packages[i]);
    if (w.n_absent)
        requests_warn(requests, "group '%s': no repository has %s", group->id, w.absent.s);
    if (!strv_has(&requests->groups, group->id))
        strv_arena_add(requests->arena, &requests->groups, group->id);
    strbuf_done(&w.absent);
    free(w.because);
}

bool requests_add_group(
    struct requests *requests, const struct catalog *catalog, const struct group_request *wanted)
{
    const struct comps_group *group = comps_group(catalog_comps(catalog), wanted->name);
    if (group)
        add_group(requests, catalog, group, wanted);
    return group != NULL;
}

static void add_listed(struct requests *requests, const struct catalog *catalog,
    const struct strv *ids, const struct group_request *wanted)
{
    for (size_t i = 0; i < ids->n; i++) {
        struct group_request member = *wanted;
        member.name = ids->v[i];
        if (!requests_add_group(requests, catalog, &member))
            requests_warn(requests, "environment '%s': no repository has its group '%s'",
                wanted->name, ids->v[i]);
    }
}

bool requests_add_environment(
    struct requests *requests, const struct catalog *catalog, const struct group_request *wanted)
{
    const struct comps_environment *environment =
        comps_environment(catalog_comps(catalog), wanted->name);
    if (!environment)
        return false;
    struct group_request members = *wanted;
    members.optional = false;
    add_listed(requests, catalog, &environment->groups, &members);
    if (wanted->optional)
        add_listed(requests, catalog, &environment->options, &members);
    if (!strv_has(&requests->groups, environment->id))
        strv_arena_add(requests->arena, &requests->groups, environment->id);
    return true;
}

void requests_add_default(
    struct requests *requests, const struct catalog *catalog, const struct group_request *from)
{
    const struct comps *comps = catalog_comps(catalog);
    struct group_request wanted = *from;
    if (comps->n_environments) {
        wanted.name = comps->environments[0].id;
        requests_add_environment(requests, catalog, &wanted);
        return;
    }
    for (size_t i = 0; i < comps->n_groups; i++) {
        wanted.name = comps->groups[i].id;
        if (comps->groups[i].is_default && !comps->groups[i].langonly)
            add_group(requests, catalog, &comps->groups[i], &wanted);
    }
}
