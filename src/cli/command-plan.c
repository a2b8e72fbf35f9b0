#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/request.h"

static void print_text(const struct build *b)
{
    plan_print(b->plan, b->sources, stdout);
    printf("\n");
    layout_print(b->layout, stdout);
    printf("\n");
    operations_print(b->operations, stdout);
    printf("\n");
    boot_plan_print(b->boot_plan, stdout);
}

static void print_json(const struct build *b)
{
    printf("{\"plan\": ");
    plan_print_json(b->plan, b->sources, stdout);
    printf(", \"layout\": ");
    layout_print_json(b->layout, stdout);
    printf(", \"operations\": ");
    operations_print_json(b->operations, stdout);
    printf(", \"boot\": ");
    boot_plan_print_json(b->boot_plan, stdout);
    printf("}\n");
}

static int print_recipe(const struct build *b, const struct options *options)
{
    if (options->json)
        recipe_print_json(b->recipe, stdout);
    else
        recipe_print(b->recipe, stdout);
    return 0;
}

int command_plan(const struct options *options, struct progress *progress, struct err *err)
{
    struct build_request request;
    auto_cleanup(build_free) struct build *build = NULL;
    int r = request_make(options, &request, err);
    if (r < 0)
        return r;
    if (options->lock && options->locked)
        return err_set(err, ERR_USAGE, -EINVAL, "--lock and --locked exclude each other");
    request.last = options->recipe_only ? STAGE_RECIPE : STAGE_PLAN;
    r = build_plan(&request, progress, &build, err);
    if (r < 0)
        return r;
    if (options->recipe_only)
        return print_recipe(build, options);
    if (options->why)
        return plan_why(build->plan, options->why, stdout, err);
    if (options->lock)
        return plan_lock_write(build->plan, build->recipe, build->sources, options->lock, err);
    if (options->json)
        print_json(build);
    else
        print_text(build);
    return 0;
}
