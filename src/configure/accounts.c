#include "configure/accounts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const paths[N_ACCOUNT_FILES] = {
    "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"};

int accounts_read(int root, struct accounts *accounts, struct err *err)
{
    for (size_t i = 0; i < N_ACCOUNT_FILES; i++) {
        int r = root_read_lines(root, paths[i], &accounts->lines[i], err);
        if (r < 0)
            return r;
        accounts->exists[i] = r > 0;
        if (r > 0 || i == SHADOW || i == GSHADOW)
            continue;
        err_set(err, ERR_SYSTEM, -ENOENT, "there is no '%s' in the root", paths[i]);
        return err_hint(err, "no installed package brings it: add the one that does (setup)");
    }
    return 0;
}

int accounts_write(int root, const struct accounts *accounts, struct err *err)
{
    for (size_t i = 0; i < N_ACCOUNT_FILES; i++) {
        int mode = accounts->exists[i] ? ROOT_KEEP_MODE : 0600;
        int r = accounts->changed[i]
                    ? root_write_lines(root, paths[i], &accounts->lines[i], mode, err)
                    : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

void accounts_done(struct accounts *accounts)
{
    for (size_t i = 0; i < N_ACCOUNT_FILES; i++)
        strv_done(&accounts->lines[i]);
}

/* In front of NIS's "+", which must stay the last line. */
static void add_line(struct accounts *accounts, enum account_file file, char *line)
{
    struct strv *lines = &accounts->lines[file];
    strv_add(lines, line);
    for (size_t i = lines->n - 1; i > 0 && lines->v[i - 1][0] == '+'; i--) {
        char *last = lines->v[i - 1];
        lines->v[i - 1] = lines->v[i];
        lines->v[i] = last;
    }
    accounts->changed[file] = true;
    free(line);
}

static int check_name(const char *what, const char *name, struct err *err)
{
    if (entry_is_name(name))
        return 0;
    err_set(err, ERR_RECIPE, -EINVAL, "'%s' can't be the name of a %s", name, what);
    return err_hint(err, "letters, digits, '_', '-' and '.' can, up to 32 of them");
}

static int64_t first_id(const struct applier *a, const char *key)
{
    bool is_el = root_has(a->root, "/etc/redhat-release");
    bool is_old = a->era->init == INIT_SYSV || a->era->init == INIT_UPSTART;
    return settings_number(a->root, "/etc/login.defs", key, is_old && is_el ? 500 : 1000);
}

int accounts_make_group(const struct applier *a, struct accounts *accounts, const char *name,
    int64_t gid, int64_t *ret_gid, struct err *err)
{
    struct strv *lines = &accounts->lines[GROUP];
    size_t there = entries_find(lines, name);
    if (there != NO_ENTRY) {
        *ret_gid = entry_number(lines->v[there], 2);
        return 0;
    }
    int r = check_name("group", name, err);
    if (r < 0)
        return r;
    size_t other = gid >= 0 ? entries_find_id(lines, 2, gid) : NO_ENTRY;
    if (other != NO_ENTRY) {
        auto_free char *owner = entry_field(lines->v[other], 0);
        return err_set(err, ERR_RECIPE, -EEXIST, "group '%s': gid %" PRId64 " is that of '%s'",
            name, gid, owner);
    }
    if (gid < 0)
        gid = entries_next_id(lines, 2, first_id(a, "GID_MIN"),
            settings_number(a->root, "/etc/login.defs", "GID_MAX", 60000));
    if (gid < 0)
        return err_set(err, ERR_RECIPE, -ENOSPC, "group '%s': no gid is free", name);
    add_line(accounts, GROUP, xprintf("%s:x:%" PRId64 ":", name, gid));
    if (accounts->exists[GSHADOW] && entries_find(&accounts->lines[GSHADOW], name) == NO_ENTRY)
        add_line(accounts, GSHADOW, xprintf("%s:!::", name));
    *ret_gid = gid;
    return 0;
}

int apply_group(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_accounts struct accounts accounts = {0};
    int64_t gid = -1;
    int r = accounts_read(a->root, &accounts, err);
    if (r == 0)
        r = accounts_make_group(a, &accounts, o->name, o->id, &gid, err);
    if (r < 0)
        return r;
    if (o->id >= 0 && gid != o->id)
        apply_warn(a, o, "group: '%s' is there already, with gid %" PRId64, o->name, gid);
    return accounts_write(a->root, &accounts, err);
}

/* "wheel", or "name(gid)" for a group that may have to be made. */
static int add_to_group(const struct applier *a, struct accounts *accounts, const char *user,
    const char *group, struct err *err)
{
    size_t n = strcspn(group, "(");
    auto_free char *name = xstrndup(group, n);
    int64_t gid = group[n] ? strtoll(group + n + 1, NULL, 10) : -1;
    int r = accounts_make_group(a, accounts, name, gid, &gid, err);
    if (r < 0)
        return r;
    size_t i = entries_find(&accounts->lines[GROUP], name);
    if (entry_add_member(&accounts->lines[GROUP].v[i], 3, user))
        accounts->changed[GROUP] = true;
    i = entries_find(&accounts->lines[GSHADOW], name);
    if (i != NO_ENTRY && entry_add_member(&accounts->lines[GSHADOW].v[i], 3, user))
        accounts->changed[GSHADOW] = true;
    return 0;
}

/* The user's own group, of the same number if that is free, or the one that has the gid asked
 * for. */
static int primary_group(const struct applier *a, struct accounts *accounts,
    const struct recipe_user *user, int64_t uid, int64_t *ret_gid, struct err *err)
{
    const struct strv *groups = &accounts->lines[GROUP];
    int64_t gid = user->gid;
    if (gid >= 0 && entries_find_id(groups, 2, gid) != NO_ENTRY) {
        *ret_gid = gid;
        return 0;
    }
    if (gid < 0 && entries_find_id(groups, 2, uid) == NO_ENTRY)
        gid = uid;
    return accounts_make_group(a, accounts, user->name, gid, ret_gid, err);
}

static int choose_uid(const struct applier *a, const struct accounts *accounts,
    const struct recipe_user *user, int64_t *ret_uid, struct err *err)
{
    const struct strv *lines = &accounts->lines[PASSWD];
    size_t other = user->uid >= 0 ? entries_find_id(lines, 2, user->uid) : NO_ENTRY;
    if (other != NO_ENTRY) {
        auto_free char *owner = entry_field(lines->v[other], 0);
        return err_set(err, ERR_RECIPE, -EEXIST, "user '%s': uid %" PRId64 " is that of '%s'",
            user->name, user->uid, owner);
    }
    *ret_uid = user->uid >= 0 ? user->uid
                              : entries_next_id(lines, 2, first_id(a, "UID_MIN"),
                                    settings_number(a->root, "/etc/login.defs", "UID_MAX", 60000));
    return *ret_uid < 0 ? err_set(err, ERR_RECIPE, -ENOSPC, "user '%s': no uid is free", user->name)
                        : 0;
}

static char *default_shell(int root)
{
    char *shell = settings_value(root, "/etc/default/useradd", "SHELL");
    if (!str_empty(shell))
        return shell;
    free(shell);
    return xstrdup(root_has(root, "/bin/bash") ? "/bin/bash" : "/bin/sh");
}

static void add_shadow(const struct applier *a, struct accounts *accounts, const char *name)
{
    const char *defs = "/etc/login.defs";
    auto_free char *day = a->options->build_time > 0
                              ? xprintf("%" PRId64, a->options->build_time / 86400)
                              : xstrdup("");
    if (entries_find(&accounts->lines[SHADOW], name) == NO_ENTRY)
        add_line(accounts, SHADOW,
            xprintf("%s:!:%s:%" PRId64 ":%" PRId64 ":%" PRId64 ":::", name, day,
                settings_number(a->root, defs, "PASS_MIN_DAYS", 0),
                settings_number(a->root, defs, "PASS_MAX_DAYS", 99999),
                settings_number(a->root, defs, "PASS_WARN_AGE", 7)));
}

static int check_fields(const struct recipe_user *user, struct err *err)
{
    const char *const fields[] = {user->home, user->shell, user->gecos};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (fields[i] && strpbrk(fields[i], ":\n"))
            return err_set(err, ERR_RECIPE, -EINVAL,
                "user '%s': '%s' has a colon or a line break in it", user->name, fields[i]);
    for (size_t i = 0; i < 2; i++)
        if (!str_empty(fields[i]) && fields[i][0] != '/')
            return err_set(err, ERR_RECIPE, -EINVAL, "user '%s': '%s' does not begin with '/'",
                user->name, fields[i]);
    return check_name("user", user->name, err);
}

static int add_user(const struct applier *a, struct accounts *accounts,
    const struct recipe_user *user, const char *home, struct err *err)
{
    int64_t uid = -1, gid = -1;
    int r = choose_uid(a, accounts, user, &uid, err);
    if (r == 0)
        r = primary_group(a, accounts, user, uid, &gid, err);
    if (r < 0)
        return r;
    auto_free char *shell = str_empty(user->shell) ? default_shell(a->root) : xstrdup(user->shell);
    add_line(accounts, PASSWD,
        xprintf("%s:x:%" PRId64 ":%" PRId64 ":%s:%s:%s", user->name, uid, gid,
            user->gecos ? user->gecos : "", home, shell));
    add_shadow(a, accounts, user->name);
    r = home_make(a, home, (uint32_t)uid, (uint32_t)gid, err);
    if (r == 0)
        r = home_make_mailbox(a, accounts, user->name, (uint32_t)uid, err);
    return r < 0 ? r : accounts_add_subordinate_ids(a, user->name, err);
}

int apply_user(const struct applier *a, const struct operation *o, struct err *err)
{
    const struct recipe_user *user = o->user;
    auto_accounts struct accounts accounts = {0};
    auto_free char *home =
        str_empty(user->home) ? xprintf("/home/%s", user->name) : xstrdup(user->home);
    int r = check_fields(user, err);
    if (r == 0)
        r = accounts_read(a->root, &accounts, err);
    if (r < 0)
        return r;
    if (entries_find(&accounts.lines[PASSWD], user->name) == NO_ENTRY)
        r = add_user(a, &accounts, user, home, err);
    else
        apply_warn(
            a, o, "user: '%s' is there already: only its groups and password are set", user->name);
    for (size_t i = 0; r == 0 && i < user->groups.n; i++)
        r = add_to_group(a, &accounts, user->name, user->groups.v[i], err);
    return r < 0 ? r : accounts_write(a->root, &accounts, err);
}

/* What stands in the password's field, or NULL to leave what is there. */
static int password_field(const struct applier *a, const struct operation *o, const char *old,
    char **ret_field, struct err *err)
{
    const struct recipe_password *p = o->password;
    if (!p->text) { /* locked, unless a package has done that in its own way */
        *ret_field = *old == '!' || *old == '*' ? NULL : xstrdup("!");
        return 0;
    }
    auto_free char *hash =
        p->is_crypted ? xstrdup(p->text) : password_hash(a->root, a->options, o->name, p->text);
    if (!hash)
        return err_set(
            err, ERR_RECIPE, -EINVAL, "the password of '%s' can't be encrypted", o->name);
    if (strpbrk(hash, ":\n"))
        return err_set(err, ERR_RECIPE, -EINVAL,
            "the encrypted password of '%s' has a colon or a line break in it", o->name);
    *ret_field = xprintf("%s%s", p->lock ? "!" : "", hash);
    return 0;
}

/* Shadow's line, made from what passwd has where the packages left none (pwconv). */
static int shadow_line(
    const struct applier *a, struct accounts *accounts, const char *name, struct err *err)
{
    size_t i = entries_find(&accounts->lines[PASSWD], name);
    if (i == NO_ENTRY) {
        err_set(err, ERR_RECIPE, -ENOENT, "there is no user '%s' to give a password", name);
        return strcmp(name, "root") == 0 ? err->code : err_hint(err, "add 'user --name=%s'", name);
    }
    add_shadow(a, accounts, name);
    entry_set(&accounts->lines[PASSWD].v[i], 1, "x");
    accounts->changed[PASSWD] = true;
    return 0;
}

int apply_password(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_accounts struct accounts accounts = {0};
    bool locks_only = !o->password->text;
    if (locks_only && !root_has(a->root, paths[PASSWD])) /* nobody can log in anyway */
        return 0;
    int r = accounts_read(a->root, &accounts, err);
    if (r == 0 && locks_only && entries_find(&accounts.lines[PASSWD], o->name) == NO_ENTRY)
        return 0;
    if (r == 0)
        r = shadow_line(a, &accounts, o->name, err);
    if (r < 0)
        return r;
    char **line = &accounts.lines[SHADOW].v[entries_find(&accounts.lines[SHADOW], o->name)];
    auto_free char *old = entry_field(*line, 1), *field = NULL;
    r = password_field(a, o, old, &field, err);
    if (r < 0)
        return r;
    if (field) {
        entry_set(line, 1, field);
        accounts.changed[SHADOW] = true;
    }
    return accounts_write(a->root, &accounts, err);
}
