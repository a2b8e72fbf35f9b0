#include "plan/plan.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "plan/internal.h"
#include "plan/package.h"
#include "plan/solve.h"

static const char *const reasons[] = {
    [REASON_USER] = "user",
    [REASON_GROUP] = "group",
    [REASON_IMPLICIT] = "implicit",
    [REASON_DEPENDENCY] = "dependency",
    [REASON_WEAK] = "weak",
};

const char *plan_reason_name(enum plan_reason reason)
{
    return reasons[reason];
}

int plan_reason_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (strcmp(reasons[i], name) == 0)
            return (int)i;
    return -1;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct era *predict(const struct plan *plan)
{
    struct strv names = {0};
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_package *p = &plan->packages[i];
        auto_free char *name = xprintf("%s-%s-%s", p->name, p->version, p->release);
        strv_add(&names, name);
    }
    struct era *era = era_predict(&names, plan->releasever);
    strv_done(&names);
    return era;
}

void plan_finish(struct plan *plan)
{
    struct strv lines = {0};
    auto_strbuf struct strbuf all = {0};
    plan->download_bytes = plan->installed_bytes = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_package *p = &plan->packages[i];
        auto_free char *line = xprintf("%s:%s\n", p->checksum_type, p->checksum);
        strv_add(&lines, line);
        plan->download_bytes += p->download_bytes;
        plan->installed_bytes += p->installed_bytes;
    }
    if (lines.n)
        qsort(lines.v, lines.n, sizeof *lines.v, compare_lines);
    for (size_t i = 0; i < lines.n; i++)
        strbuf_puts(&all, lines.v[i]);
    digest_sha256(all.s ? all.s : "", all.len, plan->seed);
    strv_done(&lines);
    plan->era = predict(plan);
}

static char *because_of(const struct plan *plan, const struct requests *requests,
    const struct solved *solved, const struct solution *solution, const struct catalog *catalog)
{
    if (solved->request != NO_PARENT)
        return arena_strdup(plan->arena, requests->v[solved->request].because);
    if (solved->parent == NO_PARENT)
        return arena_strdup(plan->arena, "chosen by the solver");
    const char *how = solved->reason == REASON_DEPENDENCY ? "required by"
                      : solved->supplements               ? "supplements"
                                                          : "recommended by";
    return arena_printf(
        plan->arena, "%s %s", how, catalog_name(catalog, solution->v[solved->parent].id));
}

static int add_packages(struct plan *plan, const struct catalog *catalog,
    const struct requests *requests, const struct solution *solution, struct err *err)
{
    plan->n = solution->n;
    plan->packages = arena_alloc(plan->arena, solution->n * sizeof *plan->packages);
    for (size_t i = 0; i < solution->n; i++) {
        const struct solved *solved = &solution->v[i];
        struct plan_package *package = &plan->packages[i];
        int r = package_make(catalog, solved->id, plan->arena, package, err);
        if (r < 0)
            return r;
        int64_t time = package_build_time(catalog, solved->id);
        if (time > plan->newest_build_time)
            plan->newest_build_time = time;
        package->reason = solved->reason;
        package->parent = solved->parent;
        package->dep = arena_strdup(plan->arena, solved->dep);
        package->because = because_of(plan, requests, solved, solution, catalog);
    }
    return 0;
}

static void copy_strings(struct plan *plan, struct strv *to, const struct strv *from)
{
    for (size_t i = 0; i < from->n; i++)
        strv_arena_add(plan->arena, to, from->v[i]);
}

static struct plan *new_plan(const struct recipe *recipe, const struct sources *sources)
{
    struct arena *arena = arena_new();
    struct plan *plan = arena_alloc(arena, sizeof *plan);
    plan->arena = arena;
    plan->releasever = arena_strdup(arena, sources->releasever);
    plan->arch = arena_strdup(arena, sources->arch);
    plan->excludedocs = recipe->packages.excludedocs;
    if (recipe->packages.has_instlangs)
        copy_strings(plan, &plan->langs, &recipe->packages.instlangs);
    else
        strv_arena_add(arena, &plan->langs, "all");
    return plan;
}

int plan_make(const struct recipe *recipe, const struct sources *sources,
    const struct metadata *metadata, size_t n_metadata, const struct plan_options *options,
    struct plan **ret_plan, struct err *err)
{
    auto_cleanup(catalog_free) struct catalog *catalog = NULL;
    auto_cleanup(requests_free) struct requests *requests = NULL;
    auto_cleanup(solution_free) struct solution *solution = NULL;
    struct solve_options solving = {
        .no_weak_deps = recipe->packages.exclude_weakdeps || (options && options->no_weak_deps)};
    int r = catalog_load(sources, metadata, n_metadata, &catalog, err);
    if (r < 0 || (r = requests_make(recipe, sources, options, catalog, &requests, err)) < 0 ||
        (r = solve(catalog, requests, &solving, &solution, err)) < 0)
        return r;
    auto_cleanup(plan_free) struct plan *plan = new_plan(recipe, sources);
    r = add_packages(plan, catalog, requests, solution, err);
    if (r < 0)
        return r;
    copy_strings(plan, &plan->groups, &requests->groups);
    copy_strings(plan, &plan->warnings, catalog_warnings(catalog));
    copy_strings(plan, &plan->warnings, &requests->warnings);
    copy_strings(plan, &plan->warnings, &solution->warnings);
    plan_finish(plan);
    *ret_plan = steal(&plan);
    return 0;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    era_free(plan->era);
    arena_free(plan->arena);
}
