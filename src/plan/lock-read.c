/* Reading a lock: nothing in it is believed before it was looked at. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "plan/internal.h"
#include "plan/json.h"
#include "plan/lock.h"

#define MAX_LOCK_BYTES ((size_t)64 << 20)
#define MAX_PACKAGES 100000

struct reader {
    const char *name; /* of the file */
    const struct recipe *recipe;
    const struct sources *sources;
    struct plan *plan;
    struct err *err;
    char where[64]; /* "packages[3]." in front of a key */
};

static int fault(struct reader *r, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fault(struct reader *r, const char *key, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    return err_set(r->err, ERR_USAGE, -EBADMSG, "%s: %s%s: %s", r->name, r->where, key, text);
}

static int get_text(struct reader *r, json_t *object, const char *key, bool optional, char **ret)
{
    const json_t *value = json_object_get(object, key);
    if (optional && (!value || json_is_null(value)))
        return 0;
    if (!value)
        return fault(r, key, "is missing");
    if (!json_is_string(value))
        return fault(r, key, "is not a text");
    if (strlen(json_string_value(value)) != json_string_length(value))
        return fault(r, key, "has a NUL in it");
    *ret = arena_strdup(r->plan->arena, json_string_value(value));
    return 0;
}

static int get_number(struct reader *r, json_t *object, const char *key, uint64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return fault(r, key, "is missing");
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return fault(r, key, "is not a whole number from 0");
    *ret = (uint64_t)json_integer_value(value);
    return 0;
}

static int get_strings(struct reader *r, json_t *object, const char *key, struct strv *ret)
{
    const json_t *array = json_object_get(object, key);
    if (!array)
        return fault(r, key, "is missing");
    if (!json_is_array(array))
        return fault(r, key, "is not a list");
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
            return fault(r, key, "element %zu is not a text", i);
        strv_arena_add(r->plan->arena, ret, json_string_value(value));
    }
    return 0;
}

static int get_source(struct reader *r, json_t *object, struct plan_package *p)
{
    char *name = NULL;
    int result = get_text(r, object, "repository", false, &name);
    if (result < 0)
        return result;
    for (size_t i = 0; i < r->sources->n; i++)
        if (strcmp(r->sources->v[i].name, name) == 0) {
            p->source = i;
            return 0;
        }
    result = fault(r, "repository", "'%s' is none of this recipe's", name);
    err_hint(r->err, "give it by --repo %s=URL", name);
    return result;
}

static int get_checksum(struct reader *r, json_t *object, struct plan_package *p)
{
    char *both = NULL;
    int result = get_text(r, object, "checksum", false, &both);
    if (result < 0)
        return result;
    char *colon = strchr(both, ':');
    if (!colon)
        return fault(r, "checksum", "'%s' is not TYPE:HEX", both);
    *colon = '\0';
    p->checksum_type = both;
    p->checksum = colon + 1;
    return 0;
}

static int get_reason(struct reader *r, json_t *object, size_t n, struct plan_package *p)
{
    char *reason = NULL;
    int result = get_text(r, object, "reason", false, &reason);
    if (result < 0)
        return result;
    int value = plan_reason_of(reason);
    if (value < 0)
        return fault(r, "reason", "'%s' is none", reason);
    p->reason = (enum plan_reason)value;
    p->parent = PLAN_NO_PARENT;
    if ((result = get_text(r, object, "because", false, &p->because)) < 0 ||
        !json_object_get(object, "parent"))
        return result;
    uint64_t parent;
    if ((result = get_number(r, object, "parent", &parent)) < 0)
        return result;
    if (parent >= n)
        return fault(r, "parent", "there is no package %llu", (unsigned long long)parent);
    p->parent = (size_t)parent;
    return get_text(r, object, "dependency", true, &p->dep);
}

static int get_package(struct reader *r, json_t *object, size_t n, struct plan_package *p)
{
    int x;
    if (!json_is_object(object))
        return fault(r, "", "is not an object");
    if ((x = get_text(r, object, "name", false, &p->name)) < 0 ||
        (x = get_number(r, object, "epoch", &p->epoch)) < 0 ||
        (x = get_text(r, object, "version", false, &p->version)) < 0 ||
        (x = get_text(r, object, "release", false, &p->release)) < 0 ||
        (x = get_text(r, object, "arch", false, &p->arch)) < 0 ||
        (x = get_source(r, object, p)) < 0 ||
        (x = get_text(r, object, "location", false, &p->location)) < 0 ||
        (x = get_text(r, object, "base", true, &p->base)) < 0 ||
        (x = get_checksum(r, object, p)) < 0 ||
        (x = get_number(r, object, "download_bytes", &p->download_bytes)) < 0 ||
        (x = get_number(r, object, "installed_bytes", &p->installed_bytes)) < 0 ||
        (x = get_reason(r, object, n, p)) < 0)
        return x;
    auto_free char *epoch = p->epoch ? xprintf("%llu:", (unsigned long long)p->epoch) : xstrdup("");
    p->nevra = arena_printf(
        r->plan->arena, "%s-%s%s-%s.%s", p->name, epoch, p->version, p->release, p->arch);
    const char *why = package_fault(p);
    return why ? fault(r, p->name, "%s", why) : 0;
}

static int get_packages(struct reader *r, json_t *root)
{
    const json_t *array = json_object_get(root, "packages");
    if (!json_is_array(array))
        return fault(r, "packages", array ? "is not a list" : "is missing");
    size_t n = json_array_size(array);
    if (n > MAX_PACKAGES)
        return fault(r, "packages", "more than %d of them", MAX_PACKAGES);
    r->plan->packages = arena_alloc(r->plan->arena, n * sizeof *r->plan->packages);
    r->plan->n = n;
    for (size_t i = 0; i < n; i++) {
        struct plan_package *p = &r->plan->packages[i];
        snprintf(r->where, sizeof r->where, "packages[%zu].", i);
        int result = get_package(r, json_array_get(array, i), n, p);
        if (result < 0)
            return result;
        if (i && strcmp(p[-1].nevra, p->nevra) == 0)
            return fault(r, "name", "'%s' is there twice", p->nevra);
    }
    r->where[0] = '\0';
    return 0;
}

static int changed_recipe(struct reader *r, struct recipe_place place, const char *text)
{
    int result = plan_error(r->err, ERR_RECIPE, place, "%s", text);
    err_hint(r->err, "make the lock again by 'slipway plan RECIPE --lock %s'", r->name);
    return result;
}

/* The recipe must ask for what was locked; tell the first line that differs. */
static int compare_recipe(struct reader *r, const struct strv *locked, const struct strv *asked)
{
    const struct recipe_packages *packages = &r->recipe->packages;
    for (size_t i = 0; i < packages->n; i++) {
        auto_free char *line = lock_line(&packages->items[i]);
        auto_free char *text = xprintf("'%s' is not what '%s' was made from", line, r->name);
        if (!strv_has(locked, line))
            return changed_recipe(r, packages->items[i].place, text);
    }
    for (size_t i = 0; i < asked->n; i++) {
        auto_free char *text =
            xprintf("%%packages: '%s' is not what '%s' was made from", asked->v[i], r->name);
        if (!strv_has(locked, asked->v[i]))
            return changed_recipe(r, packages->place, text);
    }
    for (size_t i = 0; i < locked->n; i++) {
        auto_free char *text = xprintf("%%packages: '%s' was made from a recipe with '%s', and it "
                                       "is no longer there",
            r->name, locked->v[i]);
        if (!strv_has(asked, locked->v[i]))
            return changed_recipe(r, packages->place, text);
    }
    return 0;
}

static int check_recipe(struct reader *r, json_t *root)
{
    json_t *recipe = json_object_get(root, "recipe");
    struct strv locked = {0}, asked = {0};
    char *digest = NULL;
    if (!json_is_object(recipe))
        return fault(r, "recipe", recipe ? "is not an object" : "is missing");
    snprintf(r->where, sizeof r->where, "recipe.");
    int result = get_text(r, recipe, "packages_sha256", false, &digest);
    if (result == 0)
        result = get_strings(r, recipe, "packages", &locked);
    r->where[0] = '\0';
    if (result < 0)
        return result;
    lock_lines(r->recipe, &asked);
    auto_free char *own = lock_digest(&asked);
    if (strcmp(own, digest) != 0) {
        result = compare_recipe(r, &locked, &asked);
        if (result == 0)
            result = fault(r, "recipe.packages_sha256", "does not fit recipe.packages");
    }
    strv_done(&asked);
    return result;
}

static int check_format(struct reader *r, json_t *root)
{
    char *format = NULL;
    uint64_t version;
    int result = get_text(r, root, "format", false, &format);
    if (result < 0)
        return result;
    if (strcmp(format, LOCK_FORMAT) != 0)
        return fault(r, "format", "is '%s', not '%s'", format, LOCK_FORMAT);
    if ((result = get_number(r, root, "version", &version)) < 0)
        return result;
    if (version != LOCK_VERSION)
        return fault(r, "version", "is %llu; this program reads %d", (unsigned long long)version,
            LOCK_VERSION);
    return 0;
}

static int get_machine(struct reader *r, json_t *root)
{
    struct plan *plan = r->plan;
    int result = get_text(r, root, "arch", false, &plan->arch);
    if (result == 0)
        result = get_text(r, root, "releasever", true, &plan->releasever);
    if (result < 0)
        return result;
    if (strcmp(plan->arch, r->sources->arch) != 0)
        return fault(r, "arch", "the lock is for %s, and this build is for %s", plan->arch,
            r->sources->arch);
    const char *wanted = r->sources->releasever;
    if (wanted && plan->releasever && strcmp(wanted, plan->releasever) != 0)
        return fault(r, "releasever", "the lock is for %s, and this build is for %s",
            plan->releasever, wanted);
    return 0;
}

static int get_all(struct reader *r, json_t *root)
{
    struct plan *plan = r->plan;
    int x;
    if ((x = check_format(r, root)) < 0 || (x = get_machine(r, root)) < 0 ||
        (x = check_recipe(r, root)) < 0 ||
        (x = get_strings(r, root, "groups", &plan->groups)) < 0 ||
        (x = get_strings(r, root, "langs", &plan->langs)) < 0)
        return x;
    uint64_t time;
    if ((x = get_number(r, root, "newest_build_time", &time)) < 0)
        return x;
    plan->newest_build_time = time <= UINT32_MAX ? (int64_t)time : 0;
    const json_t *excludedocs = json_object_get(root, "excludedocs");
    if (!json_is_boolean(excludedocs))
        return fault(r, "excludedocs", "is neither true nor false");
    plan->excludedocs = json_is_true(excludedocs);
    return get_packages(r, root);
}

int plan_lock_parse(const char *name, const char *text, size_t size, const struct recipe *recipe,
    const struct sources *sources, struct plan **ret_plan, struct err *err)
{
    json_error_t where;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return err_set(
            err, ERR_USAGE, -EBADMSG, "%s:%d: not JSON: %s", name, where.line, where.text);
    struct arena *arena = arena_new();
    auto_cleanup(plan_free) struct plan *plan = arena_alloc(arena, sizeof *plan);
    plan->arena = arena;
    plan->locked_from = arena_strdup(arena, name);
    struct reader r = {
        .name = name, .recipe = recipe, .sources = sources, .plan = plan, .err = err};
    int result = json_is_object(root) ? get_all(&r, root) : fault(&r, "", "not an object");
    json_decref(root);
    if (result < 0)
        return result;
    plan_finish(plan);
    *ret_plan = steal(&plan);
    return 0;
}

int plan_lock_read(const char *path, const struct recipe *recipe, const struct sources *sources,
    struct plan **ret_plan, struct err *err)
{
    auto_free char *text = NULL;
    size_t size = 0;
    int r = file_read(path, MAX_LOCK_BYTES, &text, &size);
    if (r < 0) {
        r = err_code(err, r, "cannot read lock '%s'", path);
        if (r == -ENOENT)
            err_hint(err, "make it by 'slipway plan RECIPE --lock %s'", path);
        return r;
    }
    return plan_lock_parse(path, text, size, recipe, sources, ret_plan, err);
}
