/*
 * What a recipe asks for, as packages of the catalog: each request is a list of packages of which
 * one is to be installed, with the reason and the place.
 *
 * Errors: ERR_RECIPE for a package, group or environment that no repository has, naming all of
 * them with place and nearest names (with --ignoremissing: warnings).
 */
#pragma once

#include "plan/catalog.h"
#include "plan/plan.h"

struct request {
    char *label;       /* a package's name */
    struct ids any_of; /* in the requests' arena */
    enum plan_reason reason;
    char *because; /* for people: "lab.ks:12", "group core (lab.ks:3)" */
    struct recipe_place place;
    bool optional; /* left out, with a warning, when it can't be installed */
};

/* A package that a group has only beside another one. */
struct conditional {
    struct request request;
    char *condition;
};

struct requests {
    struct arena *arena;
    struct request *v;
    size_t n;
    struct conditional *conditionals;
    size_t n_conditionals;
    struct strv groups; /* ids of groups and environments, in order */
    struct strv warnings;
};

/* Excludes packages of the catalog, by the recipe's '-name' lines, on the way. */
int requests_make(const struct recipe *recipe, const struct sources *sources,
    const struct plan_options *options, struct catalog *catalog, struct requests **ret_requests,
    struct err *err);
void requests_free(struct requests *requests);
DEFINE_CLEANUP(struct requests *, requests_free)

/* Add one, unless a package of that name is asked for already. */
void requests_add(
    struct requests *requests, const struct request *request, const struct ids *any_of);
bool requests_have(const struct requests *requests, const char *label);
void requests_warn(struct requests *requests, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* groups.c: a group's or environment's packages. */
struct group_request {
    const char *name; /* as written */
    struct recipe_place place;
    bool nodefaults, optional;
    const struct strv *excluded; /* ids of groups that are not wanted */
};
/* False where no repository has it. */
bool requests_add_group(
    struct requests *requests, const struct catalog *catalog, const struct group_request *group);
bool requests_add_environment(struct requests *requests, const struct catalog *catalog,
    const struct group_request *environment);
/* %packages --default: the first environment, else the groups marked as default. */
void requests_add_default(
    struct requests *requests, const struct catalog *catalog, const struct group_request *from);

/* implicit.c: what a recipe need not say. */
struct release {
    unsigned major; /* 0: not known */
    bool is_fedora;
};
struct release release_of(
    const struct recipe *recipe, const struct sources *sources, const struct catalog *catalog);
/* EL5, EL6 and the Fedoras of their time: @base is chosen, and nobody knew of chrony. */
bool release_is_old(struct release release);
void requests_add_implicit(struct requests *requests, const struct recipe *recipe,
    const struct sources *sources, const struct catalog *catalog);
