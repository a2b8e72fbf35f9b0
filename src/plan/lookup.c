/* Finding packages of the catalog by what people write. */
#include <fnmatch.h>
#include <solv/dataiterator.h>
#include <string.h>

#include "plan/solv.h"

bool is_glob(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

/* The first place in the index whose name is not before 'name'. */
static size_t first_of(const struct catalog *c, const char *name)
{
    size_t low = 0, high = c->index.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(c->names[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void catalog_by_name(const struct catalog *c, const char *name, struct ids *ret_ids)
{
    for (size_t i = first_of(c, name); i < c->index.n && strcmp(c->names[i], name) == 0; i++)
        ids_add(ret_ids, c->index.v[i]);
}

void catalog_by_glob(const struct catalog *c, const char *pattern, struct ids *ret_ids)
{
    for (size_t i = 0; i < c->index.n; i++)
        if (fnmatch(pattern, c->names[i], 0) == 0)
            ids_add(ret_ids, c->index.v[i]);
    if (ret_ids->n || !strchr(pattern, '.'))
        return;
    for (size_t i = 0; i < c->index.n; i++) {
        auto_free char *text = xprintf("%s.%s", c->names[i], catalog_arch(c, c->index.v[i]));
        if (fnmatch(pattern, text, 0) == 0)
            ids_add(ret_ids, c->index.v[i]);
    }
}

/* Whether 'spec' is one of the ways to write package 'id' with more than its name. */
static bool is_written_as(const struct catalog *c, int id, const char *spec)
{
    const char *name = catalog_name(c, id), *arch = catalog_arch(c, id);
    const char *evr = catalog_version(c, id), *colon = strchr(evr, ':');
    const char *without_epoch = colon ? colon + 1 : evr;
    const char *dash = strrchr(without_epoch, '-');
    int version = (int)(dash ? (size_t)(dash - without_epoch) : strlen(without_epoch));
    char *forms[] = {
        xprintf("%s.%s", name, arch),
        xprintf("%s-%.*s", name, version, without_epoch),
        xprintf("%s-%s", name, without_epoch),
        xprintf("%s-%s.%s", name, without_epoch, arch),
        xprintf("%s-%s", name, evr),
        xprintf("%s-%s.%s", name, evr, arch),
        xprintf("%s-0:%s", name, without_epoch),
        xprintf("%s-0:%s.%s", name, without_epoch, arch),
    };
    size_t n = colon ? ARRAY_SIZE(forms) - 2 : ARRAY_SIZE(forms);
    bool found = false;
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        found = found || (i < n && fnmatch(spec, forms[i], 0) == 0);
        free(forms[i]);
    }
    return found;
}

void catalog_by_version(const struct catalog *c, const char *spec, struct ids *ret_ids)
{
    for (size_t i = 0; i < c->index.n; i++) {
        size_t length = strlen(c->names[i]);
        /* The name itself may be a pattern; where it is not, look at it first: it is cheap. */
        if (!is_glob(spec) &&
            (strncmp(spec, c->names[i], length) != 0 || !strchr("-.", spec[length])))
            continue;
        if (is_written_as(c, c->index.v[i], spec))
            ids_add(ret_ids, c->index.v[i]);
    }
}

static int compare_ids(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* Bring a list of libsolv's into the catalog's order, without what doesn't run here. */
static void add_in_order(const struct catalog *c, struct ids *found, struct ids *ret_ids)
{
    if (!found->n)
        return;
    qsort(found->v, found->n, sizeof *found->v, compare_ids);
    for (size_t i = 0; i < c->index.n; i++)
        if (bsearch(&c->index.v[i], found->v, found->n, sizeof *found->v, compare_ids))
            ids_add(ret_ids, c->index.v[i]);
}

static void search_file(struct catalog *c, const char *path, struct ids *found)
{
    Dataiterator di;
    dataiterator_init(&di, c->pool, NULL, 0, SOLVABLE_FILELIST, path,
        SEARCH_STRING | SEARCH_FILES | SEARCH_COMPLETE_FILELIST);
    while (dataiterator_step(&di)) {
        ids_add(found, di.solvid);
        dataiterator_skip_solvable(&di);
    }
    dataiterator_free(&di);
}

int catalog_by_file(struct catalog *c, const char *path, struct ids *ret_ids, struct err *err)
{
    auto_ids struct ids found = {0};
    search_file(c, path, &found);
    if (!found.n && !c->has_filelists) {
        int r = catalog_load_filelists(c, err);
        if (r < 0)
            return r;
        search_file(c, path, &found);
    }
    add_in_order(c, &found, ret_ids);
    return 0;
}

static int relation_flags(const char *text)
{
    static const struct {
        const char *text;
        int flags;
    } relations[] = {{"=", REL_EQ}, {"==", REL_EQ}, {"<", REL_LT}, {">", REL_GT},
        {"<=", REL_LT | REL_EQ}, {">=", REL_GT | REL_EQ}};
    for (size_t i = 0; i < ARRAY_SIZE(relations); i++)
        if (strcmp(text, relations[i].text) == 0)
            return relations[i].flags;
    return 0;
}

void catalog_by_provides(struct catalog *c, const char *text, struct ids *ret_ids)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct strv words = {0};
    strv_arena_split(arena, &words, text, " \t");
    if (words.n != 1 && words.n != 3)
        return;
    Id name = pool_str2id(c->pool, words.v[0], 0);
    int flags = words.n == 3 ? relation_flags(words.v[1]) : 0;
    if (!name || (words.n == 3 && !flags))
        return;
    Id dep =
        flags ? pool_rel2id(c->pool, name, pool_str2id(c->pool, words.v[2], 1), flags, 1) : name;
    auto_ids struct ids found = {0};
    for (const Id *p = pool_whatprovides_ptr(c->pool, dep); *p; p++)
        ids_add(&found, *p);
    add_in_order(c, &found, ret_ids);
}

void catalog_obsoleters(struct catalog *c, const struct ids *ids, struct ids *ret_ids)
{
    Pool *pool = c->pool;
    auto_ids struct ids found = {0};
    for (size_t i = 0; i < c->index.n; i++) {
        Solvable *s = pool_id2solvable(pool, c->index.v[i]);
        if (!s->obsoletes)
            continue;
        for (const Id *o = s->repo->idarraydata + s->obsoletes; *o; o++)
            for (size_t k = 0; k < ids->n; k++) {
                Solvable *old = pool_id2solvable(pool, ids->v[k]);
                if (old->name != s->name && pool_match_nevr(pool, old, *o) &&
                    !ids_have(&found, c->index.v[i]))
                    ids_add(&found, c->index.v[i]);
            }
    }
    add_in_order(c, &found, ret_ids);
}

char *catalog_foreign_archs(const struct catalog *c, const char *name)
{
    Pool *pool = c->pool;
    Id wanted = pool_str2id(pool, name, 0);
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct strv archs = {0};
    for (Id id = SYSTEMSOLVABLE + 1; wanted && id < pool->nsolvables; id++) {
        const Solvable *s = pool_id2solvable(pool, id);
        const char *arch = s->repo && s->name == wanted ? pool_id2str(pool, s->arch) : NULL;
        if (arch && !strv_has(&archs, arch) && !ids_have(&c->index, id))
            strv_arena_add(arena, &archs, arch);
    }
    auto_strbuf struct strbuf text = {0};
    for (size_t i = 0; i < archs.n; i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "", archs.v[i]);
    return archs.n ? strbuf_steal(&text) : NULL;
}
