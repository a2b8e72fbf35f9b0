/*
 * boot-case [OPTION...] in: the boot plan and each file that it puts into the root.
 * 'in' is a recipe whose comment lines '#release 5', '#package NAME' say what is installed.
 * Options: --target NAME, --console NAME, --json, --debian (its os-release says so), --no-mkimage.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "boot-world.h"

#define RECIPE_MAX 65536

static const struct option long_options[] = {{"target", required_argument, NULL, 't'},
    {"console", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
    {"debian", no_argument, NULL, 'd'}, {"no-mkimage", no_argument, NULL, 'm'}, {0}};

struct request {
    struct boot_options options;
    bool json, is_debian, no_mkimage;
};

static struct era *read_era(const char *path, const struct request *q)
{
    auto_free char *text = NULL, *release = NULL;
    auto_strv struct strv packages = {0};
    size_t size = 0;
    if (file_read(path, RECIPE_MAX, &text, &size) < 0)
        return NULL;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (str_starts(line, "#package "))
            strv_add(&packages, line + strlen("#package "));
        if (str_starts(line, "#release ") && !release)
            release = xstrdup(line + strlen("#release "));
    }
    struct era *era = era_predict(&packages, release);
    if (q->is_debian) {
        era->os_id = arena_strdup(era->arena, "debian");
        era->os_name = arena_strdup(era->arena, "Debian GNU/Linux 12 (bookworm)");
    }
    if (q->no_mkimage)
        era->grub2_mkimage = NULL;
    return era;
}

static void print_file(const struct boot_file *file)
{
    if (file->link_target) {
        printf("\n=== %s -> %s\n", file->path, file->link_target);
        return;
    }
    printf("\n=== %s %04o\n%s", file->path, file->mode, (const char *)file->bytes);
    if (file->size && file->bytes[file->size - 1] != '\n')
        printf("\n(%zu bytes, no newline)\n", file->size);
}

static int run(const char *path, const struct request *q, struct boot_world *w, struct err *err)
{
    auto_cleanup(boot_files_free) struct boot_files *files = NULL;
    struct era *era = read_era(path, q);
    if (!era)
        return err_set(err, ERR_SYSTEM, -1, "cannot read '%s'", path);
    int r = boot_world_make(w, path, era, &q->options, err);
    if (r < 0)
        return r;
    if (q->json) {
        boot_plan_print_json(w->plan, stdout);
        puts("");
        return 0;
    }
    boot_plan_print(w->plan, stdout);
    r = boot_files_make(w->plan, w->layout, w->era, &files, err);
    for (size_t i = 0; r == 0 && i < files->n; i++)
        print_file(&files->v[i]);
    return r;
}

int main(int argc, char **argv)
{
    struct boot_world world = {0};
    struct request q = {0};
    struct err err = {0};
    int r = 0;
    for (int c; r == 0 && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
        if (c == 't')
            r = boot_target_parse(optarg, &q.options.target, &err);
        else if (c == 'c')
            q.options.console = optarg;
        else if (c == 'j')
            q.json = true;
        else if (c == 'd')
            q.is_debian = true;
        else if (c == 'm')
            q.no_mkimage = true;
    if (r == 0)
        r = run(argv[argc - 1], &q, &world, &err);
    fflush(stdout);
    if (r < 0)
        fprintf(stderr, "%s\nhint: %s\n", err.message, err.hint ? err.hint : "none");
    int status = r < 0 ? (int)err.kind : 0;
    boot_world_done(&world);
    err_done(&err);
    return status;
}
