/* Why each package of a solution is there: the shortest way from a request down to it, by what
 * packages require first, and what they recommend where nothing requires them. */
#include <string.h>

#include "plan/solv.h"

struct walk {
    struct catalog *catalog;
    struct solution *solution;
    size_t *place; /* of a package in the solution, + 1; 0: not in it */
    size_t *queue; /* places in the order they were reached */
    size_t n;
    bool *reached;
    size_t parent;
    enum plan_reason reason;
};

static void reach(struct walk *w, size_t at)
{
    w->reached[at] = true;
    w->queue[w->n++] = at;
}

static void reach_child(void *data, Id package, Id dep)
{
    struct walk *w = data;
    size_t at = w->place[package];
    if (!at || w->reached[at - 1])
        return;
    struct solved *child = &w->solution->v[at - 1];
    child->reason = w->reason;
    child->parent = w->parent;
    child->dep = arena_strdup(w->solution->arena, pool_dep2str(w->catalog->pool, dep));
    reach(w, at - 1);
}

static void reach_roots(struct walk *w, const struct requests *requests)
{
    for (size_t i = 0; i < requests->n; i++)
        for (size_t k = 0; k < requests->v[i].any_of.n; k++) {
            size_t at = w->place[requests->v[i].any_of.v[k]];
            if (!at || w->reached[at - 1])
                continue;
            w->solution->v[at - 1].reason = requests->v[i].reason;
            w->solution->v[at - 1].request = i;
            reach(w, at - 1);
        }
}

static void reach_by(struct walk *w, size_t parent, Id kind, enum plan_reason reason)
{
    Queue deps;
    queue_init(&deps);
    w->parent = parent;
    w->reason = reason;
    Solvable *s = pool_id2solvable(w->catalog->pool, w->solution->v[parent].id);
    solvable_lookup_deparray(s, kind, &deps, 0);
    for (int i = 0; i < deps.count; i++)
        if (deps.elements[i] != SOLVABLE_PREREQMARKER)
            dep_providers(w->catalog, deps.elements[i], reach_child, w);
    queue_free(&deps);
}

struct supplemented {
    struct walk *walk;
    size_t parent; /* NO_PARENT: not found yet */
    Id dep;
};

static void find_parent(void *data, Id package, Id dep)
{
    struct supplemented *s = data;
    size_t at = s->walk->place[package];
    if (at && s->walk->reached[at - 1] && s->parent == NO_PARENT) {
        s->parent = at - 1;
        s->dep = dep;
    }
}

/* A package that names, itself, what it goes with. */
static void reach_supplements(struct walk *w)
{
    for (size_t i = 0; i < w->solution->n; i++) {
        struct supplemented found = {w, NO_PARENT, 0};
        Queue deps;
        if (w->reached[i])
            continue;
        queue_init(&deps);
        Solvable *s = pool_id2solvable(w->catalog->pool, w->solution->v[i].id);
        solvable_lookup_deparray(s, SOLVABLE_SUPPLEMENTS, &deps, 0);
        for (int k = 0; k < deps.count; k++)
            dep_providers(w->catalog, deps.elements[k], find_parent, &found);
        queue_free(&deps);
        if (found.parent == NO_PARENT)
            continue;
        w->parent = found.parent;
        w->reason = REASON_WEAK;
        reach_child(w, w->solution->v[i].id, found.dep);
        w->solution->v[i].supplements = true;
    }
}

void solution_reason(struct solution *solution, struct catalog *c, const struct requests *requests)
{
    struct walk w = {.catalog = c, .solution = solution};
    auto_free size_t *place = w.place = xcalloc((size_t)c->n_solvables, sizeof *place);
    auto_free size_t *queue = w.queue = xcalloc(solution->n, sizeof *queue);
    auto_free bool *reached = w.reached = xcalloc(solution->n, sizeof *reached);
    for (size_t i = 0; i < solution->n; i++) {
        place[solution->v[i].id] = i + 1;
        solution->v[i].reason = REASON_DEPENDENCY;
    }
    reach_roots(&w, requests);
    size_t done = 0, before;
    do {
        before = w.n;
        for (; done < w.n; done++)
            reach_by(&w, queue[done], SOLVABLE_REQUIRES, REASON_DEPENDENCY);
        for (size_t i = 0, n = w.n; i < n; i++)
            reach_by(&w, queue[i], SOLVABLE_RECOMMENDS, REASON_WEAK);
        if (done == w.n)
            reach_supplements(&w);
    } while (w.n > before || done < w.n);
}
