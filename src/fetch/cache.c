/*
 * The cache's directory and who uses what in it.
 *
 *   packages/TYPE/HH/HEX-NAME   a package by the checksum of its file; HH are HEX's first digits
 *   metadata/ID/                a source's: 'name', repomd.xml (see index.c) and what it names, by
 *                               checksum; keys and mirror lists that came from the network
 *   partial/                    transfers under way or broken off; locked while under way
 *   users/                      a file for every process that uses the cache: what it uses
 *   work/                       build directories (not this room's)
 *   lock
 *
 * A name in packages/ or metadata/ appears by rename, when the file is complete and has the
 * checksum in the name. It is hashed again at each use all the same (the third of a second for
 * 400 packages): neither a failing disk nor a tool that tidies up below ~/.cache is to be trusted
 * with what goes into an image. Signatures are checked at each use too, against the keys that the
 * source has then.
 *
 * 'lock' is held, shared, while a process writes down what it uses, and exclusively while prune
 * reads those lists and removes the rest. The lists are written before the files are looked for,
 * so what was found stays. A list counts as long as its file is locked: a process that died needs
 * no tidying.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define MAX_NAME_BYTES 100
#define DIRECTORY_MODE 0700

static char *default_directory(struct err *err)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && xdg[0] == '/')
        return xprintf("%s/slipway", xdg);
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return xprintf("%s/.cache/slipway", home);
    err_set(err, ERR_SYSTEM, -ENOENT, "there is no place for a cache: HOME is not set");
    err_hint(err, "say --cache DIRECTORY, or set XDG_CACHE_HOME");
    return NULL;
}

static int open_directory(struct fetch *fetch, const char *wanted, struct err *err)
{
    auto_free char *path = wanted ? xstrdup(wanted) : default_directory(err);
    if (!path)
        return -ENOENT;
    int r = file_make_directories(path, DIRECTORY_MODE);
    if (r == 0 && (fetch->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        r = -errno;
    if (r < 0) {
        err_code(err, r, "cannot open the cache '%s'", path);
        return err_hint(err, "say --cache DIRECTORY, or set XDG_CACHE_HOME");
    }
    fetch->directory = realpath(path, NULL);
    if (!fetch->directory)
        return err_errno(err, "cannot open the cache '%s'", path);
    static const char *const below[] = {"packages", "metadata", "partial", "users"};
    for (size_t i = 0; i < ARRAY_SIZE(below); i++)
        if ((r = cache_make_directory(fetch, below[i], err)) < 0)
            return err_hint(err, "say --cache DIRECTORY, or set XDG_CACHE_HOME");
    fetch->partial = openat(fetch->dir, "partial", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fetch->partial < 0)
        return err_errno(err, "cannot open '%s/partial'", fetch->directory);
    fetch->lock = openat(fetch->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fetch->lock < 0)
        return err_errno(err, "cannot open '%s/lock'", fetch->directory);
    return 0;
}

int fetch_open(const struct fetch_options *options, struct fetch **ret_fetch, struct err *err)
{
    auto_cleanup(fetch_close) struct fetch *fetch = xcalloc(1, sizeof *fetch);
    fetch->dir = fetch->partial = fetch->lock = fetch->users = -1;
    if (options)
        fetch->options = *options;
    fetch->options.cache_directory = NULL; /* borrowed; fetch->directory has it */
    if (!fetch->options.parallel)
        fetch->options.parallel = 4;
    if (!fetch->options.stall_seconds)
        fetch->options.stall_seconds = 30;
    if (!fetch->options.retries)
        fetch->options.retries = 3;
    int r = open_directory(fetch, options ? options->cache_directory : NULL, err);
    if (r < 0)
        return r;
    *ret_fetch = steal(&fetch);
    return 0;
}

void fetch_close(struct fetch *fetch)
{
    if (!fetch)
        return;
    for (size_t i = 0; i < fetch->n_sites; i++)
        site_free(fetch->sites[i]);
    free(fetch->sites);
    if (fetch->users_name)
        unlinkat(fetch->dir, fetch->users_name, 0);
    int fds[] = {fetch->users, fetch->lock, fetch->partial, fetch->dir};
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(fetch->users_name);
    free(fetch->directory);
    free(fetch);
}

const char *fetch_cache_directory(const struct fetch *fetch)
{
    return fetch->directory;
}

char *cache_path(const struct fetch *fetch, const char *name)
{
    return xprintf("%s/%s", fetch->directory, name);
}

int cache_make_directory(struct fetch *fetch, const char *name, struct err *err)
{
    int r = file_make_directories_in(fetch->dir, name, DIRECTORY_MODE);
    return r < 0 ? err_code(err, r, "cannot make '%s/%s'", fetch->directory, name) : 0;
}

void cache_touch(struct fetch *fetch, const char *name)
{
    utimensat(fetch->dir, name, NULL, AT_SYMLINK_NOFOLLOW);
}

int cache_write(struct fetch *fetch, const char *name, const char *text, struct err *err)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return err_errno(err, "no random numbers");
    auto_free char *own = xprintf("%016llx", (unsigned long long)random);
    auto_close int fd = openat(fetch->partial, own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : file_write_all(fd, text, strlen(text));
    if (r == 0 && (fdatasync(fd) < 0 || renameat(fetch->partial, own, fetch->dir, name) < 0))
        r = -errno;
    if (r == 0)
        return 0;
    unlinkat(fetch->partial, own, 0);
    return err_code(err, r, "cannot write '%s/%s'", fetch->directory, name);
}

int cache_lock(struct fetch *fetch, int how, struct err *err)
{
    while (flock(fetch->lock, how) < 0) {
        if (errno != EINTR)
            return err_errno(err, "cannot lock the cache '%s'", fetch->directory);
        if (interrupt_pending())
            return interrupt_error(err);
    }
    return 0;
}

void cache_unlock(struct fetch *fetch)
{
    flock(fetch->lock, LOCK_UN);
}

static int open_users(struct fetch *fetch, struct err *err)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return err_errno(err, "no random numbers");
    auto_free char *name = xprintf("users/%016llx", (unsigned long long)random);
    auto_close int fd = openat(fetch->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return err_errno(err, "cannot write '%s/%s'", fetch->directory, name);
    fetch->users = steal_fd(&fd);
    fetch->users_name = steal(&name);
    return 0;
}

int cache_use(struct fetch *fetch, const struct strv *names, struct err *err)
{
    int r = cache_lock(fetch, LOCK_SH, err);
    if (r < 0)
        return r;
    if (fetch->users < 0)
        r = open_users(fetch, err);
    auto_strbuf struct strbuf text = {0};
    for (size_t i = 0; i < names->n; i++)
        strbuf_printf(&text, "%s\n", names->v[i]);
    if (r == 0 && text.len && (r = file_write_all(fetch->users, text.s, text.len)) < 0)
        r = err_code(err, r, "cannot write '%s/%s'", fetch->directory, fetch->users_name);
    cache_unlock(fetch);
    return r;
}

/* What a file's name may hold here: no separators, nothing for a shell or a terminal. */
static char *plain_name(const char *location)
{
    static const char good[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~^-";
    char *name = xstrndup(address_name(location), MAX_NAME_BYTES);
    for (char *p = name + strspn(name, good); *p; p += strspn(p, good))
        *p = '_';
    return name;
}

char *cache_package_name(const struct plan_package *package)
{
    auto_free char *name = plain_name(package->location);
    return xprintf("packages/%s/%.2s/%s-%s", checksum_type(package->checksum_type),
        package->checksum, package->checksum, name);
}

bool cache_package_parts(const char *name, char **ret_type, char **ret_hex, const char **ret_file)
{
    if (!str_starts(name, "packages/"))
        return false;
    const char *type = name + strlen("packages/");
    size_t type_length = strcspn(type, "/");
    const char *file = address_name(name);
    size_t hex_length = strcspn(file, "-");
    auto_free char *hex = xstrndup(file, hex_length);
    auto_free char *kind = xstrndup(type, type_length);
    if (!file[hex_length] || !checksum_is_valid(kind, hex))
        return false;
    *ret_type = steal(&kind);
    *ret_hex = steal(&hex);
    *ret_file = file + hex_length + 1;
    return true;
}
