#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/request.h"
#include "disk/disk.h"
#include "sandbox/sandbox.h"

static int check_output(const struct build_request *request, struct err *err)
{
    if (request->last != STAGE_DISK)
        return 0;
    if (!request->output) {
        err_set(err, ERR_USAGE, -EINVAL, "where to? There is no -o DISK");
        return err_hint(err, "slipway build %s -o disk.raw", request->recipe_path);
    }
    return disk_check_output(request->output, request->force, err);
}

static int print_early_stage(const struct build *b, enum build_stage last)
{
    if (last == STAGE_RECIPE)
        recipe_print(b->recipe, stdout);
    else
        plan_print(b->plan, b->sources, stdout);
    return 0;
}

static void print_done(const struct build *b, const struct options *options)
{
    struct stat st;
    uint64_t used = stat(options->output, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
    auto_strbuf struct strbuf name = {0};
    strbuf_json(&name, options->output);
    if (options->json)
        printf("{\"disk\": %s, \"bytes\": %" PRIu64 ", \"allocated_bytes\": %" PRIu64
               ", \"packages\": %zu}\n",
            name.s, b->layout->disk_bytes, used, b->plan->n);
    else
        printf("%s: %.0f MiB (%.0f MiB used), %zu packages, %s\n", options->output,
            (double)b->layout->disk_bytes / (1 << 20), (double)used / (1 << 20), b->plan->n,
            b->era->os_name ? b->era->os_name : "unknown system");
}

int command_build(const struct options *options, struct progress *progress, struct err *err)
{
    struct build_request request;
    auto_cleanup(build_free) struct build *build = NULL;
    int r = request_make(options, &request, err);
    if (r == 0)
        r = check_output(&request, err);
    /* Before anything has threads, and before anything is downloaded in vain. */
    if (r == 0 && request.last > STAGE_FETCH)
        r = sandbox_enter(err);
    if (r == 0)
        r = build_plan(&request, progress, &build, err);
    if (r < 0)
        return r;
    if (request.last <= STAGE_PLAN)
        return print_early_stage(build, request.last);
    r = build_image(build, stdout, err);
    if (r == 0 && request.last == STAGE_DISK)
        print_done(build, options);
    return r;
}
