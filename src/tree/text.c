#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "tree/internal.h"

static const struct {
    char letter;
    mode_t type;
} types[] = {{'d', S_IFDIR}, {'f', S_IFREG}, {'l', S_IFLNK}, {'b', S_IFBLK}, {'c', S_IFCHR},
    {'p', S_IFIFO}, {'s', S_IFSOCK}};

static char letter_of(uint32_t mode)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].type == (mode & S_IFMT))
            return types[i].letter;
    return '?';
}

/* Space, control characters, backslash and what is not ASCII as \ooo: one word a name. */
static void print_word(FILE *out, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c > 0x20 && c < 0x7f && c != '\\' && c != '=')
            fputc(c, out);
        else
            fprintf(out, "\\%03o", c);
    }
}

static void print_node(const struct tree *tree, const struct tree_node *node, FILE *out)
{
    fprintf(out, "%c %04o %" PRIu32 " %" PRIu32 " %" PRId64 " ", letter_of(node->mode),
        node->mode & 07777, node->uid, node->gid, node->mtime);
    if (S_ISBLK(node->mode) || S_ISCHR(node->mode))
        fprintf(out, "%u:%u ", node->rdev_major, node->rdev_minor);
    else
        fprintf(out, "%" PRIu64 " ", node->size);
    print_word(out, node->path, strlen(node->path));
    if (S_ISLNK(node->mode)) {
        fputs(" -> ", out);
        print_word(out, node->target, strlen(node->target));
    }
    if (node->link != TREE_NONE) {
        fputs(" == ", out);
        print_word(out, tree->nodes[node->link].path, strlen(tree->nodes[node->link].path));
    }
    for (size_t i = 0; i < node->n_xattrs; i++) {
        fputc(' ', out);
        print_word(out, node->xattrs[i].name, strlen(node->xattrs[i].name));
        fputc('=', out);
        print_word(out, (const char *)node->xattrs[i].value, node->xattrs[i].size);
    }
    fputc('\n', out);
}

void tree_print(const struct tree *tree, FILE *out)
{
    for (size_t i = 0; i < tree->n; i++)
        print_node(tree, &tree->nodes[i], out);
}

struct reader {
    struct arena *arena;
    char *at; /* in a line that is NUL-terminated */
    unsigned line;
    struct err *err;
};

static int bad(struct reader *r, const char *what)
{
    return err_set(r->err, ERR_SYSTEM, -EINVAL, "tree:%u: %s", r->line, what);
}

/* The next word up to a space or 'stop', unescaped; NULL at the line's end. */
static char *next_word(struct reader *r, char stop, size_t *ret_size)
{
    r->at += strspn(r->at, " ");
    if (!*r->at)
        return NULL;
    char *word = r->at, *to = word;
    while (*r->at && *r->at != ' ' && *r->at != stop) {
        const char *p = r->at;
        if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
            p[3] >= '0' && p[3] <= '7') {
            *to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            r->at += 4;
        } else {
            *to++ = *r->at++;
        }
    }
    *ret_size = (size_t)(to - word);
    return arena_dup(r->arena, word, (size_t)(to - word) + 1);
}

static bool read_number(struct reader *r, int base, uint64_t max, uint64_t *ret)
{
    size_t size;
    char *word = next_word(r, ' ', &size), *end;
    if (!word)
        return false;
    word[size] = '\0';
    errno = 0;
    *ret = strtoull(word, &end, base);
    return isdigit((unsigned char)*word) && !*end && !errno && *ret <= max;
}

static bool read_device(struct reader *r, struct tree_node *node)
{
    size_t size;
    char *word = next_word(r, ' ', &size);
    if (!word)
        return false;
    word[size] = '\0';
    char *end;
    if (!isdigit((unsigned char)*word))
        return false;
    unsigned long major = strtoul(word, &end, 10);
    if (*end != ':' || !isdigit((unsigned char)end[1]))
        return false;
    unsigned long minor = strtoul(end + 1, &end, 10);
    node->rdev_major = (unsigned)major;
    node->rdev_minor = (unsigned)minor;
    return !*end && major <= UINT32_MAX && minor <= UINT32_MAX;
}

static bool read_mtime(struct reader *r, struct tree_node *node)
{
    bool is_negative = *(r->at += strspn(r->at, " ")) == '-';
    uint64_t value;
    if (is_negative)
        r->at++;
    if (*r->at == ' ' || !read_number(r, 10, (uint64_t)INT64_MAX + is_negative, &value))
        return false;
    node->mtime = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static bool read_fixed(struct reader *r, struct tree_node *node)
{
    size_t size;
    uint64_t mode, uid, gid;
    const char *letter = next_word(r, ' ', &size);
    if (!letter || size != 1)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].letter == *letter)
            node->mode = types[i].type;
    if (!node->mode || !read_number(r, 8, 07777, &mode) || !read_number(r, 10, UINT32_MAX, &uid) ||
        !read_number(r, 10, UINT32_MAX, &gid) || !read_mtime(r, node))
        return false;
    node->mode |= (uint32_t)mode;
    node->uid = (uint32_t)uid;
    node->gid = (uint32_t)gid;
    bool is_device = S_ISBLK(node->mode) || S_ISCHR(node->mode);
    return is_device ? read_device(r, node) : read_number(r, 10, INT64_MAX, &node->size);
}

static char *read_name(struct reader *r)
{
    size_t size;
    char *name = next_word(r, ' ', &size);
    if (!name || memchr(name, '\0', size))
        return NULL;
    name[size] = '\0';
    return name;
}

static int read_xattrs(struct reader *r, struct tree_node *node)
{
    size_t size;
    char *name;
    while ((name = next_word(r, '=', &size))) {
        if (*r->at != '=' || !size || memchr(name, '\0', size))
            return bad(r, "an extended attribute is NAME=VALUE");
        name[size] = '\0';
        char *after = ++r->at;
        struct tree_xattr *x = arena_push(r->arena, node->xattrs, node->n_xattrs);
        x->name = name;
        if (*after && *after != ' ')
            x->value = (uint8_t *)next_word(r, ' ', &x->size);
        else
            x->value = arena_alloc(r->arena, 1);
    }
    return 0;
}

/* One line: the node, and the path it is a hard link to in *ret_link. */
static int read_line(struct reader *r, struct tree_node *node, char **ret_link)
{
    if (!read_fixed(r, node) || !(node->path = read_name(r)) || node->path[0] != '/')
        return bad(r, "not 'type mode uid gid mtime size /path'");
    if (strncmp(r->at, " -> ", 4) == 0) {
        r->at += 4;
        node->target = read_name(r);
    }
    if (S_ISLNK(node->mode) != !!node->target)
        return bad(r, "a symlink has a target, and nothing else has one");
    if (strncmp(r->at, " == ", 4) == 0) {
        r->at += 4;
        *ret_link = read_name(r);
        if (!*ret_link || S_ISDIR(node->mode))
            return bad(r, "a hard link names another file that is no directory");
    }
    return read_xattrs(r, node);
}

static int parse_lines(struct tree_builder *builder, struct arena *arena, const char *text,
    size_t size, struct err *err)
{
    struct reader r = {.arena = arena, .err = err};
    const char *end = text + size;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        struct tree_node node = {0};
        char *link = NULL;
        r.at = arena_strndup(arena, text, length);
        r.line++;
        int e = *r.at ? read_line(&r, &node, &link) : 0;
        if (e < 0)
            return e;
        if (*r.at || node.path)
            tree_builder_add(builder, &node, link);
        text += length + 1;
    }
    return 0;
}

int tree_parse(const char *text, size_t size, struct tree **ret_tree, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    auto_cleanup(tree_builder_free) struct tree_builder *builder = tree_builder_new(NULL);
    int r = parse_lines(builder, arena, text, size, err);
    return r < 0 ? r : tree_builder_finish(builder, ret_tree, err);
}
