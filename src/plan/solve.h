/*
 * Solving requests: which packages fulfil them together, and why each is there.
 * Errors: ERR_DEPENDENCY, explained in a sentence; ERR_NETWORK if file lists can't be read.
 */
#pragma once

#include "plan/request.h"

#define NO_PARENT SIZE_MAX

struct solved {
    int id;
    enum plan_reason reason;
    size_t request;   /* index of the request it fulfils, or NO_PARENT */
    size_t parent;    /* index in the solution of what required it, or NO_PARENT */
    char *dep;        /* what the parent required: "libc.so.6()(64bit)" */
    bool supplements; /* it is this one that names the parent */
};

struct solution {
    struct arena *arena;
    struct solved *v; /* sorted by name, architecture, version */
    size_t n;
    struct strv warnings;
};

struct solve_options {
    bool no_weak_deps;
};

/* Conditional requests whose condition came true are added to 'requests'. */
int solve(struct catalog *catalog, struct requests *requests, const struct solve_options *options,
    struct solution **ret_solution, struct err *err);
void solution_free(struct solution *solution);
DEFINE_CLEANUP(struct solution *, solution_free)
