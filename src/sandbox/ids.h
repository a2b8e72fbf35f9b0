/* Which ids the user namespace of a build has. */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

/*
 * What is to be written to uid_map (or gid_map): INSIDE OUTSIDE COUNT triples, as the arguments of
 * newuidmap(1). For root the ids stay what they are; for a user 0 is the user and what follows
 * comes from /etc/subuid (or wherever libsubid finds it). Errors: ERR_SYSTEM with the line to add.
 */
int ids_make_map(bool of_groups, struct strv *ret_triples, struct err *err);
