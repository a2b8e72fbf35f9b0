/* What the solver could not do, as a sentence for people. */
#include <solv/evr.h>
#include <string.h>

#include "plan/solv.h"

#define MAX_CHAIN 5
#define MAX_TOLD 3

struct rule {
    SolverRuleinfo type;
    Id source, target, dep;
};

struct problem {
    struct catalog *catalog;
    const struct requests *requests;
    struct rule *rules;
    size_t n;
    struct strbuf text, hint;
};

static void gather(struct problem *p, Solver *solver, Id problem)
{
    Queue rules, infos;
    queue_init(&rules);
    queue_init(&infos);
    solver_findallproblemrules(solver, problem, &rules);
    for (int i = 0; i < rules.count; i++) {
        queue_empty(&infos);
        solver_allruleinfos(solver, rules.elements[i], &infos);
        for (int k = 0; k + 3 < infos.count; k += 4)
            *array_push(p->rules, p->n) = (struct rule){(SolverRuleinfo)infos.elements[k],
                infos.elements[k + 1], infos.elements[k + 2], infos.elements[k + 3]};
    }
    queue_free(&rules);
    queue_free(&infos);
}

static const struct request *request_of(const struct problem *p, Id package)
{
    for (size_t i = 0; i < p->requests->n; i++)
        if (ids_have(&p->requests->v[i].any_of, package))
            return &p->requests->v[i];
    return NULL;
}

struct search {
    Id wanted;
    bool found;
};

static void see(void *data, Id package, Id dep)
{
    struct search *search = data;
    (void)dep;
    search->found = search->found || package == search->wanted;
}

/* The packages of the problem that require 'package', up to one that was asked for. Returns how
 * many there are in 'chain', the package itself first. */
static size_t chain_of(const struct problem *p, Id package, Id chain[MAX_CHAIN])
{
    size_t n = 0;
    chain[n++] = package;
    while (n < MAX_CHAIN && !request_of(p, chain[n - 1])) {
        Id parent = 0;
        for (size_t i = 0; i < p->n && !parent; i++) {
            const struct rule *rule = &p->rules[i];
            struct search search = {chain[n - 1], false};
            if (rule->type != SOLVER_RULE_PKG_REQUIRES || rule->source == chain[n - 1])
                continue;
            dep_providers(p->catalog, rule->dep, see, &search);
            if (search.found)
                parent = rule->source;
        }
        if (!parent)
            break;
        chain[n++] = parent;
    }
    return n;
}

/* "package 'a-1-1.noarch' (lab.ks:12)", or with the way it came in; then the sentence goes on. */
static void tell_package(struct problem *p, Id package, bool goes_on)
{
    Id chain[MAX_CHAIN];
    size_t n = chain_of(p, package, chain);
    auto_free char *nevra = catalog_nevra(p->catalog, package);
    strbuf_printf(&p->text, "package '%s'", nevra);
    for (size_t i = 1; i < n; i++)
        strbuf_printf(&p->text, ", required by '%s'", catalog_name(p->catalog, chain[i]));
    const struct request *request = request_of(p, chain[n - 1]);
    if (request)
        strbuf_printf(&p->text, " (%s)%s", request->because, n > 1 && goes_on ? "," : "");
}

static size_t rank(const struct problem *p, const struct rule *rule)
{
    Id chain[MAX_CHAIN];
    size_t place = 0;
    while (place < p->catalog->index.n && p->catalog->index.v[place] != rule->source)
        place++;
    return chain_of(p, rule->source, chain) * (p->catalog->index.n + 1) + place;
}

/* The rule of that type that is nearest to a request; of versions, the newest. */
static const struct rule *nearest_rule(const struct problem *p, SolverRuleinfo type)
{
    const struct rule *best = NULL;
    for (size_t i = 0; i < p->n; i++)
        if (p->rules[i].type == type && (!best || rank(p, &p->rules[i]) < rank(p, best)))
            best = &p->rules[i];
    return best;
}

static const char *relation_name(Pool *pool, Id dep)
{
    for (const Reldep *rel; (rel = relation_of(pool, dep)) != NULL;)
        dep = rel->name;
    return pool_id2str(pool, dep);
}

/* A package whose requirement can only be met by an excluded one. */
static bool tell_exclusion(struct problem *p)
{
    struct catalog *c = p->catalog;
    for (size_t i = 0; i < p->n; i++) {
        Id gone = p->rules[i].source;
        const char *clause =
            p->rules[i].type == SOLVER_RULE_PKG_NOT_INSTALLABLE ? c->exclusion[gone] : NULL;
        for (size_t k = 0; clause && k < p->n; k++) {
            const struct rule *rule = &p->rules[k];
            struct search search = {gone, false};
            if (rule->type == SOLVER_RULE_PKG_REQUIRES)
                dep_providers(c, rule->dep, see, &search);
            if (!search.found)
                continue;
            const char *dep = pool_dep2str(c->pool, rule->dep), *name = catalog_name(c, gone);
            tell_package(p, rule->source, true);
            strbuf_printf(&p->text, " requires '%s', ", dep);
            if (strcmp(relation_name(c->pool, rule->dep), name) == 0)
                strbuf_printf(&p->text, "which %s", clause);
            else
                strbuf_printf(&p->text, "which is in '%s', which %s", name, clause);
            strbuf_printf(
                &p->hint, "take the exclusion of '%s' out, or leave out what requires it", name);
            return true;
        }
    }
    return false;
}

static bool tell_nothing_provides(struct problem *p)
{
    struct catalog *c = p->catalog;
    const struct rule *rule = nearest_rule(p, SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP);
    if (!rule)
        return false;
    const char *name = relation_name(c->pool, rule->dep);
    tell_package(p, rule->source, true);
    strbuf_printf(
        &p->text, " requires '%s', which no repository has", pool_dep2str(c->pool, rule->dep));
    auto_ids struct ids others = {0};
    catalog_by_name(c, name, &others);
    auto_free char *archs = others.n ? NULL : catalog_foreign_archs(c, name);
    if (others.n)
        strbuf_printf(&p->text, " (there is '%s' %s in '%s')", name,
            catalog_version(c, others.v[0]), c->sources->v[catalog_source(c, others.v[0])].name);
    else if (archs)
        strbuf_printf(&p->text, " for %s (only for %s)", c->sources->arch, archs);
    strbuf_printf(&p->hint, "add a repository that has it (--repo NAME=URL), or leave '%s' out",
        catalog_name(c, rule->source));
    return true;
}

static bool tell_pair(struct problem *p, SolverRuleinfo type, const char *verb)
{
    const struct rule *rule = nearest_rule(p, type);
    if (!rule || !rule->source || !rule->target)
        return false;
    tell_package(p, rule->source, true);
    const char *dep = rule->dep ? pool_dep2str(p->catalog->pool, rule->dep) : NULL;
    strbuf_printf(&p->text, " %s ", verb);
    if (dep && strcmp(dep, catalog_name(p->catalog, rule->target)) != 0)
        strbuf_printf(&p->text, "'%s', which is ", dep);
    tell_package(p, rule->target, false);
    strbuf_printf(&p->hint, "ask for one of them only; '-%s' in %%packages excludes it",
        catalog_name(p->catalog, rule->target));
    return true;
}

static bool tell_same_name(struct problem *p)
{
    const struct rule *rule = nearest_rule(p, SOLVER_RULE_PKG_SAME_NAME);
    if (!rule || !rule->source || !rule->target)
        return false;
    tell_package(p, rule->source, true);
    strbuf_puts(&p->text, " and ");
    tell_package(p, rule->target, true);
    strbuf_puts(&p->text, " can't both be installed: they are versions of one package");
    return true;
}

static void tell_anything(struct problem *p, Solver *solver, Id problem)
{
    Id source, target, dep;
    Id rule = solver_findproblemrule(solver, problem);
    SolverRuleinfo type = solver_ruleinfo(solver, rule, &source, &target, &dep);
    strbuf_puts(&p->text, solver_problemruleinfo2str(solver, type, source, target, dep));
}

static void tell(struct problem *p, Solver *solver, Id problem)
{
    gather(p, solver, problem);
    bool told = tell_exclusion(p) || tell_nothing_provides(p) ||
                tell_pair(p, SOLVER_RULE_PKG_CONFLICTS, "conflicts with") ||
                tell_pair(p, SOLVER_RULE_PKG_OBSOLETES, "replaces") ||
                tell_pair(p, SOLVER_RULE_YUMOBS, "replaces") || tell_same_name(p) ||
                tell_pair(p, SOLVER_RULE_PKG_IMPLICIT_OBSOLETES, "replaces");
    if (!told)
        tell_anything(p, solver, problem);
    free(steal(&p->rules));
    p->n = 0;
}

/* The cure is the cause: problems with the same hint are one to the reader. */
static bool is_told(const struct strv *hints, const struct strbuf *hint)
{
    return hint->len && strv_has(hints, hint->s);
}

char *problem_explain(
    struct catalog *c, Solver *solver, const struct requests *requests, char **ret_hint)
{
    auto_strbuf struct strbuf all = {0};
    struct strv hints = {0};
    size_t n_told = 0, n_more = 0;
    for (Id problem = 0; (problem = solver_next_problem(solver, problem)) != 0;) {
        struct problem p = {.catalog = c, .requests = requests};
        tell(&p, solver, problem);
        if (n_told == MAX_TOLD || is_told(&hints, &p.hint)) {
            n_more++;
        } else {
            strbuf_printf(&all, "%s%s", n_told++ ? "; and " : "", p.text.s);
            strv_add(&hints, p.hint.len ? p.hint.s : "");
        }
        strbuf_done(&p.text);
        strbuf_done(&p.hint);
    }
    if (n_more)
        strbuf_printf(&all, "; and %zu more like %s", n_more, n_told > 1 ? "these" : "this");
    *ret_hint = hints.n && *hints.v[0] ? xstrdup(hints.v[0]) : NULL;
    strv_done(&hints);
    return strbuf_steal(&all);
}
