#include "build.h"

#include <errno.h>
#include <string.h>

#include "base/interrupt.h"
#include "build-stages.h"
#include "sandbox/sandbox.h"
#include "workdir.h"

static int read_recipe(struct build *b, struct err *err)
{
    int r = recipe_read(b->request->recipe_path, &b->request->recipe_options, &b->recipe, err);
    for (size_t i = 0; r == 0 && i < b->recipe->n_warnings; i++) {
        const struct recipe_warning *w = &b->recipe->warnings[i];
        progress_warn(b->progress, "%s:%u: %s", w->place.file, w->place.line, w->text);
    }
    return r;
}

static int solve(struct build *b, struct err *err)
{
    struct metadata *metadata = NULL;
    int r = fetch_metadata(b->fetch, b->sources, b->progress, &metadata, err);
    if (r < 0)
        return r;
    r = plan_make(
        b->recipe, b->sources, metadata, b->sources->n, &b->request->plan_options, &b->plan, err);
    fetch_metadata_free(metadata, b->sources->n);
    return r;
}

static int choose_packages(struct build *b, struct err *err)
{
    const struct build_request *q = b->request;
    int r = sources_make(b->recipe, &q->source_options, &b->sources, err);
    if (r == 0)
        r = fetch_open(&q->fetch_options, &b->fetch, err);
    if (r == 0)
        r = q->locked ? plan_lock_read(q->locked, b->recipe, b->sources, &b->plan, err)
                      : solve(b, err);
    for (size_t i = 0; r == 0 && i < b->plan->warnings.n; i++)
        progress_warn(b->progress, "%s", b->plan->warnings.v[i]);
    return r;
}

static int choose_time(struct build *b, struct err *err)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    b->time = b->plan->newest_build_time;
    if (!text)
        return 0;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > UINT32_MAX)
        return err_set(
            err, ERR_USAGE, -EINVAL, "SOURCE_DATE_EPOCH: '%s' is not a number of seconds", text);
    b->time = value;
    return 0;
}

/* Layout, operations and boot for what is known of the system so far; what was there is freed. */
int build_decide(struct build *b, struct err *err)
{
    struct layout_options layout_options = b->request->layout_options;
    layout_options.content_bytes = b->plan->installed_bytes;
    layout_options.default_fstype = b->era->default_fstype;
    layout_options.is_recent = b->era->has_bls;
    layout_options.seed = b->plan->seed;
    struct configure_options configure_options = {.seed = b->plan->seed,
        .build_time = b->time,
        .allow_nochroot = b->request->recipe_options.allow_nochroot};

    boot_plan_free(steal(&b->boot_plan));
    operations_free(steal(&b->operations));
    layout_free(steal(&b->layout));
    int r = layout_make(b->recipe, &layout_options, &b->layout, err);
    if (r == 0)
        r = boot_plan_make(
            b->recipe, b->layout, b->era, &b->request->boot_options, &b->boot_plan, err);
    if (r == 0) {
        configure_options.console = b->boot_plan->console;
        r = configure_plan(b->recipe, b->layout, b->era, &configure_options, &b->operations, err);
    }
    return r;
}

/* Said before anything is downloaded: what will certainly not fit. */
static int check_room(const struct build *b, struct err *err)
{
    uint64_t room = 0;
    const struct layout_part *root = layout_part_at(b->layout, "/");
    for (size_t i = 0; i < b->layout->n; i++)
        if (b->layout->parts[i].kind == LAYOUT_FILESYSTEM)
            room += b->layout->parts[i].size_bytes;
    if (room >= b->plan->installed_bytes)
        return 0;
    uint64_t missing = b->plan->installed_bytes + b->plan->installed_bytes / 5 - room;
    uint64_t wanted = (root->size_bytes + missing) >> 20;
    recipe_error(err, root->place,
        "part: %.0f MiB of packages do not fit into %.0f MiB of file systems",
        (double)b->plan->installed_bytes / (1 << 20), (double)room / (1 << 20));
    return err_hint(err, "give '/' at least --size=%llu", (unsigned long long)wanted);
}

static int plan_all(struct build *b, struct err *err)
{
    int r = read_recipe(b, err);
    if (r < 0 || b->request->last == STAGE_RECIPE)
        return r;
    r = recipe_check_supported(b->recipe, err);
    if (r == 0)
        r = choose_packages(b, err);
    if (r == 0)
        r = choose_time(b, err);
    if (r < 0)
        return r;
    b->era = steal(&b->plan->era);
    r = build_decide(b, err);
    if (r == 0)
        r = build_check_filesystems(b, err);
    for (size_t i = 0; r == 0 && i < b->layout->warnings.n; i++)
        progress_warn(b->progress, "%s", b->layout->warnings.v[i]);
    for (size_t i = 0; r == 0 && i < b->boot_plan->warnings.n; i++)
        progress_warn(b->progress, "%s", b->boot_plan->warnings.v[i]);
    return r < 0 ? r : check_room(b, err);
}

int build_plan(const struct build_request *request, struct progress *progress,
    struct build **ret_build, struct err *err)
{
    auto_cleanup(build_free) struct build *b = xcalloc(1, sizeof *b);
    b->request = request;
    b->progress = progress;
    int r = plan_all(b, err);
    if (r == 0)
        *ret_build = steal(&b);
    return r;
}

void build_free(struct build *b)
{
    if (!b)
        return;
    boot_plan_free(b->boot_plan);
    operations_free(b->operations);
    layout_free(b->layout);
    era_free(b->era);
    plan_free(b->plan);
    fetch_close(b->fetch);
    sources_free(b->sources);
    recipe_free(b->recipe);
    free(b);
}

static bool stops_at(const struct build *b, enum build_stage stage)
{
    return b->request->last == stage;
}

static int build_in(struct build *b, struct workdir *workdir, FILE *out, struct err *err)
{
    auto_strv struct strv paths = {0};
    int r = fetch_packages(b->fetch, b->sources, b->plan, b->progress, &paths, err);
    for (size_t i = 0; r == 0 && stops_at(b, STAGE_FETCH) && i < paths.n; i++)
        fprintf(out, "%s\n", paths.v[i]);
    if (r < 0 || stops_at(b, STAGE_FETCH))
        return r;
    r = build_root(b, workdir->root, &paths, err);
    if (r == 0 && (stops_at(b, STAGE_INSTALL) || stops_at(b, STAGE_CONFIGURE))) {
        workdir->keep = true;
        fprintf(out, "%s/root\n", workdir->path);
        return 0;
    }
    return r < 0 ? r : build_disk(b, workdir->root, out, err);
}

int build_image(struct build *b, FILE *out, struct err *err)
{
    auto_cleanup(workdir_free) struct workdir *workdir = NULL;
    int r = workdir_create(fetch_cache_directory(b->fetch), &workdir, err);
    if (r < 0)
        return r;
    r = build_in(b, workdir, out, err);
    if (b->request->keep) {
        workdir->keep = true;
        progress_warn(b->progress, "the working directory is kept: %s", workdir->path);
    }
    return r;
}
