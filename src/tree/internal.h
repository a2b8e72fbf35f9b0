/* What the parts of tree/ share. */
#pragma once

#include "tree/tree.h"

/* "/a/b" from "a//b/": one slash before each component, "/" for the root; '.' is dropped, '..' is
 * kept as a name (it can't come out of a directory). In the arena. */
char *tree_clean_path(struct arena *arena, const char *path);
/* Component-wise byte order: "/a" < "/a/b" < "/a-b". */
int tree_compare_paths(const char *a, const char *b);
/* Put nodes (sorted, complete with all parents, paths unique) in order: parent, end, name, n_links.
 * -EINVAL with err set when a node's parent is no directory. */
int tree_index(struct tree *tree, struct err *err);
/* tree_add() of a node that is a hard link to the one at 'link_path' (NULL: of a plain one). */
void tree_builder_add(
    struct tree_builder *builder, const struct tree_node *node, const char *link_path);
/* A placeholder's attribute (SANDBOX_NODE_XATTR, "c 5 1"): makes 'node' that device. False, and the
 * node as it was, if it is anything else. */
bool tree_read_placeholder(const char *value, size_t size, struct tree_node *node);
