#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "cli/cli.h"
#include "cli/progress.h"

static int print_error(struct err *err)
{
    int status = err->kind;
    fprintf(stderr, "slipway: %s\n", err->message);
    if (err->hint)
        fprintf(stderr, "slipway: hint: %s\n", err->hint);
    err_done(err);
    return status;
}

static int run(const struct options *options, struct err *err)
{
    static int (*const commands[])(const struct options *, struct progress *, struct err *) = {
        [COMMAND_PLAN] = command_plan,
        [COMMAND_BUILD] = command_build,
        [COMMAND_BOOT] = command_boot,
        [COMMAND_CACHE] = command_cache,
    };
    struct terminal_progress progress;
    terminal_progress_init(&progress, stderr, options->verbose, options->quiet);
    return commands[options->command](options, &progress.progress, err);
}

/* 'slipway help [COMMAND]' and 'slipway completion'; false: something else. */
static bool help(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "help") == 0)
        options_print_help(argc > 2 ? argv[2] : NULL, stdout);
    else if (argc == 2 && strcmp(argv[1], "completion") == 0)
        options_print_completion(stdout);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct options options = {0};
    if (help(argc, argv))
        return 0;
    if (options_parse(argc, argv, &options, &err) < 0)
        return print_error(&err);
    int status = 0;
    if (options.version)
        puts("slipway " SLIPWAY_VERSION);
    else if (options.help)
        options_print_help(
            options.command < COMMAND_COUNT ? command_table[options.command].name : NULL, stdout);
    else {
        interrupt_install();
        status = run(&options, &err);
    }
    options_done(&options);
    if (status < 0)
        return print_error(&err);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno != EPIPE) /* whoever reads has seen enough */
            perror("slipway: cannot write the result");
        return ERR_SYSTEM;
    }
    return status;
}
