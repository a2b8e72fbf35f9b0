/* A package of the catalog as a value of the plan; ERR_VERIFY for one whose metadata can't be
 * used: no checksum, a location outside the repository, sizes out of this world. */
#pragma once

#include "plan/catalog.h"
#include "plan/plan.h"

int package_make(const struct catalog *catalog, int id, struct arena *arena,
    struct plan_package *ret_package, struct err *err);
/* Seconds since the epoch; 0: not known. */
int64_t package_build_time(const struct catalog *catalog, int id);
