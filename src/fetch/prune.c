/* slipway cache: what is there, what goes, what is still what its name says. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/internal.h"

#define SECONDS_A_DAY 86400
#define LIST_MAX ((size_t)64 << 20)
#define DEEPEST 4

/* Called with each file below a directory: its name below the cache. 0, or negative to stop. */
typedef int visit_function(void *data, const char *name, const struct stat *st);

static int walk(const struct fetch *fetch, const char *directory, unsigned depth,
    visit_function *visit, void *data)
{
    auto_close int fd =
        openat(fetch->dir, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    int r = 0;
    if (!list)
        return errno == ENOENT ? 0 : -errno;
    steal_fd(&fd);
    for (const struct dirent *e; r == 0 && (e = readdir(list));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        auto_free char *name = xprintf("%s/%s", directory, e->d_name);
        if (fstatat(fetch->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue; /* gone in the meantime */
        if (S_ISDIR(st.st_mode) && depth < DEEPEST)
            r = walk(fetch, name, depth + 1, visit, data);
        else if (S_ISREG(st.st_mode))
            r = visit(data, name, &st);
    }
    closedir(list);
    return r;
}

/* ---- list ---- */

struct listing {
    struct fetch *fetch;
    struct fetch_cache_list *list;
};

static void add_entry(struct fetch_cache_list *list, const char *name, const char *kind,
    uint64_t bytes, int64_t last_used)
{
    struct fetch_cache_entry *e = arena_push(list->arena, list->v, list->n);
    *e = (struct fetch_cache_entry){.name = arena_strdup(list->arena, name),
        .kind = arena_strdup(list->arena, kind),
        .bytes = bytes,
        .last_used = last_used};
}

static int list_package(void *data, const char *name, const struct stat *st)
{
    struct listing *l = data;
    auto_free char *type = NULL, *hex = NULL;
    const char *file;
    if (cache_package_parts(name, &type, &hex, &file))
        add_entry(l->list, file, "package", (uint64_t)st->st_size, st->st_mtime);
    return 0;
}

static int list_partial(void *data, const char *name, const struct stat *st)
{
    struct listing *l = data;
    add_entry(l->list, address_name(name), "partial", (uint64_t)st->st_size, st->st_mtime);
    return 0;
}

/* All files of a source are one entry, by its name. */
static int list_metadata(void *data, const char *name, const struct stat *st)
{
    struct listing *l = data;
    auto_free char *directory = xstrndup(name, (size_t)(strrchr(name, '/') - name));
    auto_free char *name_file = xprintf("%s/name", directory);
    auto_free char *source = NULL;
    size_t size = 0;
    if (file_read_in(l->fetch->dir, name_file, 4096, &source, &size) < 0)
        source = xstrdup(address_name(directory));
    struct fetch_cache_entry *last = l->list->n ? &l->list->v[l->list->n - 1] : NULL;
    if (!last || strcmp(last->kind, "metadata") != 0 || strcmp(last->name, source) != 0) {
        add_entry(l->list, source, "metadata", (uint64_t)st->st_size, st->st_mtime);
        return 0;
    }
    last->bytes += (uint64_t)st->st_size;
    if (st->st_mtime > last->last_used)
        last->last_used = st->st_mtime;
    return 0;
}

static int by_kind_and_name(const void *a, const void *b)
{
    const struct fetch_cache_entry *x = a, *y = b;
    int r = strcmp(x->kind, y->kind);
    return r ? r : strcmp(x->name, y->name);
}

int fetch_cache_list(struct fetch *fetch, struct fetch_cache_list **ret_list, struct err *err)
{
    struct arena *arena = arena_new();
    struct fetch_cache_list *list = arena_alloc(arena, sizeof *list);
    list->arena = arena;
    struct listing l = {fetch, list};
    int r = walk(fetch, "metadata", 0, list_metadata, &l);
    if (r == 0)
        r = walk(fetch, "packages", 0, list_package, &l);
    if (r == 0)
        r = walk(fetch, "partial", 0, list_partial, &l);
    if (r < 0) {
        arena_free(arena);
        return err_code(err, r, "cannot read the cache '%s'", fetch->directory);
    }
    if (list->n)
        qsort(list->v, list->n, sizeof *list->v, by_kind_and_name);
    *ret_list = list;
    return 0;
}

void fetch_cache_list_free(struct fetch_cache_list *list)
{
    if (list)
        arena_free(list->arena);
}

/* ---- prune ---- */

struct pruning {
    struct fetch *fetch;
    struct strv used; /* names that a living process uses */
    int64_t before;   /* last used before this goes */
    uint64_t bytes;
};

/* The list of a process that lives is locked; that of a dead one goes. */
static int read_users(void *data, const char *name, const struct stat *st)
{
    struct pruning *p = data;
    (void)st;
    auto_close int fd = openat(p->fetch->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0;
    bool is_own = p->fetch->users_name && strcmp(name, p->fetch->users_name) == 0;
    if (!is_own && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(p->fetch->dir, name, 0);
        return 0;
    }
    auto_free char *text = NULL;
    size_t size = 0;
    int r = file_read_fd(fd, LIST_MAX, &text, &size);
    for (char *line = text, *rest = NULL; r == 0 && (line = strtok_r(line, "\n", &rest));
         line = NULL)
        strv_add(&p->used, line);
    return r;
}

static bool is_used(const struct pruning *p, const char *name)
{
    for (size_t i = 0; i < p->used.n; i++) {
        size_t length = strlen(p->used.v[i]);
        if (strncmp(name, p->used.v[i], length) == 0 && (!name[length] || name[length] == '/'))
            return true;
    }
    return false;
}

static int prune_file(void *data, const char *name, const struct stat *st)
{
    struct pruning *p = data;
    if (st->st_mtime >= p->before || is_used(p, name))
        return 0;
    if (unlinkat(p->fetch->dir, name, 0) == 0)
        p->bytes += (uint64_t)st->st_size;
    return 0;
}

/* A transfer under way holds its file's lock. */
static int prune_partial(void *data, const char *name, const struct stat *st)
{
    struct pruning *p = data;
    auto_close int fd = openat(p->fetch->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? 0 : prune_file(data, name, st);
}

static int prune_all(struct pruning *p)
{
    int r = walk(p->fetch, "users", 0, read_users, p);
    if (r == 0)
        r = walk(p->fetch, "packages", 0, prune_file, p);
    if (r == 0)
        r = walk(p->fetch, "metadata", 0, prune_file, p);
    return r < 0 ? r : walk(p->fetch, "partial", 0, prune_partial, p);
}

int fetch_cache_prune(struct fetch *fetch, unsigned days, uint64_t *ret_bytes, struct err *err)
{
    struct pruning p = {
        .fetch = fetch, .before = days ? time(NULL) - (int64_t)days * SECONDS_A_DAY : INT64_MAX};
    int r = cache_lock(fetch, LOCK_EX, err);
    if (r < 0)
        return r;
    r = prune_all(&p);
    cache_unlock(fetch);
    strv_done(&p.used);
    if (r < 0)
        return err_code(err, r, "cannot tidy the cache '%s'", fetch->directory);
    *ret_bytes = p.bytes;
    return 0;
}

/* ---- verify ---- */

struct checking {
    struct fetch *fetch;
    struct progress *progress;
    struct verify_job *jobs;
    char **names;
    size_t n, n_names;
    uint64_t done;
};

static int add_job(void *data, const char *name, const struct stat *st)
{
    struct checking *c = data;
    auto_free char *type = NULL, *hex = NULL;
    const char *file;
    (void)st;
    if (!cache_package_parts(name, &type, &hex, &file))
        return 0;
    struct verify_job *job = array_push(c->jobs, c->n);
    *job = (struct verify_job){.path = cache_path(c->fetch, name),
        .checksum_type = checksum_type(type),
        .checksum = steal(&hex)};
    *array_push(c->names, c->n_names) = xstrdup(name);
    return 0;
}

static void on_checked(void *data, const struct verify_job *job)
{
    struct checking *c = data;
    progress_advance(c->progress, ++c->done, address_name(job->path));
}

static void free_job(struct verify_job *job)
{
    free((char *)(uintptr_t)job->path);
    free((char *)(uintptr_t)job->checksum);
    free(job->detail);
}

static bool is_bad(enum verify_fault fault)
{
    return fault != VERIFY_NOT_DONE && fault != VERIFY_GOOD;
}

int fetch_cache_verify(
    struct fetch *fetch, struct progress *progress, size_t *ret_bad, struct err *err)
{
    struct checking c = {.fetch = fetch, .progress = progress};
    size_t bad = 0;
    int r = walk(fetch, "packages", 0, add_job, &c);
    if (r < 0)
        r = err_code(err, r, "cannot read the cache '%s'", fetch->directory);
    progress_begin(progress, "verify", PROGRESS_COUNT, c.n);
    if (r == 0)
        r = verify_run(c.jobs, c.n, on_checked, &c, err);
    progress_end(progress);
    for (size_t i = 0; i < c.n; i++) {
        /* What another process pruned in the meantime is not bad. */
        if (is_bad(c.jobs[i].fault) && unlinkat(fetch->dir, c.names[i], 0) == 0)
            bad++;
        free_job(&c.jobs[i]);
        free(c.names[i]);
    }
    free(c.jobs);
    free(c.names);
    if (r == 0)
        *ret_bad = bad;
    return r;
}
