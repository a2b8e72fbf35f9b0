#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "tree/internal.h"

struct entry {
    struct tree_node node;
    char *link_path; /* the node this one is a hard link to, or NULL */
    size_t serial;   /* a later one of the same path wins */
    bool removed;
};

struct tree_builder {
    struct arena *arena;
    struct entry *entries;
    size_t n;
    int root;
};

static void copy_xattrs(struct arena *arena, struct tree_node *node)
{
    struct tree_xattr *copies = NULL;
    size_t n = 0;
    for (size_t i = 0; i < node->n_xattrs; i++) {
        const struct tree_xattr *x = &node->xattrs[i];
        struct tree_xattr *copy = arena_push(arena, copies, n);
        copy->name = arena_strdup(arena, x->name);
        copy->value = arena_dup(arena, x->value, x->size);
        copy->size = x->size;
    }
    node->xattrs = copies;
}

void tree_builder_add(struct tree_builder *b, const struct tree_node *node, const char *link_path)
{
    struct entry *e = arena_push(b->arena, b->entries, b->n);
    e->serial = b->n;
    e->link_path = arena_strdup(b->arena, link_path);
    e->node = *node;
    e->node.path = tree_clean_path(b->arena, node->path);
    e->node.target = arena_strdup(b->arena, node->target);
    e->node.link = TREE_NONE;
    if (S_ISLNK(node->mode))
        e->node.size = strlen(node->target);
    if (node->bytes)
        e->node.bytes = arena_dup(b->arena, node->bytes, node->size);
    copy_xattrs(b->arena, &e->node);
}

struct tree_builder *tree_builder_new(const struct tree *base)
{
    struct tree_builder *b = xcalloc(1, sizeof *b);
    b->arena = arena_new();
    b->root = base && base->root >= 0 ? fcntl(base->root, F_DUPFD_CLOEXEC, 3) : -1;
    for (size_t i = 0; base && i < base->n; i++) {
        size_t link = base->nodes[i].link;
        tree_builder_add(b, &base->nodes[i], link == TREE_NONE ? NULL : base->nodes[link].path);
    }
    return b;
}

void tree_builder_free(struct tree_builder *b)
{
    if (!b)
        return;
    if (b->root >= 0)
        close(b->root);
    arena_free(b->arena);
    free(b);
}

void tree_add(struct tree_builder *b, const struct tree_node *node)
{
    tree_builder_add(b, node, NULL);
}

void tree_add_file(struct tree_builder *b, const char *path, uint32_t permissions,
    const void *bytes, size_t size, int64_t mtime)
{
    auto_free char *copy = xstrdup(path);
    struct tree_node node = {
        .path = copy,
        .mode = S_IFREG | (permissions & 07777),
        .size = size,
        .bytes = bytes,
        .mtime = mtime,
    };
    tree_builder_add(b, &node, NULL);
}

void tree_remove(struct tree_builder *b, const char *path)
{
    const char *clean = tree_clean_path(b->arena, path);
    size_t length = clean[1] ? strlen(clean) : 0;
    for (size_t i = 0; i < b->n; i++) {
        const char *p = b->entries[i].node.path;
        if (strncmp(p, clean, length) == 0 && (p[length] == '/' || !p[length]))
            b->entries[i].removed = true;
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int order = tree_compare_paths(x->node.path, y->node.path);
    return order ? order : x->serial < y->serial ? 1 : -1; /* the later one first */
}

static void add_missing_parents(struct tree_builder *b)
{
    struct tree_node directory = {.mode = S_IFDIR | 0755};
    char root[] = "/";
    size_t n = b->n;
    struct entry *given = b->entries;
    b->entries = NULL;
    b->n = 0;
    /* First in order of time, so that what was given replaces what is made here. */
    directory.path = root;
    tree_builder_add(b, &directory, NULL);
    for (size_t i = 0; i < n; i++) {
        if (given[i].removed)
            continue;
        auto_free char *path = xstrdup(given[i].node.path);
        for (char *slash = strrchr(path, '/'); slash && slash != path; slash = strrchr(path, '/')) {
            *slash = '\0';
            directory.path = path;
            tree_builder_add(b, &directory, NULL);
        }
    }
    for (size_t i = 0; i < n; i++)
        tree_builder_add(b, &given[i].node, given[i].link_path);
    for (size_t i = b->n - n; i < b->n; i++)
        b->entries[i].removed = given[i - (b->n - n)].removed;
}

/* Hard links again by index. Where the name they were linked to is gone, or was replaced later,
 * each stands for itself. */
static void resolve_links(struct tree *tree, struct entry **sorted)
{
    for (size_t i = 0; i < tree->n; i++) {
        const char *path = sorted[i]->link_path;
        const struct tree_node *first = path ? tree_find(tree, path) : NULL;
        size_t index = first ? (size_t)(first - tree->nodes) : i;
        if (index < i && (first->mode & S_IFMT) == (tree->nodes[i].mode & S_IFMT) &&
            !S_ISDIR(first->mode) && first->link == TREE_NONE &&
            sorted[index]->serial < sorted[i]->serial)
            tree->nodes[i].link = index;
    }
}

static int check_names(const struct tree_builder *b, struct err *err)
{
    for (size_t i = 0; i < b->n; i++) {
        const char *path = b->entries[i].node.path, *dots = path;
        while ((dots = strstr(dots, "/..")) && dots[3] && dots[3] != '/')
            dots += 3;
        if (dots)
            return err_set(err, ERR_SYSTEM, -EINVAL, "'%s' is no plain path: it holds '..'", path);
    }
    return 0;
}

int tree_builder_finish(struct tree_builder *b, struct tree **ret_tree, struct err *err)
{
    int checked = check_names(b, err);
    if (checked < 0)
        return checked;
    add_missing_parents(b);
    auto_free struct entry **sorted = xcalloc(b->n, sizeof *sorted);
    for (size_t i = 0; i < b->n; i++)
        sorted[i] = &b->entries[i];
    qsort(sorted, b->n, sizeof *sorted, compare_entries);

    auto_cleanup(tree_free) struct tree *tree = xcalloc(1, sizeof *tree);
    tree->arena = steal(&b->arena);
    tree->root = steal_fd(&b->root);
    size_t kept = 0;
    const char *last = NULL;
    for (size_t i = 0; i < b->n; i++) {
        const char *path = sorted[i]->node.path;
        if (sorted[i]->removed || (last && strcmp(path, last) == 0))
            continue;
        last = path;
        *arena_push(tree->arena, tree->nodes, tree->n) = sorted[i]->node;
        sorted[kept++] = sorted[i];
    }
    resolve_links(tree, sorted);
    int r = tree_index(tree, err);
    if (r == 0)
        *ret_tree = steal(&tree);
    b->entries = NULL;
    b->n = 0;
    return r;
}
