/*
 * fetch-tool [OPTION...] RECIPE: metadata and packages of a recipe's repositories, with the knobs
 * that slipway's command line has not. Prints the packages' paths; errors and remarks as slipway
 * does, with its exit statuses.
 *
 *   --cache=DIR --offline --refresh --stall=SECONDS --retries=N --parallel=N
 *   --gpgkey=FILE (again and again) --no-gpgcheck --repo-gpgcheck
 *   --hold      with all of it in hand, print "held" and wait for the end of standard input
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "fetch/fetch.h"

struct settings {
    struct fetch_options fetch;
    struct source_options sources;
    struct strv keys;
    bool repo_gpgcheck, hold;
};

static void on_note(struct progress *p, enum progress_note level, const char *text)
{
    (void)p;
    fprintf(stderr, "%s: %s\n", level == PROGRESS_WARNING ? "warning" : "note", text);
}

static int parse(int argc, char **argv, struct settings *s)
{
    enum { CACHE = 1, OFFLINE, REFRESH, STALL, RETRIES, PARALLEL, KEY, NO_CHECK, CHECK, HOLD };
    static const struct option options[] = {{"cache", 1, NULL, CACHE},
        {"offline", 0, NULL, OFFLINE}, {"refresh", 0, NULL, REFRESH}, {"stall", 1, NULL, STALL},
        {"retries", 1, NULL, RETRIES}, {"parallel", 1, NULL, PARALLEL}, {"gpgkey", 1, NULL, KEY},
        {"no-gpgcheck", 0, NULL, NO_CHECK}, {"repo-gpgcheck", 0, NULL, CHECK},
        {"hold", 0, NULL, HOLD}, {0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        unsigned number = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        switch (c) {
        case CACHE:
            s->fetch.cache_directory = optarg;
            break;
        case STALL:
            s->fetch.stall_seconds = number;
            break;
        case RETRIES:
            s->fetch.retries = number;
            break;
        case PARALLEL:
            s->fetch.parallel = number;
            break;
        case KEY:
            strv_add(&s->keys, optarg);
            break;
        case OFFLINE:
        case REFRESH:
        case NO_CHECK:
        case CHECK:
        case HOLD:
            *(c == OFFLINE      ? &s->fetch.offline
                : c == REFRESH  ? &s->fetch.refresh
                : c == NO_CHECK ? &s->sources.no_gpgcheck
                : c == CHECK    ? &s->repo_gpgcheck
                                : &s->hold) = true;
            break;
        default:
            return -1;
        }
    }
    return optind == argc - 1 ? 0 : -1;
}

static void hold(void)
{
    char byte;
    puts("held");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

static int get(struct fetch *fetch, const struct recipe *recipe, const struct sources *sources,
    struct progress *progress, struct strv *paths, struct err *err)
{
    auto_cleanup(plan_free) struct plan *plan = NULL;
    const struct plan_options options = {0};
    struct metadata *metadata = NULL;
    int r = fetch_metadata(fetch, sources, progress, &metadata, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sources->n; i++)
        fprintf(stderr, "note: '%s' is %s\n", sources->v[i].name,
            metadata[i].is_signed ? "signed" : "not signed");
    r = plan_make(recipe, sources, metadata, sources->n, &options, &plan, err);
    fetch_metadata_free(metadata, sources->n);
    return r < 0 ? r : fetch_packages(fetch, sources, plan, progress, paths, err);
}

static int run(const struct settings *s, const char *recipe_path, struct err *err)
{
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    auto_cleanup(sources_free) struct sources *sources = NULL;
    auto_cleanup(fetch_close) struct fetch *fetch = NULL;
    auto_strv struct strv paths = {0};
    struct progress progress = {.note = on_note};
    int r = recipe_read(recipe_path, NULL, &recipe, err);
    if (r == 0)
        r = sources_make(recipe, &s->sources, &sources, err);
    for (size_t i = 0; r == 0 && i < sources->n; i++)
        sources->v[i].repo_gpgcheck = s->repo_gpgcheck;
    if (r == 0)
        r = fetch_open(&s->fetch, &fetch, err);
    if (r == 0)
        r = get(fetch, recipe, sources, &progress, &paths, err);
    for (size_t i = 0; r == 0 && i < paths.n; i++)
        puts(paths.v[i]);
    if (r == 0 && s->hold)
        hold();
    return r;
}

int main(int argc, char **argv)
{
    auto_strv struct strv none = {0};
    struct settings s = {.sources = {.arch = "x86_64", .repos = &none}};
    struct err err = {0};
    s.sources.gpgkeys = &s.keys;
    if (parse(argc, argv, &s) < 0) {
        fprintf(stderr, "usage: fetch-tool [OPTION...] RECIPE\n");
        return 2;
    }
    interrupt_install();
    int r = run(&s, argv[optind], &err), status = 0;
    if (r < 0) {
        status = (int)err.kind;
        fprintf(stderr, "fetch-tool: %s\n", err.message);
        if (err.hint)
            fprintf(stderr, "hint: %s\n", err.hint);
    }
    err_done(&err);
    strv_done(&s.keys);
    return status;
}
