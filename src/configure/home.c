#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "configure/accounts.h"

#define MAX_DEPTH 16
#define MAX_SKELETON_BYTES ((size_t)16 << 20)

struct owner {
    uint32_t uid, gid;
};

static int copy_file(
    int root, const char *from, const char *to, mode_t mode, struct owner owner, struct err *err)
{
    auto_free char *bytes = NULL;
    size_t size = 0;
    int r = file_read_in(root, from, MAX_SKELETON_BYTES, &bytes, &size);
    if (r == 0)
        r = file_write_in(root, to, bytes, size, mode);
    if (r < 0)
        return err_code(err, r, "cannot copy '%s' to '%s' in the root", from, to);
    return root_chown(root, to, owner.uid, owner.gid, err);
}

static int copy_tree(int root, const char *from, const char *to, struct owner owner, unsigned depth,
    struct err *err);

static int copy_entry(
    int root, const char *from, const char *to, struct owner owner, unsigned depth, struct err *err)
{
    struct stat st, there;
    int r = root_lstat(root, from, &st, err);
    if (r > 0)
        r = root_lstat(root, to, &there, err) == 0;
    if (r <= 0) /* nothing to copy, or the user has one */
        return r;
    if (S_ISREG(st.st_mode))
        return copy_file(root, from, to, st.st_mode & 0777, owner, err);
    if (S_ISLNK(st.st_mode)) {
        auto_free char *target = root_readlink(root, from);
        if (!target)
            return 0;
        r = root_symlink(root, to, target, err);
        return r < 0 ? r : root_lchown(root, to, owner.uid, owner.gid, err);
    }
    if (!S_ISDIR(st.st_mode) || depth >= MAX_DEPTH)
        return 0;
    r = root_mkdir(root, to, st.st_mode & 0777, err);
    if (r == 0)
        r = root_chown(root, to, owner.uid, owner.gid, err);
    return r < 0 ? r : copy_tree(root, from, to, owner, depth + 1, err);
}

static int copy_tree(
    int root, const char *from, const char *to, struct owner owner, unsigned depth, struct err *err)
{
    auto_strv struct strv names = {0};
    int r = root_list(root, from, &names, err);
    for (size_t i = 0; r == 0 && i < names.n; i++) {
        auto_free char *source = xprintf("%s/%s", from, names.v[i]);
        auto_free char *target = xprintf("%s/%s", to, names.v[i]);
        r = copy_entry(root, source, target, owner, depth, err);
    }
    return r;
}

/* As useradd(8): HOME_MODE, else what UMASK leaves. */
static uint32_t home_mode(int root)
{
    const char *defs = "/etc/login.defs";
    int64_t mode = settings_number(root, defs, "HOME_MODE", -1);
    int64_t umask_bits = settings_number(root, defs, "UMASK", 077);
    return (uint32_t)(mode >= 0 ? mode & 0777 : 0777 & ~umask_bits);
}

int home_make(
    const struct applier *a, const char *home, uint32_t uid, uint32_t gid, struct err *err)
{
    struct stat skeleton;
    struct owner owner = {uid, gid};
    auto_strv struct strv names = {0};
    int r = root_list(a->root, home, &names, err);
    if (r == 0 && names.n) /* not a new home: '/', a package's directory */
        return 0;
    if (r == 0)
        r = root_mkdir(a->root, home, home_mode(a->root), err);
    if (r == 0)
        r = root_chown(a->root, home, uid, gid, err);
    if (r == 0)
        r = root_lstat(a->root, "/etc/skel", &skeleton, err);
    return r > 0 && S_ISDIR(skeleton.st_mode) ? copy_tree(a->root, "/etc/skel", home, owner, 0, err)
                                              : (r < 0 ? r : 0);
}

/* As useradd(8) with CREATE_MAIL_SPOOL. */
int home_make_mailbox(const struct applier *a, const struct accounts *accounts, const char *user,
    uint32_t uid, struct err *err)
{
    auto_free char *wanted = settings_value(a->root, "/etc/default/useradd", "CREATE_MAIL_SPOOL");
    auto_free char *path = xprintf("/var/spool/mail/%s", user);
    if (!wanted || strcmp(wanted, "yes") != 0 || !root_has(a->root, "/var/spool/mail") ||
        root_has(a->root, path))
        return 0;
    size_t mail = entries_find(&accounts->lines[GROUP], "mail");
    int64_t gid = mail == NO_ENTRY ? -1 : entry_number(accounts->lines[GROUP].v[mail], 2);
    int r = root_write(a->root, path, "", gid < 0 ? 0600 : 0660, err);
    return r < 0 ? r : root_chown(a->root, path, uid, gid < 0 ? 0 : (uint32_t)gid, err);
}

static int add_key(
    int root, const char *directory, const char *key, struct owner owner, struct err *err)
{
    auto_free char *path = xprintf("%s/authorized_keys", directory);
    auto_strv struct strv lines = {0};
    int r = root_mkdir(root, directory, 0700, err);
    if (r == 0)
        r = root_chown(root, directory, owner.uid, owner.gid, err);
    if (r == 0)
        r = root_read_lines(root, path, &lines, err);
    if (r < 0 || strv_has(&lines, key))
        return r < 0 ? r : 0;
    strv_add(&lines, key);
    r = root_write_lines(root, path, &lines, r > 0 ? ROOT_KEEP_MODE : 0600, err);
    return r < 0 ? r : root_chown(root, path, owner.uid, owner.gid, err);
}

int apply_sshkey(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_accounts struct accounts accounts = {0};
    int r = accounts_read(a->root, &accounts, err);
    if (r < 0)
        return r;
    size_t i = entries_find(&accounts.lines[PASSWD], o->name);
    if (i == NO_ENTRY) {
        err_set(err, ERR_RECIPE, -ENOENT, "sshkey: there is no user '%s'", o->name);
        return err_hint(err, "add 'user --name=%s'", o->name);
    }
    if (strchr(o->text, '\n'))
        return err_set(
            err, ERR_RECIPE, -EINVAL, "sshkey: the key of '%s' is not one line", o->name);
    const char *line = accounts.lines[PASSWD].v[i];
    int64_t uid = entry_number(line, 2), gid = entry_number(line, 3);
    auto_free char *home = entry_field(line, 5);
    if (uid < 0 || gid < 0 || home[0] != '/')
        return err_set(
            err, ERR_SYSTEM, -EINVAL, "the line of '%s' in '/etc/passwd' is broken", o->name);
    auto_free char *directory = xprintf("%s/.ssh", strcmp(home, "/") == 0 ? "" : home);
    return add_key(a->root, directory, o->text, (struct owner){(uint32_t)uid, (uint32_t)gid}, err);
}
