/* The commands: each takes what was said on the command line and returns the exit status, or a
 * negative errno with *err filled. Results go to stdout, all else to stderr. */
#pragma once

#include "base/progress.h"
#include "cli/options.h"

int command_plan(const struct options *options, struct progress *progress, struct err *err);
int command_build(const struct options *options, struct progress *progress, struct err *err);
int command_boot(const struct options *options, struct progress *progress, struct err *err);
int command_cache(const struct options *options, struct progress *progress, struct err *err);
