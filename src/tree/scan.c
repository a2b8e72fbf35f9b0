#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/strbuf.h"
#include "sandbox/sandbox.h"
#include "tree/internal.h"

#define MAX_MAJOR 0xfff
#define MAX_MINOR 0xfffff
#define XATTR_MAX 65536 /* XATTR_SIZE_MAX of the kernel */

struct inode {
    dev_t device;
    ino_t number;
    size_t node;
};

struct scan {
    struct tree *tree;
    dev_t device; /* mounts below the root are not entered */
    int64_t max_mtime;
    struct inode *inodes; /* of files with several names */
    size_t n_inodes;
    struct err *err;
};

static int fail(struct scan *s, const char *path, const char *what)
{
    return err_errno(s->err, "cannot %s '%s' of the root", what, path);
}

/* A capability that was set in a user namespace carries that namespace's root id (revision 3 of
 * the format, include/uapi/linux/capability.h); in an image it must be the plain revision 2. */
static void normalize_capability(uint8_t *value, size_t *size)
{
    const size_t v2 = 20, v3 = 24;
    if (*size == v3 && value[3] == 3) {
        value[3] = 2;
        *size = v2;
    }
}

/* Digits alone, up to 'stop'; *at ends behind it. */
static bool read_number(const char **at, char stop, unsigned max, unsigned *ret)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    unsigned long value = strtoul(*at, &end, 10);
    if (errno || *end != stop || value > max)
        return false;
    *at = end + 1;
    *ret = (unsigned)value;
    return true;
}

bool tree_read_placeholder(const char *value, size_t size, struct tree_node *node)
{
    char text[sizeof "c 4095 1048575"] = {0};
    if (size < 5 || size >= sizeof text || (value[0] != 'b' && value[0] != 'c') || value[1] != ' ')
        return false;
    memcpy(text, value, size);
    const char *at = text + 2;
    unsigned major, minor;
    if (!read_number(&at, ' ', MAX_MAJOR, &major) || !read_number(&at, '\0', MAX_MINOR, &minor) ||
        at != text + size + 1)
        return false;
    node->mode = (node->mode & 07777) | (text[0] == 'b' ? S_IFBLK : S_IFCHR);
    node->rdev_major = major;
    node->rdev_minor = minor;
    node->size = 0;
    return true;
}

/* What belongs to the image. Labels of this machine's SELinux, of its overlay or its integrity
 * checks do not: the image would depend on where it was made. */
static bool is_kept(const char *name)
{
    static const char *const kept[] = {
        "security.capability", "system.posix_acl_access", "system.posix_acl_default"};
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        if (strcmp(name, kept[i]) == 0)
            return true;
    return str_starts(name, "user.");
}

static int add_xattr(struct scan *s, struct tree_node *node, const char *proc, const char *name)
{
    uint8_t value[XATTR_MAX];
    if (!is_kept(name))
        return 0;
    ssize_t size = lgetxattr(proc, name, value, XATTR_MAX);
    if (size < 0 && (errno == ENODATA || errno == EOPNOTSUPP || errno == EPERM))
        return 0;
    if (size < 0)
        return fail(s, node->path, "read extended attributes of");
    size_t length = (size_t)size;
    if (strcmp(name, SANDBOX_NODE_XATTR) == 0)
        return S_ISREG(node->mode) && tree_read_placeholder((const char *)value, length, node)
                   ? 0
                   : err_set(s->err, ERR_SYSTEM, -EINVAL,
                         "'%s' of the root: its attribute %s is no device", node->path, name);
    if (strcmp(name, "security.capability") == 0)
        normalize_capability(value, &length);
    struct tree_xattr *x = arena_push(s->tree->arena, node->xattrs, node->n_xattrs);
    x->name = arena_strdup(s->tree->arena, name);
    x->value = arena_dup(s->tree->arena, value, length);
    x->size = length;
    return 0;
}

static int compare_xattrs(const void *a, const void *b)
{
    return strcmp(((const struct tree_xattr *)a)->name, ((const struct tree_xattr *)b)->name);
}

/* 'directory' is open on the node's parent; a path through it can't be swapped for another. */
static int read_xattrs(struct scan *s, struct tree_node *node, int directory, const char *name)
{
    auto_free char *proc = xprintf("/proc/self/fd/%d/%s", directory, name);
    char names[XATTR_MAX];
    ssize_t size = llistxattr(proc, names, sizeof names);
    if (size < 0)
        return errno == EOPNOTSUPP ? 0 : fail(s, node->path, "list extended attributes of");
    int r = 0;
    for (char *p = names; r == 0 && p < names + size; p += strlen(p) + 1)
        r = add_xattr(s, node, proc, p);
    if (node->n_xattrs > 1)
        qsort(node->xattrs, node->n_xattrs, sizeof *node->xattrs, compare_xattrs);
    return r;
}

static int read_target(struct scan *s, struct tree_node *node, int directory, const char *name)
{
    char target[PATH_MAX];
    ssize_t size = readlinkat(directory, name, target, sizeof target);
    if (size < 0 || size == sizeof target)
        return fail(s, node->path, "read the symlink");
    node->target = arena_strndup(s->tree->arena, target, (size_t)size);
    node->size = strlen(node->target);
    return 0;
}

static void remember_inode(struct scan *s, const struct stat *st, struct tree_node *node)
{
    if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
        return;
    size_t index = (size_t)(node - s->tree->nodes);
    *array_push(s->inodes, s->n_inodes) =
        (struct inode){.device = st->st_dev, .number = st->st_ino, .node = index};
}

static int fill_node(
    struct scan *s, struct tree_node *node, int directory, const char *name, const struct stat *st)
{
    node->mode = st->st_mode;
    node->uid = st->st_uid;
    node->gid = st->st_gid;
    node->link = TREE_NONE;
    node->mtime = s->max_mtime && st->st_mtime > s->max_mtime ? s->max_mtime : st->st_mtime;
    node->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
    if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode)) {
        node->rdev_major = major(st->st_rdev);
        node->rdev_minor = minor(st->st_rdev);
    }
    remember_inode(s, st, node);
    int r = S_ISLNK(st->st_mode) ? read_target(s, node, directory, name) : 0;
    return r < 0 ? r : read_xattrs(s, node, directory, name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_directory(struct scan *s, int fd, const char *path, struct strv *ret_names)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    if (!d) {
        if (copy >= 0)
            close(copy);
        return fail(s, path, "list");
    }
    struct dirent *e;
    while ((errno = 0, e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            strv_add(ret_names, e->d_name);
    int r = errno ? fail(s, path, "list") : 0;
    closedir(d);
    if (ret_names->n)
        qsort(ret_names->v, ret_names->n, sizeof *ret_names->v, compare_names);
    return r;
}

static int scan_directory(struct scan *s, int fd, const char *path);

static int scan_entry(struct scan *s, int directory, const char *parent, const char *name)
{
    struct stat st;
    bool is_root = strcmp(parent, "/") == 0;
    char *path = arena_printf(s->tree->arena, "%s/%s", is_root ? "" : parent, name);
    if (interrupt_pending())
        return interrupt_error(s->err);
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(s, path, "look at");
    struct tree_node *node = arena_push(s->tree->arena, s->tree->nodes, s->tree->n);
    node->path = path;
    int r = fill_node(s, node, directory, name, &st);
    if (r < 0 || !S_ISDIR(st.st_mode) || st.st_dev != s->device)
        return r;
    auto_close int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fail(s, path, "open") : scan_directory(s, fd, path);
}

static int scan_directory(struct scan *s, int fd, const char *path)
{
    auto_strv struct strv names = {0};
    int r = list_directory(s, fd, path, &names);
    for (size_t i = 0; r == 0 && i < names.n; i++)
        r = scan_entry(s, fd, path, names.v[i]);
    return r;
}

static int compare_inodes(const void *a, const void *b)
{
    const struct inode *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* The first name of each inode stands for it; the others are links to that one. */
static void join_links(struct scan *s)
{
    if (s->n_inodes)
        qsort(s->inodes, s->n_inodes, sizeof *s->inodes, compare_inodes);
    for (size_t i = 1, first = 0; i < s->n_inodes; i++) {
        if (s->inodes[i].device == s->inodes[first].device &&
            s->inodes[i].number == s->inodes[first].number)
            s->tree->nodes[s->inodes[i].node].link = s->inodes[first].node;
        else
            first = i;
    }
}

static int scan_root(struct scan *s, int root)
{
    struct stat st;
    if (fstat(root, &st) < 0)
        return fail(s, "/", "look at");
    s->device = st.st_dev;
    struct tree_node *node = arena_push(s->tree->arena, s->tree->nodes, s->tree->n);
    node->path = arena_strdup(s->tree->arena, "/");
    int r = fill_node(s, node, root, ".", &st);
    return r < 0 ? r : scan_directory(s, root, "/");
}

int tree_scan(int root, int64_t max_mtime, struct tree **ret_tree, struct err *err)
{
    auto_cleanup(tree_free) struct tree *tree = xcalloc(1, sizeof *tree);
    tree->arena = arena_new();
    tree->root = fcntl(root, F_DUPFD_CLOEXEC, 3);
    if (tree->root < 0)
        return err_errno(err, "cannot keep the root open");
    struct scan s = {.tree = tree, .max_mtime = max_mtime, .err = err};
    int r = scan_root(&s, root);
    if (r == 0) {
        join_links(&s);
        r = tree_index(tree, err);
    }
    free(s.inodes);
    if (r == 0)
        *ret_tree = steal(&tree);
    return r;
}
