#include "configure/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "configure/root-files.h"

static const char *const images[] = {"/mnt/sysimage", "/mnt/sysroot"};

static void add_bind(struct outside *o, const char *source, const char *target, bool writable)
{
    struct sandbox_bind *bind = arena_push(o->arena, o->binds, o->n_binds);
    *bind = (struct sandbox_bind){
        arena_strdup(o->arena, source), arena_strdup(o->arena, target), writable};
}

/* A directory of programs of this machine; since /usr was merged, mostly a symlink. */
static int add_directory(int root, struct outside *o, const char *path, struct err *err)
{
    struct stat st;
    char target[256];
    auto_free char *place = xprintf(OUTSIDE_PATH "%s", path);
    if (lstat(path, &st) < 0)
        return 0;
    if (!S_ISLNK(st.st_mode)) {
        add_bind(o, path, path, false);
        return 0;
    }
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return err_errno(err, "cannot read the symlink '%s'", path);
    target[n] = '\0';
    return root_symlink(root, place, target, err);
}

static int add_image(int root, struct outside *o, struct err *err)
{
    auto_free char *path = root_path_of(root);
    if (!path)
        return err_errno(err, "cannot find the path of the root");
    for (size_t i = 0; i < ARRAY_SIZE(images); i++)
        add_bind(o, path, images[i], true);
    return 0;
}

static int fill(int root, struct outside *o, struct err *err)
{
    static const char *const programs[] = {
        "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"};
    static const struct {
        const char *path;
        uint32_t mode;
    } own[] = {{OUTSIDE_PATH, 0755}, {OUTSIDE_PATH "/tmp", 01777}, {OUTSIDE_PATH "/var/tmp", 01777},
        {OUTSIDE_PATH "/run", 0755}, {OUTSIDE_PATH "/root", 0700}};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(own); i++)
        r = root_mkdir(root, own[i].path, own[i].mode, err);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(programs); i++)
        r = add_directory(root, o, programs[i], err);
    return r < 0 ? r : add_image(root, o, err);
}

int outside_make(int root, struct outside *ret_outside, struct err *err)
{
    struct outside o = {.arena = arena_new(), .fd = -1};
    int r = root_remove(root, OUTSIDE_PATH, err);
    if (r == 0)
        r = fill(root, &o, err);
    if (r == 0)
        o.fd = file_open_in(root, OUTSIDE_PATH, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    if (r == 0 && o.fd < 0)
        r = err_code(err, o.fd, "cannot open '" OUTSIDE_PATH "' in the root");
    if (r == 0)
        *ret_outside = o;
    else
        arena_free(o.arena);
    return r;
}

int outside_remove(int root, struct outside *outside, struct err *err)
{
    if (outside->fd >= 0)
        close(steal_fd(&outside->fd));
    arena_free(steal(&outside->arena));
    return root_remove(root, OUTSIDE_PATH, err);
}

const char *outside_path(const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
        size_t n = strlen(images[i]);
        if (strncmp(path, images[i], n) == 0 && path[n] == '/')
            return path + n;
    }
    return NULL;
}
