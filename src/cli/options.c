#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/nearest.h"

static void *field(struct options *options, const struct option_info *info)
{
    return (char *)options + info->offset;
}

int options_parse_size(const char *text, uint64_t *ret_bytes)
{
    static const char units[] = "KMGT";
    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno)
        return -ERANGE;
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    unsigned shift = unit ? 10 * ((unsigned)(unit - units) + 1) : 0;
    if (unit)
        end++;
    if (strcasecmp(end, "") != 0 && (strcasecmp(end, "b") != 0 || shift) &&
        (strcasecmp(end, "ib") != 0 || !shift))
        return -EINVAL;
    if (value == 0 || (shift && value > UINT64_MAX >> shift) || value << shift > INT64_MAX)
        return -ERANGE;
    *ret_bytes = value << shift;
    return 0;
}

static int set_number(
    const struct option_info *info, const char *value, unsigned *ret, struct err *err)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || errno || number > INT_MAX)
        return err_set(
            err, ERR_USAGE, -EINVAL, "--%s: '%s' is not a whole number", info->name, value);
    *ret = (unsigned)number;
    return 0;
}

static int set_option(
    struct options *options, const struct option_info *info, const char *value, struct err *err)
{
    void *at = field(options, info);
    switch (info->type) {
    case OPTION_FLAG:
        *(bool *)at = true;
        return 0;
    case OPTION_TEXT:
        if (!*value)
            return err_set(
                err, ERR_USAGE, -EINVAL, "--%s: '' is not a %s", info->name, info->argument);
        *(const char **)at = value;
        return 0;
    case OPTION_LIST:
        strv_add(at, value);
        return 0;
    case OPTION_NUMBER:
        return set_number(info, value, at, err);
    case OPTION_SIZE:
        if (options_parse_size(value, at) == 0)
            return 0;
        err_set(err, ERR_USAGE, -EINVAL, "--%s: '%s' is not a size", info->name, value);
        return err_hint(err, "write it like 10G, 2048M or 2147483648");
    }
    return 0;
}

static const struct option_info *find_long(const char *name, size_t length)
{
    for (size_t i = 0; i < option_table_size; i++)
        if (strlen(option_table[i].name) == length &&
            strncmp(option_table[i].name, name, length) == 0)
            return &option_table[i];
    return NULL;
}

static const struct option_info *find_letter(char letter)
{
    for (size_t i = 0; i < option_table_size; i++)
        if (option_table[i].letter == letter)
            return &option_table[i];
    return NULL;
}

static int unknown_option(const char *word, struct err *err)
{
    size_t length = strcspn(word, "=");
    auto_free char *name = xstrndup(word, length);
    err_set(err, ERR_USAGE, -EINVAL, "there is no option '%s'", name);
    struct nearest nearest = nearest_to(name + strspn(name, "-"));
    for (size_t i = 0; i < option_table_size; i++)
        nearest_offer(&nearest, option_table[i].name);
    return nearest.best ? err_hint(err, "did you mean '--%s'?", nearest.best)
                        : err_hint(err, "'slipway help' lists them");
}

/* One option at argv[*at], which moves behind what was used. */
static int parse_option(int argc, char **argv, int *at, struct options *options,
    unsigned *ret_commands, struct err *err)
{
    const char *word = argv[(*at)++];
    bool is_long = word[1] == '-';
    const char *value = is_long ? strchr(word, '=') : word[2] ? word + 1 : NULL;
    const struct option_info *info =
        is_long ? find_long(word + 2, value ? (size_t)(value - word - 2) : strlen(word + 2))
                : find_letter(word[1]);
    if (!info)
        return unknown_option(word, err);
    *ret_commands = info->commands;
    if (info->type == OPTION_FLAG && value)
        return err_set(err, ERR_USAGE, -EINVAL, "'--%s' takes no value", info->name);
    if (info->type != OPTION_FLAG && !value && *at >= argc)
        return err_set(
            err, ERR_USAGE, -EINVAL, "'--%s' wants a value: %s", info->name, info->argument);
    if (info->type != OPTION_FLAG)
        value = value ? value + 1 : argv[(*at)++];
    return set_option(options, info, value, err);
}

static int find_command(const char *word, enum command *ret_command, struct err *err)
{
    struct nearest nearest = nearest_to(word);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(command_table[i].name, word) == 0) {
            *ret_command = (enum command)i;
            return 0;
        }
        nearest_offer(&nearest, command_table[i].name);
    }
    err_set(err, ERR_USAGE, -EINVAL, "there is no command '%s'", word);
    return nearest.best ? err_hint(err, "did you mean 'slipway %s'?", nearest.best)
                        : err_hint(err, "'slipway help' lists them");
}

static int check_command(const struct options *options, unsigned commands, struct err *err)
{
    const struct command_info *info = &command_table[options->command];
    if (!(commands & (1u << options->command)))
        return err_set(err, ERR_USAGE, -EINVAL,
            "an option does not belong to 'slipway %s': see 'slipway help %s'", info->name,
            info->name);
    if (options->arguments.n < info->min_arguments)
        return err_set(
            err, ERR_USAGE, -EINVAL, "'slipway %s' wants: %s", info->name, info->arguments);
    if (options->arguments.n > info->max_arguments)
        return err_set(err, ERR_USAGE, -EINVAL, "'%s' is one argument too many for 'slipway %s'",
            options->arguments.v[info->max_arguments], info->name);
    return 0;
}

static int parse_words(
    int argc, char **argv, struct options *options, unsigned *commands, struct err *err)
{
    bool only_arguments = false, has_command = false;
    for (int at = 1; at < argc;) {
        const char *word = argv[at];
        unsigned valid = ~0u;
        int r = 0;
        if (!only_arguments && strcmp(word, "--") == 0) {
            only_arguments = true;
            at++;
        } else if (!only_arguments && word[0] == '-' && word[1]) {
            r = parse_option(argc, argv, &at, options, &valid, err);
        } else if (!has_command) {
            has_command = true;
            at++;
            r = find_command(word, &options->command, err);
        } else {
            strv_add(&options->arguments, argv[at++]);
        }
        if (r < 0)
            return r;
        *commands &= valid;
    }
    if (!has_command && !options->help && !options->version)
        return err_set(err, ERR_USAGE, -EINVAL, "which command? See 'slipway help'");
    if (!has_command)
        options->command = COMMAND_COUNT;
    return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct err *err)
{
    struct options options = {0};
    unsigned commands = ~0u;
    int r = parse_words(argc, argv, &options, &commands, err);
    if (r == 0 && !options.help && !options.version)
        r = check_command(&options, commands, err);
    if (r < 0) {
        options_done(&options);
        return r;
    }
    *ret_options = options;
    return 0;
}

void options_done(struct options *options)
{
    strv_done(&options->arguments);
    strv_done(&options->repos);
    strv_done(&options->gpgkeys);
    strv_done(&options->packages);
}
