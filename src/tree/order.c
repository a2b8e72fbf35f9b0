#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "tree/internal.h"

char *tree_clean_path(struct arena *arena, const char *path)
{
    char *clean = arena_alloc(arena, strlen(path) + 2), *to = clean;
    while (*(path += strspn(path, "/"))) {
        size_t length = strcspn(path, "/");
        if (length != 1 || *path != '.') {
            *to++ = '/';
            memcpy(to, path, length);
            to += length;
        }
        path += length;
    }
    if (to == clean)
        *to = '/';
    return clean;
}

int tree_compare_paths(const char *a, const char *b)
{
    if (strcmp(a, "/") == 0 || strcmp(b, "/") == 0)
        return (a[1] != '\0') - (b[1] != '\0');
    while (*a && *a == *b) {
        a++;
        b++;
    }
    /* The separator sorts before every other byte, the end before it. */
    int x = *a == '\0' ? 0 : *a == '/' ? 1 : (unsigned char)*a + 2;
    int y = *b == '\0' ? 0 : *b == '/' ? 1 : (unsigned char)*b + 2;
    return x - y;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strcmp(directory, "/") == 0 ||
           (strncmp(path, directory, length) == 0 && path[length] == '/');
}

static void count_links(struct tree *tree)
{
    for (size_t i = 0; i < tree->n; i++)
        tree->nodes[i].n_links = S_ISDIR(tree->nodes[i].mode) ? 2 : 1;
    for (size_t i = 1; i < tree->n; i++) {
        struct tree_node *node = &tree->nodes[i];
        if (S_ISDIR(node->mode))
            tree->nodes[node->parent].n_links++;
        else if (node->link != TREE_NONE)
            tree->nodes[node->link].n_links++;
    }
    for (size_t i = 0; i < tree->n; i++)
        if (tree->nodes[i].link != TREE_NONE)
            tree->nodes[i].n_links = tree->nodes[tree->nodes[i].link].n_links;
}

int tree_index(struct tree *tree, struct err *err)
{
    size_t parent = TREE_NONE;
    for (size_t i = 0; i < tree->n; i++) {
        struct tree_node *node = &tree->nodes[i];
        while (parent != TREE_NONE && !is_below(node->path, tree->nodes[parent].path)) {
            tree->nodes[parent].end = i;
            parent = tree->nodes[parent].parent;
        }
        if (parent != TREE_NONE && !S_ISDIR(tree->nodes[parent].mode))
            return err_set(err, ERR_SYSTEM, -ENOTDIR, "'%s' is below '%s', which is no directory",
                node->path, tree->nodes[parent].path);
        node->parent = parent;
        node->end = i + 1;
        node->name = i == 0 ? node->path + 1 : strrchr(node->path, '/') + 1;
        parent = i;
    }
    for (; parent != TREE_NONE; parent = tree->nodes[parent].parent)
        tree->nodes[parent].end = tree->n;
    count_links(tree);
    return 0;
}
