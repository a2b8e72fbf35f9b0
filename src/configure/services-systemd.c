/* What 'systemctl enable' and 'disable' do, on files: links by the units' [Install] sections. */
#include <string.h>

#include "configure/systemd-unit.h"

struct switching {
    const struct applier *a;
    const struct operation *o;
    struct strv seen; /* Also= may lead in circles */
};

static bool is_link_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

static int link_dependencies(const struct switching *s, const struct unit *unit,
    const struct strv *targets, const char *kind, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < targets->n; i++) {
        auto_free char *target = unit_expand(unit, targets->v[i]);
        auto_free char *path = xprintf(UNIT_CONFIG "/%s.%s/%s", target, kind, unit->name);
        if (is_link_name(target) && !root_has(s->a->root, path))
            r = root_symlink(s->a->root, path, unit->path, err);
    }
    return r;
}

static int link_aliases(const struct switching *s, const struct unit *unit, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < unit->alias.n; i++) {
        auto_free char *alias = unit_expand(unit, unit->alias.v[i]);
        auto_free char *path = xprintf(UNIT_CONFIG "/%s", alias);
        if (is_link_name(alias) && strcmp(alias, unit->name) != 0 && !root_has(s->a->root, path))
            r = root_symlink(s->a->root, path, unit->path, err);
    }
    return r;
}

static bool is_static(const struct unit *unit)
{
    return !unit->alias.n && !unit->wanted_by.n && !unit->required_by.n && !unit->upheld_by.n &&
           !unit->also.n;
}

static int enable(const struct switching *s, struct unit *unit, struct err *err)
{
    if (unit->is_masked || (is_static(unit) && s->seen.n == 1)) {
        apply_warn(s->a, s->o, "services: '%s' %s", unit->name,
            unit->is_masked ? "is masked and stays so"
                            : "can't be enabled: its unit has no [Install] section");
        return 0;
    }
    if (unit->is_template) {
        if (!unit->default_instance) {
            apply_warn(s->a, s->o, "services: '%s' is a template: write the instance after the '@'",
                unit->name);
            return 0;
        }
        const char *at = strchr(unit->name, '@');
        unit->instance = unit->default_instance;
        unit->name = arena_printf(unit->arena, "%.*s%s%s", (int)(at + 1 - unit->name), unit->name,
            unit->instance, at + 1);
    }
    int r = link_dependencies(s, unit, &unit->wanted_by, "wants", err);
    if (r == 0)
        r = link_dependencies(s, unit, &unit->required_by, "requires", err);
    if (r == 0)
        r = link_dependencies(s, unit, &unit->upheld_by, "upholds", err);
    return r < 0 ? r : link_aliases(s, unit, err);
}

/* Whether the link 'name' -> 'target' stands for the unit; a template stands for its instances. */
static bool is_link_to(const struct unit *unit, const char *name, const char *target)
{
    const char *slash = strrchr(target, '/');
    const char *file = slash ? slash + 1 : target, *own = strrchr(unit->path, '/') + 1;
    if (unit->instance)
        return strcmp(name, unit->name) == 0;
    return strcmp(name, unit->name) == 0 || strcmp(file, own) == 0;
}

static int unlink_in(
    const struct switching *s, const struct unit *unit, const char *directory, struct err *err)
{
    auto_strv struct strv names = {0};
    int r = root_list(s->a->root, directory, &names, err);
    for (size_t i = 0; r == 0 && i < names.n; i++) {
        auto_free char *path = xprintf("%s/%s", directory, names.v[i]);
        auto_free char *target = root_readlink(s->a->root, path);
        if (target && strcmp(target, "/dev/null") != 0 && is_link_to(unit, names.v[i], target))
            r = root_remove(s->a->root, path, err);
    }
    return r;
}

static int disable(const struct switching *s, const struct unit *unit, struct err *err)
{
    auto_strv struct strv names = {0};
    int r = root_list(s->a->root, UNIT_CONFIG, &names, err);
    if (r == 0)
        r = unlink_in(s, unit, UNIT_CONFIG, err);
    for (size_t i = 0; r == 0 && i < names.n; i++) {
        if (!str_ends(names.v[i], ".wants") && !str_ends(names.v[i], ".requires") &&
            !str_ends(names.v[i], ".upholds"))
            continue;
        auto_free char *directory = xprintf(UNIT_CONFIG "/%s", names.v[i]);
        r = unlink_in(s, unit, directory, err);
    }
    return r;
}

/* 1 if there is such a unit; those it names by Also= are switched with it. */
static int switch_unit(struct switching *s, const char *name, bool on, struct err *err)
{
    auto_unit struct unit unit = {0};
    auto_free char *owner = NULL;
    int r = unit_read(s->a->root, name, &unit, err);
    if (r == 0)
        r = unit_find_alias(s->a->root, name, &owner, err);
    if (r > 0 && owner) {
        unit_done(&unit);
        r = unit_read(s->a->root, owner, &unit, err);
    }
    if (r <= 0 || strv_has(&s->seen, unit.name))
        return r;
    strv_add(&s->seen, unit.name);
    r = on ? enable(s, &unit, err) : disable(s, &unit, err);
    for (size_t i = 0; r == 0 && i < unit.also.n; i++) {
        auto_free char *also = unit_expand(&unit, unit.also.v[i]);
        r = switch_unit(s, also, on, err) < 0 ? err->code : 0;
    }
    return r < 0 ? r : 1;
}

int systemd_service(const struct applier *a, const struct operation *o, bool on, struct err *err)
{
    static const char *const types[] = {".service", ".socket", ".target", ".timer", ".path",
        ".mount", ".automount", ".swap", ".slice"};
    bool has_type = false;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        has_type = has_type || str_ends(o->name, types[i]);
    auto_free char *name = xprintf("%s%s", o->name, has_type ? "" : ".service");
    struct switching s = {a, o, {0}};
    int r = switch_unit(&s, name, on, err);
    strv_done(&s.seen);
    return r;
}
