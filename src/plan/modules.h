/*
 * Module streams (modules.yaml), as far as a plan needs them: packages of a stream that is not its
 * module's default are excluded, and so are packages from outside that a default stream replaces,
 * as dnf does while no stream was enabled. What was done is told in the catalog's warnings.
 * By libyaml. Source: the modulemd v2 and modulemd-defaults specifications.
 * Errors: ERR_NETWORK for a file that can't be read.
 */
#pragma once

#include "plan/catalog.h"

int modules_apply(
    struct catalog *catalog, const struct metadata *metadata, size_t n, struct err *err);
