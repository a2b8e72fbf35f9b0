/*
 * Where the rpm database of an image is, and who can write it.
 *
 * rpm before 4.16 reads Berkeley DB only, which today's librpm can't write: then the transaction's
 * own database is thrown away, and the image's rpm, in the sandbox, is given all packages with
 * --justdb. From 4.16 on it is SQLite, and the transaction's database is the image's.
 */
#pragma once

#include <rpm/header.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strbuf.h"

#define DATABASE_OLD "/var/lib/rpm"
#define DATABASE_USR "/usr/lib/sysimage/rpm"
/* The transaction's own, where it is not to be the image's. */
#define DATABASE_SCRATCH "/.rpm-of-the-build"

struct database {
    const char *path;
    bool by_own_rpm;
};

/* By the package 'rpm' and what it owns; without it an SQLite database at DATABASE_OLD. */
struct database database_choose(const Header *headers, size_t n);
/* 'seconds': the limit on each of its runs. */
/* --initdb and --justdb by the image's rpm; the scratch database goes. Errors: ERR_SCRIPT. */
int database_make_by_own_rpm(int root, const struct strv *paths, unsigned seconds, struct err *err);
