#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "configure/apply-parts.h"
#include "sandbox/sandbox.h"

int apply_append(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_strv struct strv lines = {0};
    int r = root_read_lines(a->root, o->path, &lines, err);
    if (r < 0)
        return r;
    size_t before = lines.n;
    for (const char *line = o->text; *line;) {
        const char *end = strchrnul(line, '\n');
        auto_free char *copy = xstrndup(line, (size_t)(end - line));
        if (!strv_has(&lines, copy))
            strv_add(&lines, copy);
        line = *end ? end + 1 : end;
    }
    if (lines.n == before && r > 0)
        return 0;
    return root_write_lines(a->root, o->path, &lines, ROOT_KEEP_MODE, err);
}

/* If 'line' begins with one of the keys ("a|b"), what stands behind the key; else NULL. */
static const char *behind_key(const char *line, const char *keys)
{
    while (*keys) {
        size_t n = strcspn(keys, "|");
        if (strncasecmp(line, keys, n) == 0 && !isalnum((unsigned char)line[n]) && line[n] != '_')
            return line + n;
        keys += keys[n] ? n + 1 : n;
    }
    return NULL;
}

static bool sets_key(const char *line, const char *keys, bool by_word)
{
    line += strspn(line, " \t");
    const char *behind = behind_key(line, keys);
    if (!behind)
        return false;
    return by_word ? *behind == ' ' || *behind == '\t' : *behind == '=' || *behind == ':';
}

/* A line that shows the key's default as a comment is the place for it. */
static bool mentions_key(const char *line, const char *keys, bool by_word)
{
    line += strspn(line, " \t");
    return *line == '#' && sets_key(line + strspn(line, "# \t"), keys, by_word);
}

/* Where the file's own part ends: a Match block of sshd_config(5) is about some users only. */
static size_t end_of_settings(const struct strv *lines, bool by_word)
{
    for (size_t i = 0; by_word && i < lines->n; i++) {
        const char *line = lines->v[i] + strspn(lines->v[i], " \t");
        if (strncasecmp(line, "match", 5) == 0 && (line[5] == ' ' || line[5] == '\t'))
            return i;
    }
    return lines->n;
}

static size_t place_for(const struct strv *lines, size_t end, const char *keys, bool by_word)
{
    for (size_t i = 0; i < end; i++)
        if (sets_key(lines->v[i], keys, by_word))
            return i;
    for (size_t i = end; i > 0; i--)
        if (mentions_key(lines->v[i - 1], keys, by_word))
            return i;
    return end;
}

int apply_set(const struct applier *a, const struct operation *o, struct err *err)
{
    auto_strv struct strv old = {0}, new = {0};
    int r = root_read_lines(a->root, o->path, &old, err);
    if (r < 0)
        return r;
    const char *behind = behind_key(o->text, o->key);
    bool by_word = behind && (*behind == ' ' || *behind == '\t');
    size_t end = end_of_settings(&old, by_word);
    size_t place = place_for(&old, end, o->key, by_word);
    for (size_t i = 0; i <= old.n; i++) {
        if (i == place)
            strv_add(&new, o->text);
        if (i < old.n && (i >= end || !sets_key(old.v[i], o->key, by_word)))
            strv_add(&new, old.v[i]);
    }
    return root_write_lines(a->root, o->path, &new, ROOT_KEEP_MODE, err);
}

/* A device as a user namespace can have it (sandbox.h). */
static int place_node(int dir, const char *name, const char *text, uint32_t mode)
{
    auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    if (fsetxattr(fd, SANDBOX_NODE_XATTR, text, strlen(text), 0) < 0 || fchmod(fd, mode) < 0) {
        int code = -errno;
        unlinkat(dir, name, 0);
        return code;
    }
    return 0;
}

static int make_node(int dir, const char *name, const char *text, uint32_t mode)
{
    char type, end;
    unsigned major_number, minor_number;
    if (sscanf(text, "%c %u %u%c", &type, &major_number, &minor_number, &end) != 3 ||
        (type != 'b' && type != 'c'))
        return -EINVAL;
    if (sandbox_is_entered())
        return place_node(dir, name, text, mode);
    dev_t device = makedev(major_number, minor_number);
    if (mknodat(dir, name, (type == 'b' ? S_IFBLK : S_IFCHR) | 0600, device) < 0)
        return errno == EPERM ? place_node(dir, name, text, mode) : -errno;
    return fchmodat(dir, name, mode, 0) < 0 ? -errno : 0;
}

int apply_device(const struct applier *a, const struct operation *o, struct err *err)
{
    const char *name;
    auto_close int parent = file_open_parent_in(a->root, o->path, &name);
    auto_close int dir =
        parent < 0 ? parent : openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 || dir < 0)
        return err_code(
            err, parent < 0 ? parent : -errno, "cannot open the directory of '%s'", o->path);
    struct stat st;
    bool exists = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
        return 0;
    if (exists && unlinkat(dir, name, 0) < 0)
        return err_errno(err, "cannot replace '%s' in the root", o->path);
    int r = make_node(dir, name, o->text, o->mode);
    if (r == 0)
        return 0;
    err_code(err, r, "cannot make the device '%s' in the root", o->path);
    if (r == -ENOTSUP)
        err_hint(err, "the root must be on a file system that keeps user extended attributes");
    return r;
}
