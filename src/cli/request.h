/* From what was said on the command line to what build.h is asked for. */
#pragma once

#include "build.h"
#include "cli/options.h"

/* The request borrows from 'options'. ERR_USAGE for values that are none. */
int request_make(const struct options *options, struct build_request *ret_request, struct err *err);
