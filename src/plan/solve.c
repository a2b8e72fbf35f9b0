#include "plan/solve.h"

#include <errno.h>
#include <solv/evr.h>
#include <string.h>

#include "plan/solv.h"

bool dep_providers(
    struct catalog *c, Id dep, void (*each)(void *data, Id package, Id dep), void *data)
{
    Pool *pool = c->pool;
    const Reldep *rel = relation_of(pool, dep);
    if (rel && rel->flags >= REL_AND && rel->flags != REL_NAMESPACE && rel->flags != REL_ARCH) {
        bool first = dep_providers(c, rel->name, each, data);
        return dep_providers(c, rel->evr, each, data) && first;
    }
    const Id *providers = pool_whatprovides_ptr(pool, dep);
    bool known = *providers || rel || pool_id2str(pool, dep)[0] != '/';
    for (size_t i = 0; providers[i]; i++)
        if (providers[i] != SYSTEMSOLVABLE)
            each(data, providers[i], dep);
    return known;
}

/* What could come with the requests, to see whether the full file lists are needed for it. */
struct closure {
    Map seen;
    Queue queue;
};

static void closure_add(void *data, Id package, Id dep)
{
    struct closure *closure = data;
    (void)dep;
    if (!MAPTST(&closure->seen, package)) {
        closure->seen.map[package >> 3] |= (unsigned char)(1u << (package & 7));
        queue_push(&closure->queue, package);
    }
}

static bool closure_add_deps(struct catalog *c, struct closure *closure, Id package)
{
    static const Id kinds[] = {SOLVABLE_REQUIRES, SOLVABLE_RECOMMENDS, SOLVABLE_CONFLICTS};
    Queue deps;
    bool known = true;
    queue_init(&deps);
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        solvable_lookup_deparray(pool_id2solvable(c->pool, package), kinds[k], &deps, 0);
        for (int i = 0; i < deps.count; i++)
            if (deps.elements[i] != SOLVABLE_PREREQMARKER)
                known = dep_providers(c, deps.elements[i], closure_add, closure) && known;
    }
    queue_free(&deps);
    return known;
}

static bool needs_filelists(struct catalog *c, const struct requests *requests)
{
    struct closure closure;
    bool known = true;
    if (c->has_filelists)
        return false;
    map_init(&closure.seen, c->pool->nsolvables);
    queue_init(&closure.queue);
    for (size_t i = 0; i < requests->n; i++)
        for (size_t k = 0; k < requests->v[i].any_of.n; k++)
            closure_add(&closure, requests->v[i].any_of.v[k], 0);
    while (known && closure.queue.count)
        known = closure_add_deps(c, &closure, queue_pop(&closure.queue));
    map_free(&closure.seen);
    queue_free(&closure.queue);
    return !known;
}

static void add_job(struct catalog *c, const struct request *request, Queue *jobs)
{
    Queue ids;
    queue_init(&ids);
    for (size_t i = 0; i < request->any_of.n; i++)
        queue_push(&ids, request->any_of.v[i]);
    int how = SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF | (request->optional ? SOLVER_WEAK : 0);
    queue_push2(jobs, how, pool_queuetowhatprovides(c->pool, &ids));
    queue_free(&ids);
}

static Solver *new_solver(struct catalog *c, bool no_weak_deps, bool foreign_archs)
{
    Solver *solver = solver_create(c->pool);
    solver_set_flag(solver, SOLVER_FLAG_KEEP_EXPLICIT_OBSOLETES, 1);
    solver_set_flag(solver, SOLVER_FLAG_BEST_OBEY_POLICY, 1);
    solver_set_flag(solver, SOLVER_FLAG_YUM_OBSOLETES, 1);
    solver_set_flag(solver, SOLVER_FLAG_NO_INFARCHCHECK, foreign_archs);
    solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, no_weak_deps);
    return solver;
}

static int compare_solved(const void *pa, const void *pb, void *data)
{
    const struct catalog *c = data;
    const struct solved *a = pa, *b = pb;
    int order = strcmp(catalog_name(c, a->id), catalog_name(c, b->id));
    if (!order)
        order = strcmp(catalog_arch(c, a->id), catalog_arch(c, b->id));
    if (!order)
        order = strcmp(catalog_version(c, a->id), catalog_version(c, b->id));
    return order ? order : (a->id > b->id) - (a->id < b->id);
}

static struct solution *new_solution(struct catalog *c, Solver *solver)
{
    struct arena *arena = arena_new();
    struct solution *s = arena_alloc(arena, sizeof *s);
    s->arena = arena;
    Queue decisions;
    queue_init(&decisions);
    solver_get_decisionqueue(solver, &decisions);
    for (int i = 0; i < decisions.count; i++) {
        Id id = decisions.elements[i];
        if (id <= SYSTEMSOLVABLE)
            continue;
        *arena_push(arena, s->v, s->n) =
            (struct solved){.id = id, .request = NO_PARENT, .parent = NO_PARENT};
    }
    queue_free(&decisions);
    if (s->n)
        qsort_r(s->v, s->n, sizeof *s->v, compare_solved, c);
    return s;
}

void solution_free(struct solution *solution)
{
    if (solution)
        arena_free(solution->arena);
}

static int solve_once(struct catalog *c, const struct requests *requests, bool no_weak_deps,
    struct solution **ret_solution, struct err *err)
{
    Queue jobs;
    queue_init(&jobs);
    for (size_t i = 0; i < requests->n; i++)
        add_job(c, &requests->v[i], &jobs);
    /* Two architectures of a package only if it can't be done by one. */
    Solver *solver = new_solver(c, no_weak_deps, false);
    int n_problems = solver_solve(solver, &jobs);
    if (n_problems) {
        solver_free(solver);
        solver = new_solver(c, no_weak_deps, true);
        n_problems = solver_solve(solver, &jobs);
    }
    int r = 0;
    if (n_problems == 0) {
        *ret_solution = new_solution(c, solver);
    } else {
        char *hint = NULL;
        auto_free char *text = problem_explain(c, solver, requests, &hint);
        r = err_set(err, ERR_DEPENDENCY, -EINVAL, "%s", text);
        if (hint)
            err_hint(err, "%s", hint);
        free(hint);
    }
    solver_free(solver);
    queue_free(&jobs);
    return r;
}

static bool has_name(const struct catalog *c, const struct solution *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(catalog_name(c, s->v[i].id), name) == 0)
            return true;
    return false;
}

static bool fulfils(const struct solution *s, const struct request *request)
{
    for (size_t i = 0; i < s->n; i++)
        if (ids_have(&request->any_of, s->v[i].id))
            return true;
    return false;
}

/* Conditional members of groups, now that it is known what they depend on. */
static bool add_conditionals(
    const struct catalog *c, struct requests *requests, const struct solution *s)
{
    size_t before = requests->n;
    for (size_t i = 0; i < requests->n_conditionals; i++) {
        const struct conditional *conditional = &requests->conditionals[i];
        if (has_name(c, s, conditional->condition))
            requests_add(requests, &conditional->request, &conditional->request.any_of);
    }
    return requests->n > before;
}

/* Why a request can't be fulfilled by these packages, by asking for them alone. */
static char *why_not(
    struct catalog *c, const struct request *request, const struct ids *ids, bool no_weak_deps)
{
    struct request alone = *request;
    alone.optional = false;
    alone.any_of = *ids;
    const struct requests one = {.v = &alone, .n = 1};
    struct err why = {0};
    auto_cleanup(solution_free) struct solution *unused = NULL;
    if (solve_once(c, &one, no_weak_deps, &unused, &why) == 0)
        return xstrdup("it does not go with other packages of the plan");
    char *text = xstrdup(why.message);
    err_done(&why);
    return text;
}

static void warn_left_out(
    struct catalog *c, const struct requests *requests, bool no_weak_deps, struct solution *s)
{
    for (size_t i = 0; i < requests->n; i++) {
        const struct request *request = &requests->v[i];
        if (!request->optional || fulfils(s, request))
            continue;
        auto_free char *why = why_not(c, request, &request->any_of, no_weak_deps);
        auto_free char *text =
            xprintf("left out '%s' (%s): %s", request->label, request->because, why);
        strv_arena_add(s->arena, &s->warnings, text);
    }
}

/* Of what was asked for, the newest of the same name and architecture as 'chosen', from a
 * repository that does not rank below; 'chosen' itself if that is it. */
static int newest_like(const struct catalog *c, const struct request *request, int chosen)
{
    const Solvable *s = pool_id2solvable(c->pool, chosen);
    int newest = chosen;
    for (size_t i = 0; i < request->any_of.n; i++) {
        const Solvable *other = pool_id2solvable(c->pool, request->any_of.v[i]);
        const Solvable *best = pool_id2solvable(c->pool, newest);
        if (other->name == s->name && other->arch == s->arch &&
            other->repo->priority >= s->repo->priority &&
            pool_evrcmp(c->pool, other->evr, best->evr, EVRCMP_COMPARE) > 0)
            newest = request->any_of.v[i];
    }
    return newest;
}

static void warn_not_newest(
    struct catalog *c, const struct requests *requests, bool no_weak_deps, struct solution *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct solved *solved = &s->v[i];
        if (solved->request == NO_PARENT)
            continue;
        const struct request *request = &requests->v[solved->request];
        int newest = newest_like(c, request, solved->id);
        if (newest == solved->id)
            continue;
        const struct ids one = {&newest, 1};
        auto_free char *why = why_not(c, request, &one, no_weak_deps);
        auto_free char *text =
            xprintf("'%s' is %s and not the newer %s: %s", catalog_name(c, solved->id),
                catalog_version(c, solved->id), catalog_version(c, newest), why);
        strv_arena_add(s->arena, &s->warnings, text);
    }
}

int solve(struct catalog *c, struct requests *requests, const struct solve_options *options,
    struct solution **ret_solution, struct err *err)
{
    auto_cleanup(solution_free) struct solution *s = NULL;
    catalog_prepare(c);
    do {
        int r = needs_filelists(c, requests) ? catalog_load_filelists(c, err) : 0;
        solution_free(steal(&s));
        if (r < 0 || (r = solve_once(c, requests, options->no_weak_deps, &s, err)) < 0)
            return r;
    } while (add_conditionals(c, requests, s));
    solution_reason(s, c, requests);
    warn_left_out(c, requests, options->no_weak_deps, s);
    warn_not_newest(c, requests, options->no_weak_deps, s);
    *ret_solution = steal(&s);
    return 0;
}
