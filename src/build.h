/*
 * The build line: the rooms called in order, one value handed to the next. build_plan() goes as far
 * as can be said without installing anything; build_image() goes on to the disk.
 */
#pragma once

#include "boot/boot.h"
#include "configure/configure.h"
#include "fetch/fetch.h"
#include "plan/layout.h"
#include "plan/plan.h"

enum build_stage {
    STAGE_RECIPE,
    STAGE_PLAN,
    STAGE_FETCH,
    STAGE_INSTALL,
    STAGE_CONFIGURE,
    STAGE_TREE,
    STAGE_DISK
};

struct build_request {
    const char *recipe_path;
    struct recipe_options recipe_options;
    struct source_options source_options;
    struct plan_options plan_options;
    struct fetch_options fetch_options;
    struct layout_options layout_options; /* disk_bytes, label, has_label */
    struct boot_options boot_options;
    const char *locked; /* lock file, or NULL */
    const char *output;
    bool force, keep;
    enum build_stage last; /* stop behind this one */
};

/* Everything a build knows; values are NULL until their stage is done. */
struct build {
    const struct build_request *request;
    struct progress *progress;
    struct recipe *recipe;
    struct sources *sources;
    struct fetch *fetch;
    struct plan *plan;
    struct era *era; /* predicted, then as installed */
    struct layout *layout;
    struct operations *operations;
    struct boot_plan *boot_plan;
    int64_t time; /* of everything that needs one: SOURCE_DATE_EPOCH, or the newest package's */
};

int build_plan(const struct build_request *request, struct progress *progress,
    struct build **ret_build, struct err *err);
/* Goes on to request->last and writes the image when that is STAGE_DISK; what an earlier last
 * stage made is printed on 'out'. */
int build_image(struct build *build, FILE *out, struct err *err);
void build_free(struct build *build);
DEFINE_CLEANUP(struct build *, build_free)
