#include "workdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strbuf.h"

#define PREFIX "build-"

/* The lock file stands beside the directory, so that it outlives a removal cut short. */
static void remove_if_stale(int parent, const char *name)
{
    auto_free char *lock_name = xprintf("%s.lock", name);
    auto_close int lock = openat(parent, lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
        return;
    if (file_remove_tree(parent, name) == 0)
        unlinkat(parent, lock_name, 0);
}

static void remove_stale(int parent)
{
    int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (str_starts(e->d_name, PREFIX) && !str_ends(e->d_name, ".lock"))
            remove_if_stale(parent, e->d_name);
    closedir(d);
}

static int make_locked(struct workdir *w, int parent, const char *directory, struct err *err)
{
    for (unsigned n = 0; n < 10000; n++) {
        auto_free char *name = xprintf(PREFIX "%u", n);
        auto_free char *lock_name = xprintf("%s.lock", name);
        auto_close int lock = openat(parent, lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock < 0)
            return err_errno(err, "cannot make '%s/%s'", directory, lock_name);
        if (flock(lock, LOCK_EX | LOCK_NB) < 0)
            continue;
        if (mkdirat(parent, name, 0755) < 0) {
            if (errno == EEXIST)
                continue;
            return err_errno(err, "cannot make '%s/%s'", directory, name);
        }
        w->path = xprintf("%s/%s", directory, name);
        w->lock = steal_fd(&lock);
        return 0;
    }
    return err_set(err, ERR_SYSTEM, -EBUSY, "'%s' is full of builds", directory);
}

static int open_parts(struct workdir *w, struct err *err)
{
    w->fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->fd < 0 || mkdirat(w->fd, "root", 0755) < 0)
        return err_errno(err, "cannot make '%s/root'", w->path);
    w->root = openat(w->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->root < 0 || fchmod(w->root, 0755) < 0)
        return err_errno(err, "cannot open '%s/root'", w->path);
    return 0;
}

int workdir_create(const char *cache_directory, struct workdir **ret_workdir, struct err *err)
{
    auto_free char *directory = xprintf("%s/work", cache_directory);
    int r = file_make_directories(directory, 0700);
    if (r < 0)
        return err_code(err, r, "cannot make '%s'", directory);
    auto_close int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return err_errno(err, "cannot open '%s'", directory);
    remove_stale(parent);
    auto_cleanup(workdir_free) struct workdir *w = xcalloc(1, sizeof *w);
    w->fd = w->lock = w->root = -1;
    r = make_locked(w, parent, directory, err);
    if (r == 0)
        r = open_parts(w, err);
    if (r == 0)
        *ret_workdir = steal(&w);
    return r;
}

void workdir_free(struct workdir *w)
{
    if (!w)
        return;
    if (w->path && !w->keep && file_remove_tree(AT_FDCWD, w->path) == 0) {
        auto_free char *lock_path = xprintf("%s.lock", w->path);
        unlink(lock_path);
    }
    if (w->root >= 0)
        close(w->root);
    if (w->fd >= 0)
        close(w->fd);
    if (w->lock >= 0)
        close(w->lock);
    free(w->path);
    free(w);
}
