#include "initrd/drivers.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "initrd/compression.h"
#include "initrd/module_info.h"

#define MODULE_MAX_BYTES ((size_t)128 << 20)
#define TEXT_MAX_BYTES ((size_t)32 << 20)

enum visit { NOT_VISITED, VISITING, VISITED };

struct module {
    char *name; /* with '_' for '-', as modules call each other */
    char *file_name;
    const struct tree_node *node;
    enum visit visit;
};

struct drivers {
    struct arena *arena;
    const struct tree *tree;
    const char *directory;
    struct module *modules; /* sorted by name */
    size_t n_modules;
    char *builtin, *alias, *config; /* texts of modules.builtin and so on; "" if not there */
    struct driver *picked;
    size_t n_picked;
};

static char *normalize(struct arena *arena, const char *name, size_t n)
{
    char *copy = arena_strndup(arena, name, n);
    for (char *p = copy; *p; p++)
        if (*p == '-')
            *p = '_';
    return copy;
}

/* Length of the module's name in "virtio_blk.ko.xz"; 0: no module. */
static size_t module_name_length(const char *file_name)
{
    static const char *const endings[] = {".ko", ".ko.gz", ".ko.xz", ".ko.zst"};
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
        if (str_ends(file_name, endings[i]))
            return strlen(file_name) - strlen(endings[i]);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct module *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order)
        return order;
    /* Of two of a name depmod takes that in updates/. */
    bool x_update = strstr(x->node->path, "/updates/"),
         y_update = strstr(y->node->path, "/updates/");
    return x_update != y_update ? y_update - x_update : strcmp(x->node->path, y->node->path);
}

static void index_modules(struct drivers *d, const struct tree_node *directory)
{
    for (size_t i = (size_t)(directory - d->tree->nodes) + 1; i < directory->end; i++) {
        const struct tree_node *node = &d->tree->nodes[i];
        size_t n = module_name_length(node->name);
        const struct tree_node *file = n ? tree_resolve(d->tree, node->path) : NULL;
        if (!file || !S_ISREG(file->mode))
            continue;
        struct module *module = array_push(d->modules, d->n_modules);
        module->name = normalize(d->arena, node->name, n);
        module->file_name = arena_strndup(d->arena, node->name, n);
        module->node = file;
    }
    if (d->n_modules)
        qsort(d->modules, d->n_modules, sizeof *d->modules, by_name);
}

/* A text that may be missing. */
static int read_text(struct drivers *d, const char *path, char **ret, struct err *err)
{
    const struct tree_node *node = tree_resolve(d->tree, path);
    auto_free char *data = NULL;
    size_t size = 0;
    if (node && S_ISREG(node->mode)) {
        int r = tree_read(d->tree, node, TEXT_MAX_BYTES, &data, &size, err);
        if (r < 0)
            return r;
    }
    *ret = arena_strndup(d->arena, data ? data : "", data ? size : 0);
    return 0;
}

static int read_tables(struct drivers *d, const char *release, struct err *err)
{
    const struct {
        const char *path;
        char **text;
    } tables[] = {
        {arena_printf(d->arena, "%s/modules.builtin", d->directory), &d->builtin},
        {arena_printf(d->arena, "%s/modules.alias", d->directory), &d->alias},
        {arena_printf(d->arena, "/boot/config-%s", release), &d->config},
    };
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        int r = read_text(d, tables[i].path, tables[i].text, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int drivers_open(const struct tree *tree, const struct era_kernel *kernel,
    struct drivers **ret_drivers, struct err *err)
{
    const struct tree_node *directory = tree_resolve(tree, kernel->modules);
    if (!directory || !S_ISDIR(directory->mode))
        return err_set(err, ERR_CHECK, -ENOENT, "kernel %s has no modules: '%s' is not there",
            kernel->release, kernel->modules);
    auto_cleanup(drivers_free) struct drivers *d = xcalloc(1, sizeof *d);
    d->arena = arena_new();
    d->tree = tree;
    d->directory = arena_strdup(d->arena, directory->path);
    int r = read_tables(d, kernel->release, err);
    if (r < 0)
        return r;
    index_modules(d, directory);
    *ret_drivers = steal(&d);
    return 0;
}

void drivers_free(struct drivers *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_picked; i++)
        free((void *)(uintptr_t)d->picked[i].bytes);
    free(d->picked);
    free(d->modules);
    arena_free(d->arena);
    free(d);
}

static struct module *find_module(const struct drivers *d, const char *name)
{
    const char *wanted = normalize(d->arena, name, strlen(name));
    size_t low = 0, high = d->n_modules;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(d->modules[middle].name, wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < d->n_modules && strcmp(d->modules[low].name, wanted) == 0;
    return found ? &d->modules[low] : NULL;
}

bool drivers_has_module(const struct drivers *d, const char *name)
{
    return find_module(d, name);
}

/* Names are the same whichever of '-' and '_' stands in them. */
static bool is_name(const char *s, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != name[i] && !(strchr("-_", s[i]) && name[i] && strchr("-_", name[i])))
            return false;
    return !name[n];
}

/* Is there a line of modules.builtin ("kernel/fs/ext4/ext4.ko") for this module? */
static bool is_listed_builtin(const struct drivers *d, const char *name)
{
    for (const char *line = d->builtin; *line;) {
        size_t n = strcspn(line, "\n");
        const char *file = line;
        for (size_t i = 0; i < n; i++)
            if (line[i] == '/')
                file = line + i + 1;
        if (is_name(file, strcspn(file, ".\n"), name))
            return true;
        line += n + (line[n] == '\n');
    }
    return false;
}

bool drivers_has_builtin(const struct drivers *d, const char *name, const char *config)
{
    if (*d->builtin)
        return is_listed_builtin(d, name);
    if (!config)
        return false;
    auto_free char *line = xprintf("\nCONFIG_%s=y\n", config);
    return strstr(d->config, line) || str_starts(d->config, line + 1);
}

static int pick(struct drivers *d, struct module *module, bool is_optional, struct err *err);

static int pick_dependency(
    struct drivers *d, const struct module *of, const char *name, bool is_optional, struct err *err)
{
    struct module *module = find_module(d, name);
    if (module)
        return pick(d, module, is_optional, err);
    if (drivers_has_builtin(d, name, NULL))
        return 0;
    (void)err_set(err, ERR_CHECK, -ENOENT, "module '%s' needs '%s', which is not in '%s'",
        of->file_name, name, d->directory);
    return err_hint(err, "install all packages of this kernel (kernel-modules, kernel-core ...)");
}

/* A soft dependency is a module, or an alias that several may have; none need be there. */
static int pick_soft(struct drivers *d, const char *name, struct err *err)
{
    struct module *module = find_module(d, name);
    if (module)
        return pick(d, module, true, err);
    auto_free char *prefix = xprintf("alias %s ", name);
    int r = 0;
    for (const char *line = d->alias; r >= 0 && *line;) {
        size_t n = strcspn(line, "\n");
        if (str_starts(line, prefix)) {
            auto_free char *target = xstrndup(line + strlen(prefix), n - strlen(prefix));
            module = find_module(d, target);
            r = module ? pick(d, module, true, err) : 0;
        }
        line += n + (line[n] == '\n');
    }
    return r;
}

static int pick_softs(struct drivers *d, const struct strv *names, struct err *err)
{
    for (size_t i = 0; i < names->n; i++) {
        int r = pick_soft(d, names->v[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_module(
    struct drivers *d, const struct module *module, struct strbuf *ret, struct err *err)
{
    auto_free char *data = NULL;
    size_t size;
    int r = tree_read(d->tree, module->node, MODULE_MAX_BYTES, &data, &size, err);
    if (r < 0)
        return r;
    return compression_expand(module->node->path, data, size, MODULE_MAX_BYTES, ret, err);
}

static int pick_with(struct drivers *d, struct module *module, const struct module_info *info,
    struct strbuf *bytes, bool is_optional, struct err *err)
{
    int r = pick_softs(d, &info->soft_pre, err);
    for (size_t i = 0; r >= 0 && i < info->depends.n; i++)
        r = pick_dependency(d, module, info->depends.v[i], is_optional, err);
    if (r < 0)
        return r;
    struct driver *driver = array_push(d->picked, d->n_picked);
    driver->name = module->file_name;
    driver->path = module->node->path;
    driver->size = bytes->len;
    driver->bytes = (uint8_t *)strbuf_steal(bytes);
    driver->is_optional = is_optional;
    return pick_softs(d, &info->soft_post, err);
}

/* One that was picked as optional may be needed after all. */
static void need_after_all(struct drivers *d, const struct module *module)
{
    for (size_t i = 0; i < d->n_picked; i++)
        if (d->picked[i].name == module->file_name)
            d->picked[i].is_optional = false;
}

static int pick(struct drivers *d, struct module *module, bool is_optional, struct err *err)
{
    if (module->visit != NOT_VISITED) {
        if (!is_optional)
            need_after_all(d, module);
        return 0;
    }
    module->visit = VISITING;
    auto_strbuf struct strbuf bytes = {0};
    int r = read_module(d, module, &bytes, err);
    if (r < 0)
        return r;
    struct module_info info = {0};
    r = module_info_read(module->node->path, bytes.s ? bytes.s : "", bytes.len, &info, err);
    if (r < 0)
        return r;
    r = pick_with(d, module, &info, &bytes, is_optional, err);
    module_info_done(&info);
    module->visit = VISITED;
    return r;
}

int drivers_pick(struct drivers *d, const char *name, bool is_optional, struct err *err)
{
    return pick(d, find_module(d, name), is_optional, err);
}

const struct driver *drivers_picked(const struct drivers *d, size_t *ret_n)
{
    *ret_n = d->n_picked;
    return d->picked;
}
