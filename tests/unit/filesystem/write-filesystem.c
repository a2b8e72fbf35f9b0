/* write-filesystem [WORD=VALUE]... FILE: for judges outside: a directory of this machine, or the
 * text form of a tree, as a file system in FILE, which is made. Prints the minimum that filesystem/
 * computes, in MiB. Words: root=DIRECTORY or tree=TEXT-FILE; at=DIRECTORY of the tree; mount=PATH
 * (again and again); fstype=, label=, mkfsoptions=; inode=BYTES; old (no 64bit, no checksums);
 * size=MIB (none: the minimum) or bytes=N; offset=BYTES; clamp=SECONDS; only-minimum. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "filesystem/filesystem.h"

struct request {
    const char *root, *tree, *at;
    struct strv mountpoints;
    uint64_t size_bytes, offset_bytes;
    int64_t clamp;
    bool only_minimum;
    struct filesystem_options options;
};

static const char *value_of(const char *word, const char *key)
{
    size_t length = strlen(key);
    return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static uint64_t number_of(const char *text)
{
    return strtoull(text, NULL, 10);
}

static bool read_word(struct request *q, const char *word)
{
    const char *v;
    if ((v = value_of(word, "root")))
        q->root = v;
    else if ((v = value_of(word, "tree")))
        q->tree = v;
    else if ((v = value_of(word, "at")))
        q->at = v;
    else if ((v = value_of(word, "mount")))
        strv_add(&q->mountpoints, v);
    else if ((v = value_of(word, "fstype")))
        q->options.fstype = v;
    else if ((v = value_of(word, "label")))
        q->options.label = v;
    else if ((v = value_of(word, "mkfsoptions")))
        q->options.mkfsoptions = v;
    else if ((v = value_of(word, "inode")))
        q->options.inode_size = (unsigned)number_of(v);
    else if ((v = value_of(word, "size")))
        q->size_bytes = number_of(v) << 20;
    else if ((v = value_of(word, "bytes")))
        q->size_bytes = number_of(v);
    else if ((v = value_of(word, "offset")))
        q->offset_bytes = number_of(v);
    else if ((v = value_of(word, "clamp")))
        q->clamp = strtoll(v, NULL, 10);
    else if (strcmp(word, "old") == 0)
        q->options.allow_64bit = false;
    else if (strcmp(word, "only-minimum") == 0)
        q->only_minimum = true;
    else
        return false;
    return true;
}

static int read_tree(const struct request *q, struct tree **ret_tree, struct err *err)
{
    auto_free char *text = NULL;
    size_t size = 0;
    if (q->tree) {
        int r = file_read(q->tree, SIZE_MAX / 2, &text, &size);
        return r < 0 ? err_code(err, r, "cannot read '%s'", q->tree)
                     : tree_parse(text, size, ret_tree, err);
    }
    auto_close int root = open(q->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? err_errno(err, "cannot open '%s'", q->root)
                    : tree_scan(root, q->clamp, ret_tree, err);
}

static int run(struct request *q, const char *file, struct err *err)
{
    auto_cleanup(tree_free) struct tree *tree = NULL;
    uint64_t minimum = 0;
    strv_add(&q->mountpoints, NULL);
    const char *const *mountpoints = (const char *const *)q->mountpoints.v;
    int r = 0;
    if (strcmp(q->options.fstype, "swap") != 0)
        r = read_tree(q, &tree, err);
    if (r == 0 && tree)
        r = filesystem_minimum(tree, q->at, mountpoints, &q->options, &minimum, err);
    if (r < 0)
        return r;
    printf("%llu\n", (unsigned long long)(minimum >> 20));
    fflush(stdout);
    if (q->only_minimum)
        return 0;
    uint64_t size = q->size_bytes ? q->size_bytes : minimum;
    auto_close int out = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out < 0 || ftruncate(out, (off_t)(q->offset_bytes + size)) < 0)
        return err_errno(err, "cannot make '%s'", file);
    return filesystem_write(
        tree, q->at, mountpoints, &q->options, file, q->offset_bytes, size, NULL, err);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct request q = {.at = "/",
        .options = {.fstype = "ext4",
            .uuid = {1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16},
            .time = 1700000000,
            .inode_size = 256,
            .allow_64bit = true}};
    for (int i = 1; i < argc - 1; i++)
        if (!read_word(&q, argv[i])) {
            fprintf(stderr, "write-filesystem: '%s'?\n", argv[i]);
            return ERR_USAGE;
        }
    bool has_source = q.root || q.tree || strcmp(q.options.fstype, "swap") == 0;
    if (argc < 2 || !has_source)
        return ERR_USAGE;
    int r = run(&q, argv[argc - 1], &err), status = (int)err.kind;
    if (r < 0)
        fprintf(stderr, "error: %s\n", err.message);
    if (r < 0 && err.hint)
        fprintf(stderr, "hint: %s\n", err.hint);
    err_done(&err);
    strv_done(&q.mountpoints);
    return status;
}
