/* The account files as they are edited together; not for other rooms. */
#pragma once

#include "configure/apply-parts.h"
#include "configure/entries.h"

enum account_file { PASSWD, SHADOW, GROUP, GSHADOW, N_ACCOUNT_FILES };

struct accounts {
    struct strv lines[N_ACCOUNT_FILES];
    bool exists[N_ACCOUNT_FILES], changed[N_ACCOUNT_FILES];
};

/* passwd and group must be there. */
int accounts_read(int root, struct accounts *accounts, struct err *err);
/* Write those that changed. */
int accounts_write(int root, const struct accounts *accounts, struct err *err);
void accounts_done(struct accounts *accounts);
static inline void cleanup_accounts(struct accounts *accounts)
{
    accounts_done(accounts);
}
#define auto_accounts __attribute__((cleanup(cleanup_accounts)))

/* A group line (and its shadow) by that name, made with 'gid' (-1: the next free one) if there is
 * none. *ret_gid is the one it has. */
int accounts_make_group(const struct applier *a, struct accounts *accounts, const char *name,
    int64_t gid, int64_t *ret_gid, struct err *err);

/* A range of subordinate ids in subuid(5) and subgid(5), where the system has these files. */
int accounts_add_subordinate_ids(const struct applier *a, const char *user, struct err *err);

/* A user's home directory, filled from /etc/skel. */
int home_make(
    const struct applier *a, const char *home, uint32_t uid, uint32_t gid, struct err *err);
int home_make_mailbox(const struct applier *a, const struct accounts *accounts, const char *user,
    uint32_t uid, struct err *err);
