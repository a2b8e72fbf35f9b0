/*
 * Groups and environments of repositories, read from comps.xml by expat.
 *
 * A group of the same id in several repositories is one group with the packages of all.
 * Errors: ERR_NETWORK for a file that is not well-formed or too large to be true.
 * Source: comps.rng of yum-metadata and the comps files of CentOS 5 to 10 and Fedora.
 */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "base/strbuf.h"

enum comps_kind { COMPS_MANDATORY, COMPS_DEFAULT, COMPS_OPTIONAL, COMPS_CONDITIONAL };

struct comps_package {
    char *name;
    enum comps_kind kind;
    char *condition; /* with COMPS_CONDITIONAL: installed when this one is */
    bool basearchonly;
};

struct comps_group {
    char *id, *name;
    struct strv translations; /* of the name */
    char *langonly;           /* NULL, or the language it is for */
    bool is_default;          /* chosen by %packages --default */
    struct comps_package *packages;
    size_t n;
};

struct comps_environment {
    char *id, *name;
    struct strv translations;
    struct strv groups, options; /* group ids */
};

struct comps {
    struct arena *arena;
    struct comps_group *groups;
    size_t n_groups;
    struct comps_environment *environments;
    size_t n_environments;
};

struct comps *comps_new(void);
void comps_free(struct comps *comps);
DEFINE_CLEANUP(struct comps *, comps_free)

/* Add what 'file' has; 'name' stands for it in messages. */
int comps_read(struct comps *comps, FILE *file, const char *name, struct err *err);

/* By id, else by name or a translation of it, else by either without regard to case; NULL: none. */
const struct comps_group *comps_group(const struct comps *comps, const char *wanted);
const struct comps_environment *comps_environment(const struct comps *comps, const char *wanted);
