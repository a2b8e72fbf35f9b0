/* plan-case FILE: plan what an inline case says and print what came of it; the exit status is that
 * of slipway. See inline.h. */
#include <string.h>

#include "inline.h"
#include "plan/lock.h"

static int finish(struct err *err)
{
    printf("error %d: %s\n", (int)err->kind, err->message);
    if (err->hint)
        printf("hint: %s\n", err->hint);
    int status = (int)err->kind;
    err_done(err);
    return status;
}

/* Write the lock, read it again, and see that it is the same plan. */
static int check_lock(struct inline_case *c, const struct plan *plan, const struct recipe *recipe,
    const struct sources *sources, struct err *err)
{
    auto_free char *path = xprintf("%s/plan.lock", c->directory);
    auto_cleanup(plan_free) struct plan *locked = NULL;
    int r = plan_lock_write(plan, recipe, sources, path, err);
    if (r == 0)
        r = plan_lock_read(path, recipe, sources, &locked, err);
    if (r < 0)
        return r;
    bool same = locked->n == plan->n && memcmp(locked->seed, plan->seed, sizeof plan->seed) == 0;
    for (size_t i = 0; same && i < plan->n; i++)
        same = strcmp(locked->packages[i].nevra, plan->packages[i].nevra) == 0 &&
               strcmp(locked->packages[i].because, plan->packages[i].because) == 0 &&
               locked->packages[i].parent == plan->packages[i].parent &&
               locked->packages[i].source == plan->packages[i].source;
    printf("the lock is %s\n", same ? "the plan" : "another plan");
    return 0;
}

static int tell(struct inline_case *c, const struct plan *plan, const struct recipe *recipe,
    const struct sources *sources, struct err *err)
{
    const char *name;
    for (size_t i = 0; i < plan->warnings.n; i++)
        printf("warning: %s\n", plan->warnings.v[i]);
    for (size_t i = 0; (name = inline_option(c, "why", i)) != NULL; i++) {
        int r = plan_why(plan, name, stdout, err);
        if (r < 0)
            return r;
    }
    if (inline_option(c, "json", 0))
        plan_print_json(plan, sources, stdout);
    else if (!inline_option(c, "why", 0))
        plan_print(plan, sources, stdout);
    return inline_option(c, "lock", 0) ? check_lock(c, plan, recipe, sources, err) : 0;
}

static int run(struct inline_case *c, struct err *err)
{
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    auto_cleanup(sources_free) struct sources *sources = NULL;
    auto_cleanup(plan_free) struct plan *plan = NULL;
    struct strv add = {0};
    const char *name;
    for (size_t i = 0; (name = inline_option(c, "add", i)) != NULL; i++)
        strv_add(&add, name);
    struct plan_options options = {
        .no_weak_deps = inline_option(c, "no-weak", 0) != NULL, .add = &add};
    int r =
        recipe_parse("in.ks", c->recipe.s ? c->recipe.s : "", c->recipe.len, NULL, &recipe, err);
    if (r == 0)
        r = inline_sources(c, recipe, &sources, err);
    if (r == 0) {
        inline_metadata(c, sources);
        r = plan_make(recipe, sources, c->metadata, sources->n, &options, &plan, err);
    }
    if (r == 0)
        r = tell(c, plan, recipe, sources, err);
    strv_done(&add);
    return r;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct inline_case c;
    if (argc != 2) {
        fprintf(stderr, "usage: plan-case FILE\n");
        return 2;
    }
    inline_read(&c, argv[1]);
    int r = run(&c, &err);
    inline_free(&c);
    return r < 0 ? finish(&err) : 0;
}
