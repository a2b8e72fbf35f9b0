/* Plans as JSON values, for printing and for the lock; by jansson. The caller owns the reference.
 */
#pragma once

#include <jansson.h>

#include "plan/plan.h"

json_t *json_of_text(const char *text); /* null for NULL; bytes that are not UTF-8 become '?' */
json_t *json_of_strings(const struct strv *list);
json_t *json_of_packages(const struct plan *plan, const struct sources *sources);
/* Addresses have user names and passwords left out. */
json_t *json_of_sources(const struct sources *sources);
