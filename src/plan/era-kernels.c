#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "plan/era-parts.h"

#define ENTRIES_MAX 4096
#define KERNELS_MAX 64

bool era_exists(int root, const char *path)
{
    return file_exists_in(root, path) == 1;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct strv era_list(int root, const char *path)
{
    struct strv names = {0};
    int fd = file_open_in(root, path, O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return names;
    }
    for (struct dirent *e; names.n < ENTRIES_MAX && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            strv_add(&names, e->d_name);
    closedir(dir);
    if (names.n)
        qsort(names.v, names.n, sizeof *names.v, compare_strings);
    return names;
}

static bool is_release(const char *name)
{
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-";
    size_t length = strspn(name, allowed);
    return length && length <= ERA_RELEASE_MAX && !name[length] && name[0] != '.' && name[0] != '-';
}

/* Size of a regular file, or -1. */
static int64_t size_of(int root, const char *path)
{
    struct stat st;
    auto_close int fd = file_open_in(root, path, O_PATH, 0);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

static bool is_link(int root, const char *path)
{
    struct stat st;
    auto_close int fd = file_open_in(root, path, O_PATH | O_NOFOLLOW, 0);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

static bool is_directory(int root, const char *path)
{
    struct stat st;
    auto_close int fd = file_open_in(root, path, O_PATH | O_NOFOLLOW, 0);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A kernel package puts its image into /boot, or leaves it beside the modules for a tool that
 * copies it there. */
static char *find_image(int root, struct arena *arena, const char *modules, const char *release)
{
    static const char *const names[] = {"vmlinuz", "Image", "vmlinux", "kernel"};
    for (size_t i = 0; i < 2 * ARRAY_SIZE(names); i++) {
        const char *name = names[i % ARRAY_SIZE(names)];
        auto_free char *path = i < ARRAY_SIZE(names) ? xprintf("/boot/%s-%s", name, release)
                                                     : xprintf("%s/%s", modules, name);
        if (size_of(root, path) > 0)
            return arena_strdup(arena, path);
    }
    return NULL;
}

static bool is_known(const struct era *era, const char *release)
{
    for (size_t i = 0; i < era->n_kernels; i++)
        if (strcmp(era->kernels[i].release, release) == 0)
            return true;
    return false;
}

static void add_kernel(int root, struct era *era, const char *directory, const char *release)
{
    unsigned version[3];
    auto_free char *modules = xprintf("%s/%s", directory, release);
    if (!is_release(release) || !era_version_parse(release, version) || is_known(era, release) ||
        era->n_kernels == KERNELS_MAX || !is_directory(root, modules))
        return;
    char *image = find_image(root, era->arena, modules, release);
    if (!image)
        return;
    struct era_kernel *k = arena_push(era->arena, era->kernels, era->n_kernels);
    *k = (struct era_kernel){
        .release = arena_strdup(era->arena, release),
        .image = image,
        .modules = arena_strdup(era->arena, modules),
        .version = {version[0], version[1], version[2]},
        .is_rescue = strstr(release, "rescue") != NULL,
    };
}

/* "vmlinuz-0-rescue-MACHINE" is a copy of a kernel that is there, and uses its modules. */
static void add_rescue(int root, struct era *era, const char *name)
{
    const char *release = name + strlen("vmlinuz-");
    auto_free char *image = xprintf("/boot/%s", name);
    int64_t size = size_of(root, image);
    if (!is_release(release) || size <= 0 || is_known(era, release))
        return;
    for (size_t i = 0; i < era->n_kernels && era->n_kernels < KERNELS_MAX; i++) {
        if (era->kernels[i].is_rescue || size_of(root, era->kernels[i].image) != size)
            continue;
        struct era_kernel original = era->kernels[i];
        struct era_kernel *k = arena_push(era->arena, era->kernels, era->n_kernels);
        *k = original;
        k->release = arena_strdup(era->arena, release);
        k->image = arena_strdup(era->arena, image);
        k->is_rescue = true;
        return;
    }
}

int era_find_kernels(int root, struct era *era, struct err *err)
{
    int fd = file_open_in(root, "/", O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return err_code(err, fd, "cannot read the installed system");
    close(fd);

    static const char *const directories[] = {"/usr/lib/modules", "/lib/modules"};
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        if (strcmp(directories[i], "/lib/modules") == 0 && is_link(root, "/lib"))
            continue;
        auto_strv struct strv names = era_list(root, directories[i]);
        for (size_t j = 0; j < names.n; j++)
            add_kernel(root, era, directories[i], names.v[j]);
    }
    era_kernels_sort(era->kernels, era->n_kernels);

    auto_strv struct strv boot = era_list(root, "/boot");
    for (size_t i = 0; i < boot.n; i++)
        if (str_starts(boot.v[i], "vmlinuz-") && strstr(boot.v[i], "rescue"))
            add_rescue(root, era, boot.v[i]);
    era_kernels_sort(era->kernels, era->n_kernels);
    return 0;
}
