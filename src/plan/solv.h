/* The catalog's inside, for the files that talk to libsolv: catalog.c, lookup.c, solve.c,
 * problem.c, reasons.c and package.c. */
#pragma once

#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/solver.h>

#include "plan/catalog.h"

struct catalog {
    struct arena *arena;
    Pool *pool;
    const struct sources *sources;
    const struct metadata *metadata;
    size_t n_metadata;
    Repo **repos; /* as metadata */
    struct comps *comps;
    struct ids index;       /* packages that run here, by name, newest first */
    const char **names;     /* of index, one by one */
    const char **exclusion; /* by package; NULL: may be installed */
    int n_solvables;
    bool has_filelists;
    struct strv warnings;
};

/* A relation such as 'a >= 1', or NULL for a plain name (libsolv's macros mix signs). */
static inline const Reldep *relation_of(const Pool *pool, Id dep)
{
    return dep < 0 ? &pool->rels[(unsigned)dep & 0x7fffffffu] : NULL;
}

/* Give the pool what it needs before it is asked or solved: file and other provides, and which
 * packages are excluded. */
void catalog_prepare(struct catalog *catalog);
int catalog_load_filelists(struct catalog *catalog, struct err *err);

#include "plan/solve.h"

/* Call 'each' for every package that may fulfil 'dep', and for those of the parts of a rich one.
 * Returns false if a part is a file that nothing is known to have. */
bool dep_providers(
    struct catalog *catalog, Id dep, void (*each)(void *data, Id package, Id dep), void *data);

/* reasons.c: give every package of the solution its reason and parent. */
void solution_reason(
    struct solution *solution, struct catalog *catalog, const struct requests *requests);

/* problem.c: the solver's first problems as a sentence, and what to do (may be NULL). Jobs are the
 * requests, one by one. The caller frees both. */
char *problem_explain(
    struct catalog *catalog, Solver *solver, const struct requests *requests, char **ret_hint);
