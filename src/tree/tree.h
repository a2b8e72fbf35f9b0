/*
 * A root directory as a value: every path with its owner, mode, time, device number, extended
 * attributes and where its content is. What is written into the image is this, not the directory.
 *
 * Nodes are sorted by path, component by component in byte order, so that a directory stands
 * before what is in it and its content follows it without gaps; nodes[0] is "/". Nodes that are
 * one inode with an earlier node (hard links) name it in 'link'. Times are whole seconds.
 * Errors: ERR_SYSTEM. Content on disk stays there: the directory must outlive the tree.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/memory.h"

#define TREE_NONE SIZE_MAX

struct tree_xattr {
    char *name; /* security.capability, user.x ... */
    uint8_t *value;
    size_t size;
};

struct tree_node {
    char *path;    /* absolute, "/etc/passwd" */
    char *name;    /* last component, points into path; "" for "/" */
    size_t parent; /* index; TREE_NONE for "/" */
    size_t end;    /* index behind the last node below this one (own index + 1 for a leaf) */
    size_t link;   /* index of the first node of the same inode, or TREE_NONE */
    uint32_t mode; /* type and permission bits, as st_mode */
    uint32_t uid, gid;
    uint32_t n_links; /* names of this inode in the tree (directories: 2 + subdirectories) */
    int64_t mtime;
    uint64_t size; /* of a regular file's content; of a symlink's target */
    unsigned rdev_major, rdev_minor;
    char *target; /* symlink */
    struct tree_xattr *xattrs;
    size_t n_xattrs;
    const uint8_t *bytes; /* content in memory; NULL: in the directory (or empty) */
};

struct tree {
    struct arena *arena;
    struct tree_node *nodes;
    size_t n;
    int root; /* descriptor of the directory, owned; -1: no directory behind it */
};

/* Walk 'root' (not following symlinks, not crossing mounts). Placeholders of device nodes (see
 * sandbox.h) become devices; their attribute is not in the tree. Of extended attributes there are
 * user's, capabilities and ACLs; what else this machine marks files with (SELinux, IMA, overlayfs)
 * is no part of the image. mtimes later than max_mtime are clamped to it (0: not clamped). */
int tree_scan(int root, int64_t max_mtime, struct tree **ret_tree, struct err *err);
void tree_free(struct tree *tree);
DEFINE_CLEANUP(struct tree *, tree_free)

/* Building one in memory, or changing a scanned one before it is used: add nodes in any order
 * (missing parents are made: root:root 0755), then finish. A path that is there is replaced. */
struct tree_builder;
struct tree_builder *tree_builder_new(const struct tree *base); /* base may be NULL; borrowed */
void tree_builder_free(struct tree_builder *builder);
DEFINE_CLEANUP(struct tree_builder *, tree_builder_free)
void tree_add(struct tree_builder *builder, const struct tree_node *node); /* copies everything */
void tree_add_file(struct tree_builder *builder, const char *path, uint32_t permissions,
    const void *bytes, size_t size, int64_t mtime);
void tree_remove(struct tree_builder *builder, const char *path); /* with what is below it */
int tree_builder_finish(struct tree_builder *builder, struct tree **ret_tree, struct err *err);

/* The text form, one node a line: type mode uid gid mtime size path [-> target] [xattrs]; reading
 * it back makes a tree without a directory (files of size > 0 read as zeros). For golden tests. */
void tree_print(const struct tree *tree, FILE *out);
int tree_parse(const char *text, size_t size, struct tree **ret_tree, struct err *err);

/* Exactly this path, no symlink followed; NULL: not there. */
const struct tree_node *tree_find(const struct tree *tree, const char *path);
/* Symlinks followed inside the tree, 40 at most; NULL: not there, or a loop. */
const struct tree_node *tree_resolve(const struct tree *tree, const char *path);
/* Content of a regular file; larger than max_bytes: -EFBIG with err set. The caller frees. */
int tree_read(const struct tree *tree, const struct tree_node *node, size_t max_bytes,
    char **ret_data, size_t *ret_size, struct err *err);
/* A descriptor for reading a file whose content is in the directory. */
int tree_open(const struct tree *tree, const struct tree_node *node, struct err *err);
