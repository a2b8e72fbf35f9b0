/* The lock's format, for its writer and its reader. */
#pragma once

#include "base/strbuf.h"
#include "plan/plan.h"

#define LOCK_FORMAT "slipway-lock"
#define LOCK_VERSION 1

/* A line of %packages in the words of the lock: "-@base", "@core --nodefaults"; the caller frees.
 */
char *lock_line(const struct recipe_package *package);
/* All of them and the section's options, sorted, on the heap. */
void lock_lines(const struct recipe *recipe, struct strv *ret_lines);
/* SHA-256 of the canonical lines, in hex; the caller frees. */
char *lock_digest(const struct strv *lines);

/* plan_lock_read() of a file's text; 'name' stands for it in messages. */
int plan_lock_parse(const char *name, const char *text, size_t size, const struct recipe *recipe,
    const struct sources *sources, struct plan **ret_plan, struct err *err);
