/* layout-case [disk=MIB] [content=MIB] [label=none|msdos|gpt] [fstype=TYPE] [recent] [json]
 * [bytes=N] [table=FILE] RECIPE: the partitions that RECIPE's part lines become, and the warnings.
 * With table= FILE becomes a disk of that size with that partition table. The exit status is
 * slipway's. */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "disk/disk.h"

static int finish(struct err *err)
{
    int status = (int)err->kind;
    printf("error %d: %s\n", status, err->message);
    if (err->hint)
        printf("hint: %s\n", err->hint);
    err_done(err);
    return status;
}

static enum layout_label label_of(const char *name)
{
    return strcmp(name, "none") == 0 ? LABEL_NONE : *name == 'm' ? LABEL_MSDOS : LABEL_GPT;
}

struct request {
    struct layout_options options;
    bool json;
    const char *table;
};

static bool read_option(const char *word, struct request *q)
{
    if (str_starts(word, "disk="))
        q->options.disk_bytes = strtoull(word + 5, NULL, 10) << 20;
    else if (str_starts(word, "bytes="))
        q->options.disk_bytes = strtoull(word + 6, NULL, 10);
    else if (str_starts(word, "content="))
        q->options.content_bytes = strtoull(word + 8, NULL, 10) << 20;
    else if (str_starts(word, "fstype="))
        q->options.default_fstype = word + 7;
    else if (str_starts(word, "table="))
        q->table = word + 6;
    else if (str_starts(word, "label=")) {
        q->options.label = label_of(word + 6);
        q->options.has_label = true;
    } else if (strcmp(word, "recent") == 0)
        q->options.is_recent = true;
    else if (strcmp(word, "json") == 0)
        q->json = true;
    else
        return false;
    return true;
}

static int write_table(const struct layout *layout, const char *path, struct err *err)
{
    auto_cleanup(disk_discard) struct disk *disk = NULL;
    int r = disk_create(path, layout->disk_bytes, true, &disk, err);
    if (r == 0)
        r = disk_write_table(disk, layout, err);
    return r < 0 ? r : disk_commit(disk, err);
}

/* What is not in the table: options for fstab and mke2fs, and a given UUID. */
static void print_options(const struct layout *layout)
{
    for (size_t i = 0; i < layout->n; i++) {
        const struct layout_part *p = &layout->parts[i];
        if (p->kind == LAYOUT_FILESYSTEM && strcmp(p->fsoptions, "defaults") != 0)
            printf("%3u  fsoptions %s\n", p->number, p->fsoptions);
        if (p->mkfsoptions)
            printf("%3u  mkfsoptions %s\n", p->number, p->mkfsoptions);
    }
    for (size_t i = 0; i < layout->warnings.n; i++)
        printf("warning: %s\n", layout->warnings.v[i]);
}

static int run(const struct request *q, const char *path, struct err *err)
{
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    auto_cleanup(layout_free) struct layout *layout = NULL;
    int r = recipe_read(path, NULL, &recipe, err);
    if (r == 0)
        r = recipe_check_supported(recipe, err);
    if (r == 0)
        r = layout_make(recipe, &q->options, &layout, err);
    if (r < 0)
        return r;
    if (q->json) {
        layout_print_json(layout, stdout);
        printf("\n");
    } else {
        layout_print(layout, stdout);
        print_options(layout);
    }
    return q->table ? write_table(layout, q->table, err) : 0;
}

int main(int argc, char **argv)
{
    struct request q = {0};
    struct err err = {0};
    for (int i = 1; i < argc - 1; i++)
        if (!read_option(argv[i], &q)) {
            fprintf(stderr, "layout-case: '%s'?\n", argv[i]);
            return ERR_USAGE;
        }
    return argc > 1 && run(&q, argv[argc - 1], &err) < 0 ? finish(&err) : 0;
}
