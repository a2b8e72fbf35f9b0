#include <string.h>

#include "cli/options.h"

static void print_overview(FILE *out)
{
    fprintf(out, "slipway builds disks that boot: a kickstart file and package repositories in, a\n"
                 "bootable disk image out, without root, loop devices or mounts.\n\n"
                 "Usage: slipway COMMAND [OPTION...] [ARGUMENT]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-7s %s\n", command_table[i].name, command_table[i].summary);
    fprintf(out, "  %-7s %s\n  %-7s %s\n\n", "help", "Print this, or the options of a COMMAND",
        "completion", "Print a completion script for bash");
    fprintf(out,
        "Exit status: 0 done, 2 usage, 3 recipe, 4 dependencies, 5 network, 6 signature or\n"
        "checksum, 7 scriptlet, 8 this machine, 9 the image would not boot, 130 ^C.\n"
        "See slipway(1).\n");
}

static void print_option(const struct option_info *info, FILE *out)
{
    auto_free char *name = info->argument ? xprintf("--%s=%s", info->name, info->argument)
                                          : xprintf("--%s", info->name);
    char letter[6] = "";
    if (info->letter)
        snprintf(letter, sizeof letter, "-%c,", info->letter);
    fprintf(out, strlen(name) > 24 ? "  %-3s %s\n%31s%s\n" : "  %-3s %-24s %s%s\n", letter, name,
        "", info->help);
}

static void print_command(enum command command, FILE *out)
{
    const struct command_info *info = &command_table[command];
    fprintf(out, "Usage: slipway %s [OPTION...] %s\n%s.\n\n", info->name, info->arguments,
        info->summary);
    for (size_t i = 0; i < option_table_size; i++)
        if (option_table[i].commands & (1u << command))
            print_option(&option_table[i], out);
}

void options_print_help(const char *name, FILE *out)
{
    for (int i = 0; name && i < COMMAND_COUNT; i++) {
        if (strcmp(command_table[i].name, name) == 0) {
            print_command((enum command)i, out);
            return;
        }
    }
    print_overview(out);
}

void options_print_list(FILE *out)
{
    for (int c = 0; c < COMMAND_COUNT; c++) {
        fprintf(out, "%s\n", command_table[c].name);
        for (size_t i = 0; i < option_table_size; i++)
            if (option_table[i].commands & (1u << c))
                fprintf(out, "%s --%s\n", command_table[c].name, option_table[i].name);
    }
}

void options_print_completion(FILE *out)
{
    fprintf(out, "_slipway() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='");
    for (int c = 0; c < COMMAND_COUNT; c++)
        fprintf(out, "%s ", command_table[c].name);
    fprintf(out, "help completion'\n    else\n        case $command in\n");
    for (int c = 0; c < COMMAND_COUNT; c++) {
        fprintf(out, "        %s) words='", command_table[c].name);
        for (size_t i = 0; i < option_table_size; i++)
            if (option_table[i].commands & (1u << c))
                fprintf(out, "--%s%s ", option_table[i].name, option_table[i].argument ? "=" : "");
        fprintf(out, "' ;;\n");
    }
    fprintf(out,
        "        esac\n        [[ $word == -* ]] || words=\n    fi\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "    [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n}\n"
        "complete -o filenames -F _slipway slipway\n");
}
