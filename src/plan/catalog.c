#include "plan/catalog.h"

#include <errno.h>
#include <fnmatch.h>
#include <solv/evr.h>
#include <solv/repo.h>
/* Needs what repo.h declares. */
#include <solv/repo_rpmmd.h>
#include <solv/solv_xfopen.h>
#include <string.h>

#include "plan/internal.h"
#include "plan/modules.h"
#include "plan/solv.h"

void ids_add(struct ids *ids, int id)
{
    *array_push(ids->v, ids->n) = id;
}

bool ids_have(const struct ids *ids, int id)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->v[i] == id)
            return true;
    return false;
}

void ids_done(struct ids *ids)
{
    free(ids->v);
    *ids = (struct ids){0};
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int open_metadata(
    const struct source *source, const char *path, FILE **ret_file, struct err *err)
{
    errno = 0;
    *ret_file = solv_xfopen(path, "r");
    if (*ret_file)
        return 0;
    return err_set(err, ERR_NETWORK, errno ? -errno : -EBADMSG,
        "repository '%s': cannot read '%s': %s", source->name, file_name(path),
        errno ? strerror(errno) : "unknown kind of compression");
}

static const char *solv_message(Pool *pool)
{
    const char *text = pool_errstr(pool), *own = "repo_rpmmd: ";
    return str_starts(text, own) ? text + strlen(own) : text;
}

static int add_rpmmd(
    struct catalog *c, size_t i, const char *path, const char *language, int flags, struct err *err)
{
    FILE *file;
    const struct source *source = c->metadata[i].source;
    int r = open_metadata(source, path, &file, err);
    if (r < 0)
        return r;
    if (repo_add_rpmmd(c->repos[i], file, language, flags) != 0)
        r = err_set(err, ERR_NETWORK, -EBADMSG, "repository '%s': '%s' is damaged: %s",
            source->name, file_name(path), solv_message(c->pool));
    else if (ferror(file))
        r = err_set(err, ERR_NETWORK, -EBADMSG, "repository '%s': '%s' can't be decompressed",
            source->name, file_name(path));
    fclose(file);
    if (r < 0)
        err_hint(err, "try again with --refresh; if it stays, the repository itself is broken");
    return r;
}

static int add_groups(struct catalog *c, size_t i, struct err *err)
{
    const struct metadata *m = &c->metadata[i];
    FILE *file;
    if (!m->group || m->source->ignoregroups)
        return 0;
    int r = open_metadata(m->source, m->group, &file, err);
    if (r < 0)
        return r;
    auto_free char *name = xprintf("repository '%s': '%s'", m->source->name, file_name(m->group));
    r = comps_read(c->comps, file, name, err);
    fclose(file);
    return r;
}

static int add_source(struct catalog *c, size_t i, struct err *err)
{
    const struct metadata *m = &c->metadata[i];
    c->repos[i] = repo_create(c->pool, m->source->name);
    c->repos[i]->priority = -m->source->priority;
    c->repos[i]->subpriority = -m->source->cost;
    if (!m->primary)
        return err_set(
            err, ERR_NETWORK, -ENOENT, "repository '%s' has no list of packages", m->source->name);
    int r = add_rpmmd(c, i, m->primary, NULL, 0, err);
    return r < 0 ? r : add_groups(c, i, err);
}

static int compare_packages(const void *pa, const void *pb, void *data)
{
    const struct catalog *c = data;
    const int a = *(const int *)pa, b = *(const int *)pb;
    Solvable *sa = pool_id2solvable(c->pool, a), *sb = pool_id2solvable(c->pool, b);
    int order = strcmp(pool_id2str(c->pool, sa->name), pool_id2str(c->pool, sb->name));
    if (!order)
        order = pool_evrcmp(c->pool, sb->evr, sa->evr, EVRCMP_COMPARE);
    return order ? order : (a > b) - (a < b);
}

static void make_index(struct catalog *c)
{
    int n = c->pool->nsolvables;
    for (int id = SYSTEMSOLVABLE + 1; id < n; id++) {
        Solvable *s = pool_id2solvable(c->pool, id);
        if (s->repo && pool_installable(c->pool, s))
            ids_add(&c->index, id);
    }
    if (c->index.n)
        qsort_r(c->index.v, c->index.n, sizeof *c->index.v, compare_packages, c);
    c->names = xcalloc(c->index.n, sizeof *c->names);
    for (size_t i = 0; i < c->index.n; i++)
        c->names[i] = catalog_name(c, c->index.v[i]);
    c->n_solvables = n;
    c->exclusion = xcalloc((size_t)n, sizeof *c->exclusion);
}

static bool matches_any(const struct catalog *c, int id, const struct strv *globs)
{
    const char *name = catalog_name(c, id);
    auto_free char *with_arch = xprintf("%s.%s", name, catalog_arch(c, id));
    for (size_t i = 0; i < globs->n; i++)
        if (fnmatch(globs->v[i], name, 0) == 0 || fnmatch(globs->v[i], with_arch, 0) == 0)
            return true;
    return false;
}

/* repo --includepkgs and --excludepkgs. */
static void apply_source_filters(struct catalog *c)
{
    for (size_t i = 0; i < c->index.n; i++) {
        int id = c->index.v[i];
        const struct source *source = &c->sources->v[catalog_source(c, id)];
        const char *option = NULL;
        if (source->include_packages.n && !matches_any(c, id, &source->include_packages))
            option = "includepkgs";
        else if (source->exclude_packages.n && matches_any(c, id, &source->exclude_packages))
            option = "excludepkgs";
        if (!option)
            continue;
        auto_free char *clause = xprintf("repository '%s' leaves out (--%s)", source->name, option);
        catalog_exclude(c, id, clause);
    }
}

int catalog_load(const struct sources *sources, const struct metadata *metadata, size_t n,
    struct catalog **ret_catalog, struct err *err)
{
    auto_cleanup(catalog_free) struct catalog *c = xcalloc(1, sizeof *c);
    c->arena = arena_new();
    c->sources = sources;
    c->metadata = metadata;
    c->n_metadata = n;
    c->repos = xcalloc(n, sizeof(Repo *));
    c->comps = comps_new();
    c->pool = pool_create();
    pool_setdisttype(c->pool, DISTTYPE_RPM);
    pool_setarch(c->pool, strcmp(sources->arch, "i386") == 0 ? "i686" : sources->arch);
    pool_set_flag(c->pool, POOL_FLAG_WHATPROVIDESWITHDISABLED, 1);
    pool_set_flag(c->pool, POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1);
    for (size_t i = 0; i < n; i++) {
        int r = add_source(c, i, err);
        if (r < 0)
            return r;
    }
    make_index(c);
    apply_source_filters(c);
    int r = modules_apply(c, metadata, n, err);
    if (r < 0)
        return r;
    catalog_prepare(c);
    *ret_catalog = steal(&c);
    return 0;
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    if (c->pool) {
        if (c->pool->considered)
            map_free(c->pool->considered);
        c->pool->considered = solv_free(c->pool->considered);
        pool_free(c->pool);
    }
    comps_free(c->comps);
    ids_done(&c->index);
    free(c->names);
    free(c->exclusion);
    free(c->repos);
    strv_done(&c->warnings);
    arena_free(c->arena);
    free(c);
}

void catalog_prepare(struct catalog *c)
{
    Pool *pool = c->pool;
    if (!pool->considered) {
        pool->considered = solv_calloc(1, sizeof(Map));
        map_init(pool->considered, pool->nsolvables);
    }
    map_setall(pool->considered);
    for (int id = 0; id < c->n_solvables; id++)
        if (c->exclusion[id])
            pool->considered->map[id >> 3] &= (unsigned char)~(1u << (id & 7));
    pool_addfileprovides(pool);
    pool_createwhatprovides(pool);
}

int catalog_load_filelists(struct catalog *c, struct err *err)
{
    if (c->has_filelists)
        return 0;
    for (size_t i = 0; i < c->n_metadata; i++) {
        const char *path = c->metadata[i].filelists;
        int r = path ? add_rpmmd(c, i, path, "FL", REPO_EXTEND_SOLVABLES, err) : 0;
        if (r < 0)
            return r;
    }
    c->has_filelists = true;
    catalog_prepare(c);
    return 0;
}

const struct comps *catalog_comps(const struct catalog *c)
{
    return c->comps;
}

struct strv *catalog_warnings(struct catalog *c)
{
    return &c->warnings;
}

const char *const *catalog_names(const struct catalog *c, size_t *ret_n)
{
    *ret_n = c->index.n;
    return c->names;
}

const char *catalog_name(const struct catalog *c, int id)
{
    return pool_id2str(c->pool, pool_id2solvable(c->pool, id)->name);
}

const char *catalog_version(const struct catalog *c, int id)
{
    return pool_id2str(c->pool, pool_id2solvable(c->pool, id)->evr);
}

const char *catalog_arch(const struct catalog *c, int id)
{
    return pool_id2str(c->pool, pool_id2solvable(c->pool, id)->arch);
}

char *catalog_nevra(const struct catalog *c, int id)
{
    return xprintf("%s-%s.%s", catalog_name(c, id), catalog_version(c, id), catalog_arch(c, id));
}

size_t catalog_source(const struct catalog *c, int id)
{
    const Repo *repo = pool_id2solvable(c->pool, id)->repo;
    for (size_t i = 0; i < c->n_metadata; i++)
        if (c->repos[i] == repo)
            return (size_t)(c->metadata[i].source - c->sources->v);
    return 0;
}

void catalog_exclude(struct catalog *c, int id, const char *clause)
{
    if (!c->exclusion[id])
        c->exclusion[id] = arena_strdup(c->arena, clause);
}

const char *catalog_exclusion(const struct catalog *c, int id)
{
    return c->exclusion[id];
}

void catalog_usable(const struct catalog *c, const struct ids *all, struct ids *ret_ids)
{
    for (size_t i = 0; i < all->n; i++)
        if (!c->exclusion[all->v[i]])
            ids_add(ret_ids, all->v[i]);
}
