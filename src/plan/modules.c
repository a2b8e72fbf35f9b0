#include "plan/modules.h"

#include <errno.h>
#include <solv/solv_xfopen.h>
#include <string.h>
#include <yaml.h>

#include "plan/solv.h"

struct stream {
    char *module, *name;
    struct strv artifacts; /* name-epoch:version-release.arch */
};

struct modules {
    struct arena *arena;
    struct stream *streams;
    size_t n;
    struct strv defaults; /* "module:stream" */
};

struct artifact {
    const char *nevra;
    const struct stream *stream;
    bool is_default;
};

static yaml_node_t *child(yaml_document_t *document, const yaml_node_t *node, const char *key)
{
    if (!node || node->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
         p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *k = yaml_document_get_node(document, p->key);
        if (k && k->type == YAML_SCALAR_NODE &&
            strcmp((const char *)k->data.scalar.value, key) == 0)
            return yaml_document_get_node(document, p->value);
    }
    return NULL;
}

static const char *text(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static void add_stream(struct modules *m, yaml_document_t *document, const yaml_node_t *data)
{
    const char *module = text(child(document, data, "name"));
    const char *name = text(child(document, data, "stream"));
    if (!module || !name)
        return;
    struct stream *s = arena_push(m->arena, m->streams, m->n);
    *s = (struct stream){
        .module = arena_strdup(m->arena, module), .name = arena_strdup(m->arena, name)};
    const yaml_node_t *rpms = child(document, child(document, data, "artifacts"), "rpms");
    if (!rpms || rpms->type != YAML_SEQUENCE_NODE)
        return;
    for (const yaml_node_item_t *i = rpms->data.sequence.items.start;
         i < rpms->data.sequence.items.top; i++) {
        const char *nevra = text(yaml_document_get_node(document, *i));
        if (nevra)
            strv_arena_add(m->arena, &s->artifacts, nevra);
    }
}

static void add_default(struct modules *m, yaml_document_t *document, const yaml_node_t *data)
{
    const char *module = text(child(document, data, "module"));
    const char *stream = text(child(document, data, "stream"));
    if (!module || !stream)
        return;
    auto_free char *both = xprintf("%s:%s", module, stream);
    strv_arena_add(m->arena, &m->defaults, both);
}

static void add_document(struct modules *m, yaml_document_t *document)
{
    const yaml_node_t *root = yaml_document_get_root_node(document);
    const char *kind = text(child(document, root, "document"));
    const yaml_node_t *data = child(document, root, "data");
    if (kind && strcmp(kind, "modulemd") == 0)
        add_stream(m, document, data);
    else if (kind && strcmp(kind, "modulemd-defaults") == 0)
        add_default(m, document, data);
}

static int read_documents(struct modules *m, FILE *file, const char *name, struct err *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_code(err, -ENOMEM, "cannot read the module streams");
    yaml_parser_set_input_file(&parser, file);
    int r = 0;
    for (bool more = true; more && r == 0;) {
        yaml_document_t document;
        if (!yaml_parser_load(&parser, &document)) {
            r = err_set(err, ERR_NETWORK, -EBADMSG,
                "repository '%s': the list of module streams is damaged at line %zu: %s", name,
                parser.problem_mark.line + 1, parser.problem ? parser.problem : "not YAML");
            break;
        }
        more = yaml_document_get_root_node(&document) != NULL;
        if (more)
            add_document(m, &document);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return r;
}

static int compare_artifacts(const void *a, const void *b)
{
    const struct artifact *x = a, *y = b;
    int order = strcmp(x->nevra, y->nevra);
    return order ? order : y->is_default - x->is_default;
}

/* Every artifact of every stream, sorted; default streams' first among equals. */
static struct artifact *list_artifacts(const struct modules *m, size_t *ret_n)
{
    struct artifact *list = NULL;
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct stream *s = &m->streams[i];
        auto_free char *both = xprintf("%s:%s", s->module, s->name);
        bool is_default = strv_has(&m->defaults, both);
        for (size_t k = 0; k < s->artifacts.n; k++)
            *array_push(list, n) = (struct artifact){s->artifacts.v[k], s, is_default};
    }
    if (n)
        qsort(list, n, sizeof *list, compare_artifacts);
    *ret_n = n;
    return list;
}

static const struct artifact *find_artifact(
    const struct artifact *list, size_t n, const struct catalog *c, int id)
{
    const char *evr = catalog_version(c, id);
    auto_free char *nevra = xprintf(
        "%s-%s%s.%s", catalog_name(c, id), strchr(evr, ':') ? "" : "0:", evr, catalog_arch(c, id));
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(list[middle].nevra, nevra) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(list[low].nevra, nevra) == 0 ? &list[low] : NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Packages of streams that are not default go; so do those that a default stream replaces. */
static size_t exclude_packages(struct catalog *c, const struct artifact *list, size_t n)
{
    const char **replaced = NULL;
    size_t n_replaced = 0, n_excluded = 0;
    for (size_t i = 0; i < c->index.n; i++) {
        const struct artifact *a = find_artifact(list, n, c, c->index.v[i]);
        if (a && a->is_default)
            *array_push(replaced, n_replaced) = c->names[i];
        if (!a || a->is_default)
            continue;
        auto_free char *clause = xprintf("belongs to the module stream %s:%s, not a default one",
            a->stream->module, a->stream->name);
        catalog_exclude(c, c->index.v[i], clause);
        n_excluded++;
    }
    for (size_t i = 0; n_replaced && i < c->index.n; i++) {
        bool is_replaced =
            bsearch(&c->names[i], replaced, n_replaced, sizeof *replaced, compare_names) != NULL;
        if (is_replaced && !find_artifact(list, n, c, c->index.v[i]))
            catalog_exclude(c, c->index.v[i], "a default module stream replaces");
    }
    free(replaced);
    return n_excluded;
}

static int read_source(struct modules *m, const struct metadata *metadata, struct err *err)
{
    errno = 0;
    FILE *file = solv_xfopen(metadata->modules, "r");
    if (!file)
        return err_set(err, ERR_NETWORK, errno ? -errno : -EBADMSG,
            "repository '%s': cannot read the list of module streams: %s", metadata->source->name,
            errno ? strerror(errno) : "unknown kind of compression");
    int r = read_documents(m, file, metadata->source->name, err);
    fclose(file);
    return r;
}

int modules_apply(struct catalog *c, const struct metadata *metadata, size_t n, struct err *err)
{
    struct modules m = {.arena = c->arena};
    const char *source = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!metadata[i].modules)
            continue;
        int r = read_source(&m, &metadata[i], err);
        if (r < 0)
            return r;
        source = source ? source : metadata[i].source->name;
    }
    if (!m.n)
        return 0;
    size_t n_artifacts;
    auto_free struct artifact *list = list_artifacts(&m, &n_artifacts);
    size_t n_excluded = exclude_packages(c, list, n_artifacts);
    auto_free char *warning =
        xprintf("repository '%s' has modules: their default streams (%zu) are "
                "used, %zu packages of other streams are left out, and no "
                "stream can be chosen",
            source, m.defaults.n, n_excluded);
    strv_add(&c->warnings, warning);
    return 0;
}
