/* What the files of this room share and no other room needs. */
#pragma once

#include "plan/plan.h"

/* Fill *err with 'file:line: ' before the text when the place is known; returns -EINVAL. */
int plan_error(struct err *err, enum err_kind kind, struct recipe_place place, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* "RHEL7" -> "7"; NULL where the text has no number at its end. The caller frees. */
char *sources_releasever_of_version(const char *version);

/* Why a value from metadata or a lock can't be used as a package's, or NULL if it can. */
const char *package_fault(const struct plan_package *package);
/* "user", "group" ...; and back (-1: none). */
const char *plan_reason_name(enum plan_reason reason);
int plan_reason_of(const char *name);
/* Sums, the seed out of the sorted checksums, the era by the packages' names. */
void plan_finish(struct plan *plan);

/* Up to three of 'names' that 'wanted' may be a misspelling of, nearest first, as "'a', 'b'" for
 * a hint; NULL: none is near. The caller frees. */
char *nearest_names(const char *wanted, const char *const *names, size_t n);

/* "1.2 MiB"; the caller frees. */
char *size_text(uint64_t bytes);
