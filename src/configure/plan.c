#include <string.h>

#include "configure/parts.h"

struct recipe_place plan_no_place(void)
{
    return (struct recipe_place){NULL, 0};
}

bool plan_is_old(const struct planner *p)
{
    return p->era->init == INIT_SYSV || p->era->init == INIT_UPSTART;
}

char *plan_strdup(struct planner *p, const char *s)
{
    return arena_strdup(p->operations->arena, s);
}

struct operation *plan_operation(struct planner *p, enum operation_kind kind)
{
    struct operations *list = p->operations;
    struct operation *o = arena_push(list->arena, list->v, list->n);
    *o = (struct operation){.kind = kind, .id = -1, .place = p->place};
    return o;
}

struct operation *plan_write(struct planner *p, const char *path, uint32_t mode, const char *text)
{
    struct operation *o = plan_operation(p, OP_WRITE);
    o->path = plan_strdup(p, path);
    o->text = plan_strdup(p, text);
    o->mode = mode;
    return o;
}

struct operation *plan_append(struct planner *p, const char *path, const char *text)
{
    struct operation *o = plan_operation(p, OP_APPEND);
    o->path = plan_strdup(p, path);
    o->text = plan_strdup(p, text);
    return o;
}

struct operation *plan_set(
    struct planner *p, const char *path, const char *key, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    struct operation *o = plan_operation(p, OP_SET);
    o->path = plan_strdup(p, path);
    o->key = plan_strdup(p, key);
    o->text = plan_strdup(p, text);
    return o;
}

struct operation *plan_service(struct planner *p, enum operation_kind kind, const char *name)
{
    struct operation *o = plan_operation(p, kind);
    o->name = plan_strdup(p, name);
    return o;
}

struct operation *plan_run(struct planner *p, const char *const *argv, const struct strv *more)
{
    struct operation *o = plan_operation(p, OP_RUN);
    for (size_t i = 0; argv[i]; i++)
        strv_arena_add(p->operations->arena, &o->argv, argv[i]);
    for (size_t i = 0; more && i < more->n; i++)
        strv_arena_add(p->operations->arena, &o->argv, more->v[i]);
    o->only_if = plan_strdup(p, argv[0]);
    return o;
}

void plan_warn(struct planner *p, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    plan_operation(p, OP_WARN)->text = plan_strdup(p, text);
}

/* Said before anything is built, not when the packages are already installed. */
static int check_scripts(
    const struct recipe *recipe, const struct configure_options *options, struct err *err)
{
    for (size_t i = 0; i < recipe->n_scripts; i++) {
        const struct recipe_script *s = &recipe->scripts[i];
        if (s->kind == SCRIPT_POST && s->nochroot && !options->allow_nochroot) {
            recipe_error(err, s->place, "%%post --nochroot would run outside of the image");
            return err_hint(err, "write it as a %%post that runs inside, or give --allow-nochroot");
        }
    }
    return 0;
}

static int plan_steps(struct planner *p, struct err *err)
{
    plan_storage(p);
    plan_selinux(p);
    plan_timezone(p);
    plan_services(p);
    plan_language(p);
    plan_firewall(p);
    int r = plan_network(p, err);
    if (r < 0)
        return r;
    plan_authentication(p);
    plan_accounts(p);
    plan_firstboot(p);
    plan_target(p);
    plan_addons(p);
    plan_console(p);
    return 0;
}

int configure_plan(const struct recipe *recipe, const struct layout *layout, const struct era *era,
    const struct configure_options *options, struct operations **ret_operations, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct operations *operations = arena_alloc(arena, sizeof *operations);
    operations->arena = arena;
    struct planner p = {recipe, layout, era, options, operations, plan_no_place()};
    int r = check_scripts(recipe, options, err);
    if (r == 0)
        r = plan_steps(&p, err);
    if (r < 0)
        return r;
    *ret_operations = operations;
    arena = NULL;
    return 0;
}

void operations_free(struct operations *operations)
{
    if (operations)
        arena_free(operations->arena);
}
