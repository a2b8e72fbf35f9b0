#include "tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "tree/internal.h"

#define MAX_SYMLINKS 40

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    if (tree->root >= 0)
        close(tree->root);
    arena_free(tree->arena);
    free(tree);
}

static const struct tree_node *find_clean(const struct tree *tree, const char *path)
{
    size_t low = 0, high = tree->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = tree_compare_paths(path, tree->nodes[middle].path);
        if (order == 0)
            return &tree->nodes[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct tree_node *tree_find(const struct tree *tree, const char *path)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    return find_clean(tree, tree_clean_path(arena, path));
}

/* The path of 'directory' and one more component; '..' goes up, never above the root. */
static char *step(struct arena *arena, const char *directory, const char *name, size_t length)
{
    if (length == 2 && strncmp(name, "..", 2) == 0) {
        const char *slash = strrchr(directory, '/');
        return slash == directory ? arena_strdup(arena, "/")
                                  : arena_strndup(arena, directory, (size_t)(slash - directory));
    }
    return arena_printf(arena, "%s/%.*s", directory[1] ? directory : "", (int)length, name);
}

const struct tree_node *tree_resolve(const struct tree *tree, const char *path)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    const char *here = "/", *rest = path;
    const struct tree_node *node = tree->n ? &tree->nodes[0] : NULL;
    int symlinks = 0;
    while (node && *(rest += strspn(rest, "/"))) {
        size_t length = strcspn(rest, "/");
        if (!S_ISDIR(node->mode))
            return NULL;
        if (length == 1 && *rest == '.') {
            rest += length;
            continue;
        }
        const char *next = step(arena, here, rest, length);
        rest += length;
        node = find_clean(tree, next);
        if (!node || !S_ISLNK(node->mode)) {
            here = next;
            continue;
        }
        if (++symlinks > MAX_SYMLINKS)
            return NULL;
        rest = arena_printf(arena, "%s/%s", node->target, rest);
        here = node->target[0] == '/' ? "/" : here;
        node = find_clean(tree, here);
    }
    return node;
}

/* A file's first name holds its content when it is a hard link to it. */
static const struct tree_node *content_of(const struct tree *tree, const struct tree_node *node)
{
    return node->link == TREE_NONE ? node : &tree->nodes[node->link];
}

int tree_open(const struct tree *tree, const struct tree_node *node, struct err *err)
{
    if (!S_ISREG(node->mode) || tree->root < 0)
        return err_set(err, ERR_SYSTEM, -EINVAL, "'%s' has no content to open", node->path);
    int fd = file_open_in(tree->root, node->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return err_code(err, fd, "cannot open '%s' of the root", node->path);
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != node->size) {
        close(fd);
        return err_set(
            err, ERR_SYSTEM, -ESTALE, "'%s' of the root has changed meanwhile", node->path);
    }
    return fd;
}

int tree_read(const struct tree *tree, const struct tree_node *node, size_t max_bytes,
    char **ret_data, size_t *ret_size, struct err *err)
{
    node = content_of(tree, node);
    if (!S_ISREG(node->mode))
        return err_set(err, ERR_SYSTEM, -EINVAL, "'%s' is not a regular file", node->path);
    if (node->size > max_bytes)
        return err_set(err, ERR_SYSTEM, -EFBIG, "'%s' is too large: %llu bytes", node->path,
            (unsigned long long)node->size);
    if (node->bytes || tree->root < 0) {
        char *copy = xcalloc(node->size + 1, 1);
        if (node->bytes)
            memcpy(copy, node->bytes, node->size);
        *ret_data = copy;
        *ret_size = node->size;
        return 0;
    }
    auto_close int fd = tree_open(tree, node, err);
    if (fd < 0)
        return fd;
    int r = file_read_fd(fd, max_bytes, ret_data, ret_size);
    return r < 0 ? err_code(err, r, "cannot read '%s' of the root", node->path) : 0;
}
