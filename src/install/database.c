#include "install/database.h"

#include <errno.h>
#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>
#include <string.h>

#include "base/file.h"
#include "sandbox/sandbox.h"

#define PACKAGES_IN_ROOT "/.packages-of-the-build"

static bool owns_directory(Header header, const char *path)
{
    struct rpmtd_s files;
    const char *file;
    bool found = false;
    if (!headerGet(header, RPMTAG_FILENAMES, &files, HEADERGET_EXT))
        return false;
    while (!found && (file = rpmtdNextString(&files)))
        found = strcmp(file, path) == 0;
    rpmtdFreeData(&files);
    return found;
}

/* Versions are 4.MINOR...; EL5's 4.4.2, EL8's 4.14, EL9's 4.16. */
static bool is_older_than_sqlite(const char *version)
{
    char *end = NULL;
    long first = strtol(version, &end, 10);
    long second = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    return first < 4 || (first == 4 && second < 16);
}

struct database database_choose(const Header *headers, size_t n)
{
    struct database database = {.path = DATABASE_OLD};
    for (size_t i = 0; i < n; i++) {
        const char *name = headerGetString(headers[i], RPMTAG_NAME);
        const char *version = headerGetString(headers[i], RPMTAG_VERSION);
        if (!name || !version || strcmp(name, "rpm") != 0)
            continue;
        if (is_older_than_sqlite(version))
            return (struct database){.path = DATABASE_SCRATCH, .by_own_rpm = true};
        if (owns_directory(headers[i], DATABASE_USR))
            database.path = DATABASE_USR;
    }
    return database;
}

static int run_rpm(int root, const struct strv *arguments, const struct sandbox_bind *binds,
    size_t n_binds, struct err *err)
{
    struct sandbox_command command = {.binds = binds, .n_binds = n_binds};
    struct sandbox_result result = {0};
    const char *const *argv;
    memcpy(&argv, &arguments->v, sizeof argv);
    command.argv = argv;
    int r = sandbox_run(root, &command, &result, err);
    if (r == 0 && result.status != 0)
        r = err_set(err, ERR_SCRIPT, -EIO, "the image's own '%s %s' failed with status %d: %s",
            arguments->v[0], arguments->v[1], result.status, result.output);
    sandbox_result_done(&result);
    return r;
}

static void finish(struct strv *arguments)
{
    strv_add(arguments, "");
    free(arguments->v[--arguments->n]);
    arguments->v[arguments->n] = NULL;
}

static int fill(int root, const char *rpm, const struct strv *paths, struct err *err)
{
    static const char *const options[] = {"-i", "--justdb", "--nodeps", "--noscripts",
        "--notriggers", "--nodigest", "--nosignature", "--ignoresize", "--ignorearch", "--force"};
    auto_strv struct strv arguments = {0}, targets = {0};
    auto_free struct sandbox_bind *binds = xcalloc(paths->n, sizeof *binds);
    strv_add(&arguments, rpm);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        strv_add(&arguments, options[i]);
    for (size_t i = 0; i < paths->n; i++) {
        auto_free char *target = xprintf(PACKAGES_IN_ROOT "/%zu.rpm", i);
        strv_add(&targets, target);
        strv_add(&arguments, target);
        binds[i] = (struct sandbox_bind){.source = paths->v[i], .target = targets.v[i]};
    }
    finish(&arguments);
    return run_rpm(root, &arguments, binds, paths->n, err);
}

int database_make_by_own_rpm(int root, const struct strv *paths, struct err *err)
{
    const char *rpm = file_exists_in(root, "/bin/rpm") == 1 ? "/bin/rpm" : "/usr/bin/rpm";
    auto_strv struct strv initialize = {0};
    strv_add(&initialize, rpm);
    strv_add(&initialize, "--initdb");
    finish(&initialize);
    int r = run_rpm(root, &initialize, NULL, 0, err);
    if (r == 0)
        r = fill(root, rpm, paths, err);
    int removed = file_remove_tree(root, PACKAGES_IN_ROOT + 1);
    if (removed == 0)
        removed = file_remove_tree(root, DATABASE_SCRATCH + 1);
    return r == 0 && removed < 0 ? err_code(err, removed, "cannot clean the root directory") : r;
}
