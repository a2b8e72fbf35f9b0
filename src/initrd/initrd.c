#include "initrd/initrd.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "initrd/compression.h"
#include "initrd/cpio.h"
#include "initrd/drivers.h"
#include "initrd/needs.h"
#include "program.h"

static const struct init_program *find_program(const char *architecture)
{
    static const struct {
        const char *name, *program;
    } others[] = {{"i486", "i386"}, {"i586", "i386"}, {"i686", "i386"}, {"amd64", "x86_64"},
        {"arm64", "aarch64"}};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (strcmp(others[i].name, architecture) == 0)
            architecture = others[i].program;
    for (const struct init_program *p = init_programs; p->architecture; p++)
        if (strcmp(p->architecture, architecture) == 0)
            return p;
    return NULL;
}

struct lists {
    struct strv modules, builtin, missing;
    bool has_disk;
};

static void lists_done(struct lists *lists)
{
    strv_done(&lists->modules);
    strv_done(&lists->builtin);
    strv_done(&lists->missing);
}

static int missing_filesystem(
    struct err *err, const struct initrd_options *options, const struct need *need)
{
    const char *driver = need->drivers[0];
    (void)err_set(err, ERR_CHECK, -ENOENT,
        "kernel %s can't mount the root: it has no '%s' driver, neither built in nor in '%s'",
        options->kernel->release, driver, options->kernel->modules);
    return err_hint(err,
        "add the package with this kernel's other modules (kernel-modules, linux-modules-extra), "
        "or choose another --fstype for /");
}

static int missing_disk(
    struct err *err, const struct initrd_options *options, const struct need *needs, size_t n)
{
    auto_strbuf struct strbuf names = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; needs[i].kind == NEED_DISK && needs[i].drivers[k]; k++)
            strbuf_printf(&names, "%s%s", names.len ? ", " : "", needs[i].drivers[k]);
    (void)err_set(err, ERR_CHECK, -ENOENT,
        "kernel %s can't see the disk: it has none of the drivers %s, neither built in nor in '%s'",
        options->kernel->release, names.s, options->kernel->modules);
    return err_hint(err, "add the package with this kernel's other modules, or a kernel for this "
                         "target (kernel-xen for a paravirtual guest of old)");
}

static int take_need(struct drivers *drivers, const struct need *need, struct lists *lists,
    const struct initrd_options *options, struct err *err)
{
    bool is_optional = need->kind != NEED_FILESYSTEM;
    for (size_t i = 0; need->drivers[i]; i++) {
        const char *name = need->drivers[i];
        bool is_module = drivers_has_module(drivers, name);
        if (!is_module && !drivers_has_builtin(drivers, name, i ? NULL : need->config))
            continue;
        lists->has_disk |= need->kind == NEED_DISK;
        if (is_module)
            return drivers_pick(drivers, name, is_optional, err);
        strv_add(&lists->builtin, name);
        return 0;
    }
    if (need->kind == NEED_FILESYSTEM)
        return missing_filesystem(err, options, need);
    strv_add(&lists->missing, need->drivers[0]);
    return 0;
}

static int take_needs(struct drivers *drivers, const struct initrd_options *options,
    struct lists *lists, struct err *err)
{
    size_t n;
    auto_free struct need *needs = needs_make(options, &n);
    bool wants_disk = false;
    for (size_t i = 0; i < n; i++) {
        wants_disk |= needs[i].kind == NEED_DISK;
        int r = take_need(drivers, &needs[i], lists, options, err);
        if (r < 0)
            return r;
    }
    return wants_disk && !lists->has_disk ? missing_disk(err, options, needs, n) : 0;
}

static int take_extra(struct drivers *drivers, const struct initrd_options *options,
    struct lists *lists, struct err *err)
{
    for (const char *const *name = options->extra_modules; name && *name; name++) {
        if (drivers_has_module(drivers, *name)) {
            int r = drivers_pick(drivers, *name, false, err);
            if (r < 0)
                return r;
        } else if (drivers_has_builtin(drivers, *name, NULL)) {
            strv_add(&lists->builtin, *name);
        } else {
            return err_set(err, ERR_CHECK, -ENOENT, "kernel %s has no module '%s' in '%s'",
                options->kernel->release, *name, options->kernel->modules);
        }
    }
    return 0;
}

/* The archive's entries; strings and contents are borrowed from arena, drivers and program. */
static struct cpio_entry *make_entries(struct arena *arena, const struct init_program *program,
    const struct driver *drivers, size_t n_drivers, size_t *ret_n)
{
    static const char *const directories[] = {
        "dev", "etc", "lib", "lib/modules", "proc", "root", "sys"};
    struct cpio_entry *entries = NULL;
    size_t n = 0;
    auto_strbuf struct strbuf list = {0};
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
        *array_push(entries, n) =
            (struct cpio_entry){.path = directories[i], .mode = S_IFDIR | 0755};
    *array_push(entries, n) = (struct cpio_entry){
        .path = "dev/console", .mode = S_IFCHR | 0600, .rdev_major = 5, .rdev_minor = 1};
    *array_push(entries, n) = (struct cpio_entry){
        .path = "init", .mode = S_IFREG | 0755, .bytes = program->bytes, .size = program->size};
    for (size_t i = 0; i < n_drivers; i++) {
        const char *path = arena_printf(arena, "lib/modules/%s.ko", drivers[i].name);
        *array_push(entries, n) = (struct cpio_entry){.path = path,
            .mode = S_IFREG | 0644,
            .bytes = drivers[i].bytes,
            .size = drivers[i].size};
        strbuf_printf(&list, "%s/%s\n", drivers[i].is_optional ? "-" : "", path);
    }
    *array_push(entries, n) = (struct cpio_entry){.path = "etc/modules.list",
        .mode = S_IFREG | 0644,
        .bytes = arena_strndup(arena, list.s ? list.s : "", list.len),
        .size = list.len};
    *ret_n = n;
    return entries;
}

static char **take_list(struct strv *list)
{
    char **v = xrealloc(list->v, (list->n + 1) * sizeof *v);
    v[list->n] = NULL;
    *list = (struct strv){0};
    return v;
}

static int write_archive(const struct initrd_options *options, const struct init_program *program,
    const struct drivers *drivers, struct lists *lists, struct strbuf *ret, struct err *err)
{
    size_t n_drivers, n;
    const struct driver *picked = drivers_picked(drivers, &n_drivers);
    for (size_t i = 0; i < n_drivers; i++)
        strv_add(&lists->modules, picked[i].path);
    struct arena *arena = arena_new();
    auto_free struct cpio_entry *entries = make_entries(arena, program, picked, n_drivers, &n);
    auto_strbuf struct strbuf archive = {0};
    cpio_write(entries, n, &archive);
    arena_free(arena);
    return compression_pack(options->compression, archive.s, archive.len, ret, err);
}

static int make(const struct tree *tree, const struct initrd_options *options, struct lists *lists,
    struct strbuf *ret, struct err *err)
{
    const struct init_program *program = find_program(options->architecture);
    if (!program)
        return err_set(err, ERR_SYSTEM, -ENOTSUP,
            "this slipway was built without an init program for %s", options->architecture);
    auto_cleanup(drivers_free) struct drivers *drivers = NULL;
    int r = drivers_open(tree, options->kernel, &drivers, err);
    if (r >= 0)
        r = take_needs(drivers, options, lists, err);
    if (r >= 0)
        r = take_extra(drivers, options, lists, err);
    if (r < 0)
        return r;
    return write_archive(options, program, drivers, lists, ret, err);
}

int initrd_make(const struct tree *tree, const struct initrd_options *options,
    struct initrd *ret_initrd, struct err *err)
{
    struct lists lists = {0};
    auto_strbuf struct strbuf bytes = {0};
    int r = make(tree, options, &lists, &bytes, err);
    if (r < 0) {
        lists_done(&lists);
        return err_wrap(err, r, "initrd of kernel %s", options->kernel->release);
    }
    ret_initrd->size = bytes.len;
    ret_initrd->bytes = (uint8_t *)strbuf_steal(&bytes);
    ret_initrd->modules = take_list(&lists.modules);
    ret_initrd->builtin = take_list(&lists.builtin);
    ret_initrd->missing = take_list(&lists.missing);
    return 0;
}

static void free_list(char **list)
{
    for (char **p = list; p && *p; p++)
        free(*p);
    free(list);
}

void initrd_done(struct initrd *initrd)
{
    free(initrd->bytes);
    free_list(initrd->modules);
    free_list(initrd->builtin);
    free_list(initrd->missing);
    *initrd = (struct initrd){0};
}
