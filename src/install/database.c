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

/* The image's rpm, and what it may do. */
struct own_rpm {
    int root;
    const char *path;
    unsigned seconds;
    const struct sandbox_bind *binds;
    size_t n_binds;
};

static int run_rpm(const struct own_rpm *rpm, const struct strv *arguments, struct err *err)
{
    struct sandbox_command command = {
        .binds = rpm->binds, .n_binds = rpm->n_binds, .timeout_seconds = rpm->seconds};
    struct sandbox_result result = {0};
    const char *const *argv;
    memcpy(&argv, &arguments->v, sizeof argv);
    command.argv = argv;
    int r = sandbox_run(rpm->root, &command, &result, err);
    const char *what = arguments->v[1], *more = arguments->n > 2 ? arguments->v[2] : "";
    if (r == 0 && result.timed_out)
        r = err_set(err, ERR_SCRIPT, -ETIMEDOUT,
            "the image's own '%s %s%s%s' did not end within %u seconds: %s", rpm->path, what,
            *more ? " " : "", more, rpm->seconds, result.output);
    else if (r == 0 && result.status != 0)
        r = err_set(err, ERR_SCRIPT, -EIO, "the image's own '%s %s%s%s' failed with status %d: %s",
            rpm->path, what, *more ? " " : "", more, result.status, result.output);
    sandbox_result_done(&result);
    return r;
}

static void finish(struct strv *arguments)
{
    strv_add(arguments, "");
    free(arguments->v[--arguments->n]);
    arguments->v[arguments->n] = NULL;
}

static int initialize(const struct own_rpm *rpm, struct err *err)
{
    auto_strv struct strv arguments = {0};
    strv_add(&arguments, rpm->path);
    strv_add(&arguments, "--initdb");
    finish(&arguments);
    return run_rpm(rpm, &arguments, err);
}

static int fill(const struct own_rpm *rpm, const struct strv *paths, struct err *err)
{
    static const char *const options[] = {"-i", "--justdb", "--nodeps", "--noscripts",
        "--notriggers", "--nodigest", "--nosignature", "--ignoresize", "--ignorearch", "--force"};
    auto_strv struct strv arguments = {0}, targets = {0};
    auto_free struct sandbox_bind *binds = xcalloc(paths->n, sizeof *binds);
    struct own_rpm shown = *rpm;
    strv_add(&arguments, rpm->path);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        strv_add(&arguments, options[i]);
    for (size_t i = 0; i < paths->n; i++) {
        auto_free char *target = xprintf(PACKAGES_IN_ROOT "/%zu.rpm", i);
        strv_add(&targets, target);
        strv_add(&arguments, target);
        binds[i] = (struct sandbox_bind){.source = paths->v[i], .target = targets.v[i]};
    }
    finish(&arguments);
    shown.binds = binds;
    shown.n_binds = paths->n;
    return run_rpm(&shown, &arguments, err);
}

int database_make_by_own_rpm(int root, const struct strv *paths, unsigned seconds, struct err *err)
{
    const struct own_rpm rpm = {.root = root,
        .path = file_exists_in(root, "/bin/rpm") == 1 ? "/bin/rpm" : "/usr/bin/rpm",
        .seconds = seconds};
    int r = initialize(&rpm, err);
    if (r == 0)
        r = fill(&rpm, paths, err);
    int removed = file_remove_tree(root, PACKAGES_IN_ROOT + 1);
    if (removed == 0)
        removed = file_remove_tree(root, DATABASE_SCRATCH + 1);
    return r == 0 && removed < 0 ? err_code(err, removed, "cannot clean the root directory") : r;
}
