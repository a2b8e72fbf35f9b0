/* write-filesystem DIRECTORY FSTYPE MIB FILE [MKFSOPTIONS]: for judges outside: a directory of this
 * machine as a file system in FILE, which is made. Prints the minimum that filesystem/ computes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "filesystem/filesystem.h"

static int fail(struct err *err)
{
    fprintf(stderr, "error: %s\n", err->message);
    if (err->hint)
        fprintf(stderr, "hint: %s\n", err->hint);
    return err->kind;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    auto_cleanup(tree_free) struct tree *tree = NULL;
    if (argc < 5)
        return ERR_USAGE;
    auto_close int root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    auto_close int out = open(argv[4], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    uint64_t size = strtoull(argv[3], NULL, 10) << 20, minimum = 0;
    bool is_old = strcmp(argv[2], "ext4") != 0;
    struct filesystem_options options = {
        .fstype = argv[2],
        .label = "test",
        .uuid = {1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16},
        .time = 1700000000,
        .mkfsoptions = argc > 5 ? argv[5] : NULL,
        .inode_size = is_old ? 128 : 256,
        .allow_64bit = !is_old,
    };
    if (root < 0 || out < 0 || ftruncate(out, (off_t)size) < 0)
        return ERR_SYSTEM;
    if (tree_scan(root, options.time, &tree, &err) < 0 ||
        filesystem_minimum(tree, "/", NULL, &options, &minimum, &err) < 0)
        return fail(&err);
    printf("%llu\n", (unsigned long long)(minimum >> 20));
    fflush(stdout);
    return filesystem_write(tree, "/", NULL, &options, argv[4], 0, size, NULL, &err) < 0
               ? fail(&err)
               : 0;
}
