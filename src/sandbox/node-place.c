#include "sandbox/node-place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/memory.h"
#include "sandbox/sandbox.h"

#define STATUS_MAX ((size_t)64 << 10)

static int open_of(pid_t pid, const char *what, int flags)
{
    auto_free char *path = xprintf("/proc/%d/%s", (int)pid, what);
    int fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int read_path(const struct node_call *call, char ret_path[PATH_MAX])
{
    auto_close int memory = open_of(call->pid, "mem", O_RDONLY);
    if (memory < 0)
        return -EPERM;
    /* It may end at a page that is not there. */
    ssize_t n = pread(memory, ret_path, PATH_MAX, (off_t)call->path);
    if (n <= 0)
        return -EFAULT;
    return memchr(ret_path, '\0', (size_t)n) ? 0 : -ENAMETOOLONG;
}

/* The directory that a path begins at. */
static int open_base(const struct node_call *call, bool is_absolute)
{
    if (is_absolute)
        return open_of(call->pid, "root", O_PATH | O_DIRECTORY);
    if (call->directory == AT_FDCWD)
        return open_of(call->pid, "cwd", O_PATH | O_DIRECTORY);
    auto_free char *name = xprintf("fd/%d", call->directory);
    int fd = open_of(call->pid, name, O_PATH | O_DIRECTORY);
    return fd == -ENOENT ? -EBADF : fd;
}

/* From the caller's '/' as that sees it; from its working directory only below that, since what
 * is above and absolute symlinks would be ours. */
static int open_parent(const struct node_call *call, char *path, const char **ret_name)
{
    bool is_absolute = *path == '/';
    auto_close int base = open_base(call, is_absolute);
    if (base < 0)
        return base;
    char *slash = strrchr(path, '/');
    const char *directory = slash == path ? "/" : slash ? path : ".";
    *ret_name = slash ? slash + 1 : path;
    if (slash && slash != path)
        *slash = '\0';
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_NO_MAGICLINKS | (is_absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH)};
    long fd = syscall(SYS_openat2, base, directory, &how, sizeof how);
    return fd < 0 ? (errno == EXDEV ? -EPERM : -errno) : (int)fd;
}

static mode_t umask_of(pid_t pid)
{
    auto_free char *path = xprintf("/proc/%d/status", (int)pid);
    auto_free char *text = NULL;
    size_t size = 0;
    unsigned mask = 022;
    if (file_read(path, STATUS_MAX, &text, &size) < 0)
        return 022;
    const char *line = strstr(text, "\nUmask:");
    return line && sscanf(line, "\nUmask: %o", &mask) == 1 ? (mode_t)(mask & 0777) : 022;
}

int node_place_find(const struct node_call *call, struct node_place *ret_place)
{
    char path[PATH_MAX];
    const char *name = NULL;
    int r = read_path(call, path);
    if (r < 0)
        return r;
    if (!*path)
        return -ENOENT;
    auto_close int parent = open_parent(call, path, &name);
    if (parent < 0)
        return parent;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EEXIST;
    if (strlen(name) >= sizeof ret_place->name)
        return -ENAMETOOLONG;
    strcpy(ret_place->name, name);
    ret_place->mask = umask_of(call->pid);
    ret_place->parent = steal_fd(&parent);
    return 0;
}

int node_place_make(const struct node_place *place, const struct node_call *call, bool must)
{
    auto_free char *node = xprintf("%c %u %u", S_ISCHR(call->mode) ? 'c' : 'b',
        major((dev_t)call->device), minor((dev_t)call->device));
    auto_close int fd = openat(
        place->parent, place->name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = fchmod(fd, call->mode & 07777 & ~place->mask) < 0 ? -errno : 0;
    if (r == 0 && fsetxattr(fd, SANDBOX_NODE_XATTR, node, strlen(node), 0) < 0 &&
        (must || errno != EOPNOTSUPP))
        r = -errno;
    if (r < 0) {
        unlinkat(place->parent, place->name, 0);
        return r;
    }
    return steal_fd(&fd);
}
