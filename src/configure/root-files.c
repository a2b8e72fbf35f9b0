#include "configure/root-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

/* Far more than any file of settings: what is larger is not one. */
#define MAX_TEXT_BYTES ((size_t)4 << 20)

static bool is_absent(int code)
{
    return code == -ENOENT || code == -ENOTDIR;
}

/* 1 and its status if 'path' is a regular file, 0 if there is nothing. */
static int regular_file(int root, const char *path, struct stat *ret, struct err *err)
{
    auto_close int fd = file_open_in(root, path, O_PATH, 0);
    if (fd < 0)
        return is_absent(fd) ? 0 : err_code(err, fd, "cannot open '%s' in the root", path);
    if (fstat(fd, ret) < 0)
        return err_errno(err, "cannot look at '%s' in the root", path);
    if (!S_ISREG(ret->st_mode))
        return err_set(err, ERR_SYSTEM, -EINVAL, "'%s' in the root is not a regular file", path);
    return 1;
}

int root_read(int root, const char *path, char **ret_text, struct err *err)
{
    struct stat st;
    size_t size = 0;
    *ret_text = NULL;
    int r = regular_file(root, path, &st, err);
    if (r <= 0) {
        *ret_text = r == 0 ? xstrdup("") : NULL;
        return r;
    }
    r = file_read_in(root, path, MAX_TEXT_BYTES, ret_text, &size);
    if (r == -EFBIG)
        return err_set(err, ERR_SYSTEM, r, "'%s' in the root is larger than %zu MiB", path,
            MAX_TEXT_BYTES >> 20);
    if (r < 0)
        return err_code(err, r, "cannot read '%s' in the root", path);
    if (memchr(*ret_text, '\0', size))
        return err_set(err, ERR_SYSTEM, -EINVAL, "'%s' in the root is not a text file", path);
    return 1;
}

int root_write(int root, const char *path, const char *text, int mode, struct err *err)
{
    struct stat old;
    int exists = regular_file(root, path, &old, err);
    if (exists < 0)
        return exists;
    if (mode == ROOT_KEEP_MODE)
        mode = exists ? (int)(old.st_mode & 07777) : 0644;
    int r = file_write_in(root, path, text, strlen(text), (mode_t)mode);
    if (r < 0)
        return err_code(err, r, "cannot write '%s' in the root", path);
    if (!exists || (old.st_uid == geteuid() && old.st_gid == getegid()))
        return 0;
    return root_chown(root, path, old.st_uid, old.st_gid, err);
}

int root_read_lines(int root, const char *path, struct strv *ret_lines, struct err *err)
{
    auto_free char *text = NULL;
    int r = root_read(root, path, &text, err);
    if (r < 0)
        return r;
    char *next = text;
    for (char *line; *next; next = line + strlen(line) + 1) {
        line = next;
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        strv_add(ret_lines, line);
        if (!end)
            break;
    }
    return r;
}

int root_write_lines(
    int root, const char *path, const struct strv *lines, int mode, struct err *err)
{
    auto_strbuf struct strbuf b = {0};
    for (size_t i = 0; i < lines->n; i++) {
        strbuf_puts(&b, lines->v[i]);
        strbuf_putc(&b, '\n');
    }
    return root_write(root, path, b.s ? b.s : "", mode, err);
}

int root_lstat(int root, const char *path, struct stat *ret, struct err *err)
{
    auto_close int fd = file_open_in(root, path, O_PATH | O_NOFOLLOW, 0);
    if (fd < 0)
        return is_absent(fd) ? 0 : err_code(err, fd, "cannot open '%s' in the root", path);
    return fstat(fd, ret) < 0 ? err_errno(err, "cannot look at '%s' in the root", path) : 1;
}

bool root_has(int root, const char *path)
{
    return file_exists_in(root, path) == 1;
}

static int open_parent(int root, const char *path, const char **ret_name, struct err *err)
{
    int dir = file_open_parent_in(root, path, ret_name);
    if (dir < 0)
        return err_code(err, dir, "cannot make the directory of '%s' in the root", path);
    if (**ret_name && strcmp(*ret_name, ".") != 0 && strcmp(*ret_name, "..") != 0)
        return dir;
    close(dir);
    return err_set(err, ERR_SYSTEM, -EINVAL, "'%s' does not name a file", path);
}

int root_symlink(int root, const char *path, const char *target, struct err *err)
{
    const char *name;
    auto_free char *old = root_readlink(root, path);
    if (old && strcmp(old, target) == 0)
        return 0;
    auto_close int dir = open_parent(root, path, &name, err);
    if (dir < 0)
        return dir;
    auto_free char *temporary = xprintf(".%s.slipway-new", name);
    unlinkat(dir, temporary, 0);
    if (symlinkat(target, dir, temporary) == 0 && renameat(dir, temporary, dir, name) == 0)
        return 0;
    int code = -errno;
    unlinkat(dir, temporary, 0);
    return err_code(err, code, "cannot make the symlink '%s' in the root", path);
}

char *root_path_of(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    return n < 0 || (size_t)n == sizeof path ? NULL : xstrndup(path, (size_t)n);
}

char *root_readlink(int root, const char *path)
{
    char target[4096];
    auto_close int fd = file_open_in(root, path, O_PATH | O_NOFOLLOW, 0);
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target);
    return n < 0 || (size_t)n == sizeof target ? NULL : xstrndup(target, (size_t)n);
}

int root_mkdir(int root, const char *path, uint32_t mode, struct err *err)
{
    const char *name;
    auto_close int dir = open_parent(root, path, &name, err);
    if (dir < 0)
        return dir;
    if (mkdirat(dir, name, mode) == 0)
        return fchmodat(dir, name, mode, 0) < 0
                   ? err_errno(err, "cannot set the mode of '%s'", path)
                   : 0;
    auto_close int there = file_open_in(root, path, O_PATH | O_DIRECTORY, 0);
    return there < 0 ? err_code(err, there, "cannot make the directory '%s' in the root", path) : 0;
}

static int change_owner(
    int root, const char *path, int flags, uint32_t uid, uint32_t gid, struct err *err)
{
    auto_close int fd = file_open_in(root, path, O_PATH | flags, 0);
    if (fd < 0)
        return err_code(err, fd, "cannot open '%s' in the root", path);
    if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
        return err_errno(err, "cannot give '%s' in the root to %u:%u", path, uid, gid);
    return 0;
}

int root_chown(int root, const char *path, uint32_t uid, uint32_t gid, struct err *err)
{
    return change_owner(root, path, 0, uid, gid, err);
}

int root_lchown(int root, const char *path, uint32_t uid, uint32_t gid, struct err *err)
{
    return change_owner(root, path, O_NOFOLLOW, uid, gid, err);
}

int root_remove(int root, const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    const char *pattern = slash ? slash + 1 : path;
    auto_free char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
    auto_strv struct strv names = {0};
    int r = root_list(root, parent, &names, err);
    auto_close int dir = r < 0 ? r : file_open_in(root, parent, O_PATH | O_DIRECTORY, 0);
    if (r < 0)
        return r;
    for (size_t i = 0; i < names.n && dir >= 0; i++) {
        if (fnmatch(pattern, names.v[i], FNM_PERIOD) != 0)
            continue;
        r = file_remove_tree(dir, names.v[i]);
        if (r < 0)
            return err_code(err, r, "cannot remove '%s/%s' in the root", parent, names.v[i]);
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int root_list(int root, const char *path, struct strv *ret_names, struct err *err)
{
    int fd = file_open_in(root, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
    if (fd < 0)
        return is_absent(fd) ? 0 : err_code(err, fd, "cannot open '%s' in the root", path);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int r = err_errno(err, "cannot list '%s' in the root", path);
        close(fd);
        return r;
    }
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            strv_add(ret_names, e->d_name);
    closedir(dir);
    if (ret_names->n)
        qsort(ret_names->v, ret_names->n, sizeof *ret_names->v, compare_names);
    return 0;
}
