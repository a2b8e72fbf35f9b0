#include "disk/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#define TRIES 16

/* The directory of a path, as a path; the caller frees. *ret_name points into 'path'. */
static char *split(const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    *ret_name = slash ? slash + 1 : path;
    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int open_directory(const char *path, const char **ret_name, struct err *err)
{
    auto_free char *directory = split(path, ret_name);
    if (!**ret_name)
        return err_set(err, ERR_USAGE, -EISDIR, "'%s' is a directory, not a disk image", path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, "cannot open the directory '%s'", directory) : fd;
}

int disk_check_output(const char *path, bool force, struct err *err)
{
    const char *name;
    struct stat st;
    auto_close int directory = open_directory(path, &name, err);
    if (directory < 0)
        return err->code;
    if (fstatat(directory, name, &st, 0) == 0) {
        if (!S_ISREG(st.st_mode))
            return err_set(err, ERR_USAGE, -EEXIST, "'%s' is not an ordinary file", path);
        if (!force) {
            err_set(err, ERR_USAGE, -EEXIST, "'%s' exists", path);
            return err_hint(err, "give --force to replace it");
        }
    }
    if (faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return err_errno(err, "cannot make '%s'", path);
    return 0;
}

/* ".NAME.slipway-": what a temporary image begins with. */
static char *prefix_of(const char *name)
{
    return xprintf(".%s.slipway-", name);
}

/* Images that killed builds left behind: nobody holds their lock. */
static void remove_stale(int directory, const char *prefix)
{
    auto_close int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    if (!list)
        return;
    steal_fd(&again);
    for (const struct dirent *e; (e = readdir(list));) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
            continue;
        auto_close int fd = openat(directory, e->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(directory, e->d_name, 0);
    }
    closedir(list);
}

static int make_file(int directory, const char *prefix, char **ret_name)
{
    for (int i = 0; i < TRIES; i++) {
        uint32_t random = 0;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            return -errno;
        auto_free char *name = xprintf("%s%08x", prefix, random);
        auto_close int fd = openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        if (fd < 0 && errno == EEXIST)
            continue;
        if (fd < 0)
            return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
            continue; /* another build took it for a stale one */
        *ret_name = steal(&name);
        return steal_fd(&fd);
    }
    return -EEXIST;
}

static int no_space(const char *path, uint64_t size_bytes, struct err *err)
{
    int code = errno;
    err_code(err, -code, "cannot make '%s' %llu bytes large", path, (unsigned long long)size_bytes);
    if (code == EFBIG)
        return err_hint(err, "this file system can't hold a file of that size");
    return err->code;
}

int disk_create(
    const char *path, uint64_t size_bytes, bool force, struct disk **ret_disk, struct err *err)
{
    const char *name;
    auto_free char *temporary = NULL;
    int r = disk_check_output(path, force, err);
    if (r < 0)
        return r;
    auto_close int directory = open_directory(path, &name, err);
    if (directory < 0)
        return err->code;
    auto_free char *prefix = prefix_of(name);
    remove_stale(directory, prefix);
    auto_close int fd = make_file(directory, prefix, &temporary);
    if (fd < 0)
        return err_code(err, fd, "cannot make '%s'", path);
    if (ftruncate(fd, (off_t)size_bytes) < 0) {
        no_space(path, size_bytes, err);
        unlinkat(directory, temporary, 0);
        return err->code;
    }
    struct disk *disk = xcalloc(1, sizeof *disk);
    auto_free char *parent = split(path, &name);
    disk->path = xprintf("%s/%s", parent, temporary);
    disk->final_path = xstrdup(path);
    disk->replace = force;
    disk->fd = steal_fd(&fd);
    *ret_disk = disk;
    return 0;
}

static int sync_directory(const char *path)
{
    const char *name;
    auto_free char *parent = split(path, &name);
    auto_close int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int disk_commit(struct disk *disk, struct err *err)
{
    if (fsync(disk->fd) < 0)
        return err_errno(err, "cannot write '%s'", disk->final_path);
    unsigned flags = disk->replace ? 0 : RENAME_NOREPLACE;
    int r = renameat2(AT_FDCWD, disk->path, AT_FDCWD, disk->final_path, flags);
    if (r < 0 && errno == EINVAL) /* a file system that can't refuse to replace */
        r = renameat2(AT_FDCWD, disk->path, AT_FDCWD, disk->final_path, 0);
    if (r < 0)
        return err_errno(err, "cannot give '%s' its name", disk->final_path);
    free(disk->path);
    disk->path = NULL;
    r = sync_directory(disk->final_path);
    return r < 0 ? err_code(err, r, "cannot sync the directory of '%s'", disk->final_path) : 0;
}

void disk_discard(struct disk *disk)
{
    if (!disk)
        return;
    if (disk->path)
        unlink(disk->path);
    close(disk->fd);
    free(disk->path);
    free(disk->final_path);
    free(disk);
}
