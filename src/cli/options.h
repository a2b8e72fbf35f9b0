/*
 * The command line: one table of commands and one of options, from which parsing, --help, shell
 * completion and the check of the man pages are made. Everything said becomes one value.
 * Errors: ERR_USAGE, with the nearest name for a word that is not known.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strbuf.h"

enum command { COMMAND_PLAN, COMMAND_BUILD, COMMAND_BOOT, COMMAND_CACHE, COMMAND_COUNT };

struct options {
    enum command command;
    bool help, version;
    struct strv arguments; /* what is not an option */

    bool verbose, quiet, json, force, keep, offline, refresh;
    const char *cache_directory;

    /* plan and build */
    struct strv repos, gpgkeys, packages;
    bool only_repos, no_gpgcheck, no_weak_deps, recipe_only, allow_nochroot;
    const char *releasever, *arch, *lock, *locked, *why, *target, *disklabel, *console;
    uint64_t size_bytes;

    const char *output, *format;

    const char *until; /* build: a stage; boot: a text */

    /* boot */
    const char *disk_bus, *console_file, *acceleration;
    unsigned timeout_seconds, memory_mib, processors, ssh_port;
    bool write, uefi;

    /* cache */
    unsigned days;
};

struct command_info {
    const char *name, *arguments, *summary;
    unsigned min_arguments, max_arguments;
};
extern const struct command_info command_table[COMMAND_COUNT];

enum option_type { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_SIZE, OPTION_NUMBER };
struct option_info {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_type type;
    const char *argument; /* NULL for a flag */
    size_t offset;        /* in struct options */
    unsigned commands;    /* bits, 1u << COMMAND_... */
    const char *help;
};
extern const struct option_info option_table[];
extern const size_t option_table_size;

/* Options come before or behind the command's arguments; '--' ends them. Strings are borrowed from
 * argv. With help or version set nothing else is checked. */
int options_parse(int argc, char **argv, struct options *ret_options, struct err *err);
void options_done(struct options *options);

void options_print_help(const char *command, FILE *out); /* NULL: the overview */
void options_print_completion(FILE *out);                /* for bash */
/* For the tests: every command and option, a line each. */
void options_print_list(FILE *out);

/* "10G", "512MiB", "2048M", "1000000": bytes; units are powers of two. */
int options_parse_size(const char *text, uint64_t *ret_bytes);
