/* Writing the lock, and the words in which it keeps what the recipe asked for. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "plan/internal.h"
#include "plan/json.h"
#include "plan/lock.h"

char *lock_line(const struct recipe_package *package)
{
    static const char *const sigils[] = {
        [PACKAGE_NAME] = "", [PACKAGE_GROUP] = "@", [PACKAGE_ENVIRONMENT] = "@^"};
    return xprintf("%s%s%s%s%s", package->exclude ? "-" : "", sigils[package->kind], package->name,
        package->nodefaults ? " --nodefaults" : "", package->optional ? " --optional" : "");
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void lock_lines(const struct recipe *recipe, struct strv *ret_lines)
{
    const struct recipe_packages *p = &recipe->packages;
    const struct {
        bool set;
        const char *text;
    } flags[] = {{p->excludedocs, "--excludedocs"}, {p->nobase, "--nobase"},
        {p->nocore, "--nocore"}, {p->ignoremissing, "--ignoremissing"},
        {p->ignorebroken, "--ignorebroken"}, {p->exclude_weakdeps, "--exclude-weakdeps"},
        {p->use_default, "--default"}};
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (flags[i].set)
            strv_add(ret_lines, flags[i].text);
    auto_strbuf struct strbuf langs = {0};
    strbuf_puts(&langs, "--inst-langs=");
    for (size_t i = 0; i < p->instlangs.n; i++)
        strbuf_printf(&langs, "%s%s", i ? ":" : "", p->instlangs.v[i]);
    if (p->has_instlangs)
        strv_add(ret_lines, langs.s);
    auto_free char *multilib = p->multilib ? xprintf("--multilib=%s", p->multilib) : NULL;
    if (multilib)
        strv_add(ret_lines, multilib);
    for (size_t i = 0; i < p->n; i++) {
        auto_free char *line = lock_line(&p->items[i]);
        if (!strv_has(ret_lines, line))
            strv_add(ret_lines, line);
    }
    if (ret_lines->n)
        qsort(ret_lines->v, ret_lines->n, sizeof *ret_lines->v, compare_lines);
}

char *lock_digest(const struct strv *lines)
{
    auto_strbuf struct strbuf all = {0};
    for (size_t i = 0; i < lines->n; i++)
        strbuf_printf(&all, "%s\n", lines->v[i]);
    uint8_t digest[SHA256_BYTES];
    digest_sha256(all.s ? all.s : "", all.len, digest);
    return digest_hex(digest, sizeof digest);
}

static json_t *json_of_recipe(const struct recipe *recipe)
{
    struct strv lines = {0};
    lock_lines(recipe, &lines);
    auto_free char *digest = lock_digest(&lines);
    json_t *object = json_object();
    json_object_set_new(object, "packages_sha256", json_of_text(digest));
    json_object_set_new(object, "packages", json_of_strings(&lines));
    strv_done(&lines);
    return object;
}

static char *lock_text(
    const struct plan *plan, const struct recipe *recipe, const struct sources *sources)
{
    json_t *root = json_object();
    json_object_set_new(root, "format", json_string(LOCK_FORMAT));
    json_object_set_new(root, "version", json_integer(LOCK_VERSION));
    json_object_set_new(root, "arch", json_of_text(plan->arch));
    json_object_set_new(root, "releasever", json_of_text(plan->releasever));
    json_object_set_new(root, "recipe", json_of_recipe(recipe));
    json_object_set_new(root, "repositories", json_of_sources(sources));
    json_object_set_new(root, "groups", json_of_strings(&plan->groups));
    json_object_set_new(root, "langs", json_of_strings(&plan->langs));
    json_object_set_new(root, "excludedocs", json_boolean(plan->excludedocs));
    json_object_set_new(root, "newest_build_time", json_integer(plan->newest_build_time));
    json_object_set_new(root, "packages", json_of_packages(plan, sources));
    auto_free char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return xprintf("%s\n", text);
}

/* A file beside 'path' that takes its place when complete. */
static int write_file(const char *path, const char *text, struct err *err)
{
    auto_free char *temporary = xprintf("%s.%ld.new", path, (long)getpid());
    auto_close int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(err, "cannot create '%s'", temporary);
    int r = file_write_all(fd, text, strlen(text));
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r == 0)
        return 0;
    unlink(temporary);
    return err_code(err, r, "cannot write '%s'", path);
}

int plan_lock_write(const struct plan *plan, const struct recipe *recipe,
    const struct sources *sources, const char *path, struct err *err)
{
    auto_free char *text = lock_text(plan, recipe, sources);
    return write_file(path, text, err);
}
