#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tree/internal.h"

static char *print(const struct tree *tree, size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);
    tree_print(tree, out);
    fclose(out);
    return text;
}

/* What was read is printed, read again, and printed the same. */
static void come_back(const struct tree *tree)
{
    struct err err = {0};
    size_t size, size_again;
    auto_free char *text = print(tree, &size);
    auto_cleanup(tree_free) struct tree *again = NULL;
    if (tree_parse(text, size, &again, &err) < 0)
        abort();
    auto_free char *text_again = print(again, &size_again);
    if (size != size_again || memcmp(text, text_again, size) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct tree_node node = {0};
    auto_cleanup(tree_free) struct tree *tree = NULL;
    if (!tree_read_placeholder((const char *)data, size, &node) && node.mode)
        abort();
    if (tree_parse((const char *)data, size, &tree, &err) == 0)
        come_back(tree);
    for (size_t i = 0; tree && i < tree->n; i++)
        if (!tree_find(tree, tree->nodes[i].path))
            abort();
    err_done(&err);
    return 0;
}
