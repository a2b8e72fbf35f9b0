#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int file_open_in(int root, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    for (int attempt = 0;; attempt++) {
        long fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        /* EAGAIN: a rename somewhere raced with the walk, the kernel asks to try again. */
        if (errno != EINTR && (errno != EAGAIN || attempt > 100))
            return -errno;
    }
}

static int open_or_make(int root, const char *path, mode_t mode)
{
    int fd = file_open_in(root, path, O_PATH | O_DIRECTORY, 0);
    if (fd != -ENOENT)
        return fd;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    auto_free char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
    if (!*name) /* a trailing slash */
        return open_or_make(root, parent, mode);
    auto_close int dir = open_or_make(root, parent, mode);
    if (dir < 0)
        return dir;
    /* The mode is the caller's, not what the umask leaves of it. */
    if (mkdirat(dir, name, mode) < 0 ? errno != EEXIST : fchmodat(dir, name, mode, 0) < 0)
        return -errno;
    return file_open_in(root, path, O_PATH | O_DIRECTORY, 0);
}

int file_make_directories_in(int root, const char *path, mode_t mode)
{
    int fd = open_or_make(root, path, mode);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

int file_open_parent_in(int root, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    auto_free char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
    int fd = open_or_make(root, parent, 0755);
    if (fd >= 0)
        *ret_name = slash ? slash + 1 : path;
    return fd;
}

int file_read_fd(int fd, size_t max_bytes, char **ret_data, size_t *ret_size)
{
    auto_strbuf struct strbuf b = {0};
    char block[65536];
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        if ((size_t)n > max_bytes - b.len)
            return -EFBIG;
        strbuf_add(&b, block, (size_t)n);
    }
    *ret_size = b.len;
    *ret_data = strbuf_steal(&b);
    return 0;
}

int file_read_in(int root, const char *path, size_t max_bytes, char **ret_data, size_t *ret_size)
{
    auto_close int fd = file_open_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    return fd < 0 ? fd : file_read_fd(fd, max_bytes, ret_data, ret_size);
}

int file_read(const char *path, size_t max_bytes, char **ret_data, size_t *ret_size)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : file_read_fd(fd, max_bytes, ret_data, ret_size);
}

int file_write_all(int fd, const void *bytes, size_t size)
{
    const char *p = bytes;
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

int file_pwrite_all(int fd, const void *bytes, size_t size, uint64_t offset)
{
    const char *p = bytes;
    while (size) {
        ssize_t n = pwrite(fd, p, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

int file_pread_all(int fd, void *bytes, size_t size, uint64_t offset)
{
    char *p = bytes;
    while (size) {
        ssize_t n = pread(fd, p, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -ENODATA;
        p += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

/* The path with its last component's symlinks followed, so that the file itself is replaced. */
static int follow_links(int root, const char *path, char **ret_path)
{
    auto_free char *current = xstrdup(path);
    for (int depth = 0; depth < 40; depth++) {
        auto_close int fd = file_open_in(root, current, O_PATH | O_NOFOLLOW, 0);
        char target[4096];
        ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);
        if (n < 0) {
            *ret_path = steal(&current);
            return 0;
        }
        target[n] = '\0';
        const char *slash = strrchr(current, '/');
        char *next = target[0] == '/' || !slash
                         ? xstrdup(target)
                         : xprintf("%.*s/%s", (int)(slash - current), current, target);
        free(current);
        current = next;
    }
    return -ELOOP;
}

/* The new file's name is nobody else's: another process may be replacing the same file. */
static int write_beside(int dir, const char *name, const void *bytes, size_t size, mode_t mode)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return -errno;
    auto_free char *temporary = xprintf(".%s.%016" PRIx64, name, random);
    auto_close int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = file_write_all(fd, bytes, size);
    if (r == 0 && fchmod(fd, mode) < 0)
        r = -errno;
    if (r == 0 && renameat(dir, temporary, dir, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir, temporary, 0);
    return r;
}

int file_write_in(int root, const char *path, const void *bytes, size_t size, mode_t mode)
{
    auto_free char *real = NULL;
    int r = follow_links(root, path, &real);
    if (r < 0)
        return r;
    const char *name;
    auto_close int parent = file_open_parent_in(root, real, &name);
    if (parent < 0)
        return parent;
    if (!*name)
        return -EISDIR;
    auto_close int dir = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 ? -errno : write_beside(dir, name, bytes, size, mode);
}

int file_exists_in(int root, const char *path)
{
    auto_close int fd = file_open_in(root, path, O_PATH, 0);
    if (fd >= 0)
        return 1;
    return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
}

int file_make_directories(const char *path, mode_t mode)
{
    auto_free char *copy = xstrdup(path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p)
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return -errno;
        if (!end)
            return 0;
        *p = end;
    }
}

static int remove_contents(int fd, dev_t device)
{
    DIR *d = fdopendir(dup(fd));
    if (!d)
        return -errno;
    int result = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        struct stat st;
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
            continue;
        int r = S_ISDIR(st.st_mode)              ? file_remove_tree(fd, e->d_name)
                : unlinkat(fd, e->d_name, 0) < 0 ? -errno
                                                 : 0;
        if (r < 0 && result == 0)
            result = r;
    }
    closedir(d);
    return result;
}

int file_remove_tree(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISDIR(st.st_mode))
        return unlinkat(dir, name, 0) < 0 ? -errno : 0;
    if ((st.st_mode & 0700) != 0700 && fchmodat(dir, name, 0700, 0) < 0)
        return -errno;
    auto_close int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = remove_contents(fd, st.st_dev);
    if (r < 0)
        return r;
    return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
