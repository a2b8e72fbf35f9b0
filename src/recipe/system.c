/* lang, keyboard, timezone, selinux, services, auth and the other settings of the system. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

#define R(field) OFFSET(recipe, field)

static const struct option_spec lang_options[] = {
    OPTION("addsupport", OPTION_LIST, R(lang_addsupport)),
    OPTION_END,
};

static bool is_locale(const char *s)
{
    return *s != '\0' && strlen(s) < 64 &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@-")] ==
               '\0';
}

static int finish_lang(struct command *c)
{
    if (!is_locale(c->args[0]))
        return command_error(
            c, "write a locale, as lang en_US.UTF-8", "'%s' is no locale", c->args[0]);
    c->parser->recipe->lang = c->args[0];
    return 0;
}

struct keyboard_line {
    char *vckeymap, *xlayouts;
};

static const struct option_spec keyboard_options[] = {
    OPTION("vckeymap", OPTION_STRING, OFFSET(keyboard_line, vckeymap)),
    OPTION("xlayouts", OPTION_STRING, OFFSET(keyboard_line, xlayouts)),
    OPTION_QUIET("switch", OPTION_VALUE),
    OPTION_END,
};

static int finish_keyboard(struct command *c)
{
    struct recipe *recipe = c->parser->recipe;
    struct keyboard_line *line = c->target;
    if (c->n_args == 0 && !line->vckeymap && !line->xlayouts)
        return command_error(
            c, "write keyboard us, or keyboard --vckeymap=us", "the name of a keymap is missing");
    if (c->n_args > 0)
        recipe->keymap = c->args[0];
    if (line->vckeymap)
        recipe->keymap = line->vckeymap;
    if (line->xlayouts) {
        recipe->xlayouts = (struct strv){0};
        strv_arena_split(c->parser->arena, &recipe->xlayouts, line->xlayouts, ",");
    }
    if (recipe->keymap && recipe->keymap[strcspn(recipe->keymap, "/ \"'\\$`")] != '\0')
        return command_error(
            c, "write a name as us or de-latin1", "'%s' is no keymap", recipe->keymap);
    return 0;
}

static const struct option_spec timezone_options[] = {
    OPTION("utc", OPTION_FLAG, R(timezone_utc)),
    OPTION("isUtc", OPTION_FLAG, R(timezone_utc)),
    OPTION("nontp", OPTION_FLAG, R(nontp)),
    OPTION("ntpservers", OPTION_LIST, R(ntp_servers)),
    OPTION_END,
};

static bool is_zone_name(const char *s)
{
    return *s != '\0' && *s != '/' && strlen(s) < 80 && !strstr(s, "..") &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/")] ==
               '\0';
}

static int finish_timezone(struct command *c)
{
    struct recipe *recipe = c->parser->recipe;
    if (c->n_args == 0 && c->given == 0)
        return command_error(
            c, "write timezone Area/City, as timezone --utc Etc/UTC", "the time zone is missing");
    if (c->n_args > 0 && !is_zone_name(c->args[0]))
        return command_error(
            c, "write Area/City, as Europe/Berlin or Etc/UTC", "'%s' is no time zone", c->args[0]);
    if (command_has(c, "nontp") && command_has(c, "ntpservers"))
        return command_error(c, "keep one", "--nontp and --ntpservers contradict each other");
    if (c->n_args > 0)
        recipe->timezone = c->args[0];
    recipe->timezone_set = true;
    recipe->timezone_place = c->place;
    return 0;
}

static const struct option_spec timesource_options[] = {
    OPTION("ntp-server", OPTION_LIST, R(ntp_servers)),
    OPTION("ntp-pool", OPTION_LIST, R(ntp_pools)),
    OPTION("ntp-disable", OPTION_FLAG, R(nontp)),
    OPTION_WARNED("nts", OPTION_NONE, "it has no effect"),
    OPTION_END,
};

static int finish_timesource(struct command *c)
{
    if (c->given == 0)
        return command_error(
            c, "write --ntp-server=NAME, --ntp-pool=NAME or --ntp-disable", "nothing is asked for");
    return 0;
}

static const struct option_spec selinux_options[] = {
    OPTION_SET("enforcing", R(selinux), SELINUX_ENFORCING),
    OPTION_SET("permissive", R(selinux), SELINUX_PERMISSIVE),
    OPTION_SET("disabled", R(selinux), SELINUX_DISABLED),
    OPTION_END,
};

static int finish_selinux(struct command *c)
{
    unsigned n = (unsigned)__builtin_popcountll(c->given);
    if (n > 1)
        return command_error(
            c, "keep one of --enforcing, --permissive and --disabled", "%u modes are given", n);
    if (n == 0)
        command_warn(c, "no mode is given: it has no effect; write --enforcing, --permissive or "
                        "--disabled");
    return 0;
}

struct services_line {
    struct strv enabled, disabled;
};

static const struct option_spec services_options[] = {
    OPTION("enabled", OPTION_LIST, OFFSET(services_line, enabled)),
    OPTION("disabled", OPTION_LIST, OFFSET(services_line, disabled)),
    OPTION_END,
};

static int check_services(struct command *c, const struct strv *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *name = list->v[i];
        if (strchr(name, '/') || name[0] == '.' || name[0] == '-')
            return command_error(c, "write names between commas, as --enabled=sshd,network",
                "'%s' is no name of a service", name);
    }
    return 0;
}

static int finish_services(struct command *c)
{
    struct services_line *line = c->target;
    struct recipe *recipe = c->parser->recipe;
    if (line->enabled.n == 0 && line->disabled.n == 0)
        return command_error(
            c, "write --enabled=NAME,NAME or --disabled=NAME,NAME", "no service is named");
    int r = check_services(c, &line->enabled);
    if (r == 0)
        r = check_services(c, &line->disabled);
    if (r < 0)
        return r;
    for (size_t i = 0; i < line->enabled.n; i++)
        if (strv_has(&line->disabled, line->enabled.v[i]))
            command_warn(
                c, "'%s' is both disabled and enabled; it will be enabled", line->enabled.v[i]);
    recipe->services_enabled = line->enabled;
    recipe->services_disabled = line->disabled;
    recipe->services_place = c->place;
    return 0;
}

static const struct option_spec firstboot_options[] = {
    OPTION_SET("enable", R(firstboot), FIRSTBOOT_ENABLE),
    OPTION_SET("enabled", R(firstboot), FIRSTBOOT_ENABLE),
    OPTION_SET("disable", R(firstboot), FIRSTBOOT_DISABLE),
    OPTION_SET("disabled", R(firstboot), FIRSTBOOT_DISABLE),
    OPTION_SET("reconfig", R(firstboot), FIRSTBOOT_RECONFIG),
    OPTION_END,
};

static int finish_firstboot(struct command *c)
{
    if (c->given == 0)
        command_warn(c, "neither --enable nor --disable is given: it has no effect");
    return 0;
}

static int finish_auth(struct command *c)
{
    struct recipe *recipe = c->parser->recipe;
    recipe->auth = strcmp(c->name, "authselect") == 0 ? AUTH_AUTHSELECT : AUTH_AUTHCONFIG;
    recipe->auth_args = (struct strv){0};
    for (size_t i = 0; i < c->n_args; i++)
        strv_arena_add(c->parser->arena, &recipe->auth_args, c->args[i]);
    recipe->auth_place = c->place;
    if (c->n_args == 0)
        command_warn(c, "nothing is asked for");
    if (recipe->auth == AUTH_AUTHCONFIG)
        parser_note(c->parser, c->place,
            "%s: RHEL 8 and Fedora 28 replaced it; an image of theirs wants authselect", c->name);
    return 0;
}

static int finish_skipx(struct command *c)
{
    c->parser->recipe->skipx = true;
    return 0;
}

static const struct option_spec xconfig_options[] = {
    OPTION("defaultdesktop", OPTION_STRING, R(default_desktop)),
    OPTION_QUIET("startxonboot", OPTION_NONE),
    OPTION_QUIET("card", OPTION_VALUE),
    OPTION_QUIET("driver", OPTION_VALUE),
    OPTION_QUIET("depth", OPTION_VALUE),
    OPTION_QUIET("hsync", OPTION_VALUE),
    OPTION_QUIET("vsync", OPTION_VALUE),
    OPTION_QUIET("monitor", OPTION_VALUE),
    OPTION_QUIET("noprobe", OPTION_NONE),
    OPTION_QUIET("resolution", OPTION_VALUE),
    OPTION_QUIET("server", OPTION_VALUE),
    OPTION_QUIET("videoram", OPTION_VALUE),
    OPTION_END,
};

static const struct option_spec finish_options[] = {
    OPTION_QUIET("eject", OPTION_NONE),
    OPTION_QUIET("kexec", OPTION_NONE),
    OPTION_END,
};

static int finish_finish(struct command *c)
{
    static const struct choice names[] = {{"reboot", FINISH_REBOOT}, {"halt", FINISH_HALT},
        {"poweroff", FINISH_POWEROFF}, {"shutdown", FINISH_SHUTDOWN}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i].name, c->name) == 0)
            c->parser->recipe->finish = (enum recipe_finish)names[i].value;
    return 0;
}

#define FINISH(N)                                                                                  \
    {                                                                                              \
        .name = (N), .options = finish_options, .finish = finish_finish                            \
    }
#define AUTH(N)                                                                                    \
    {                                                                                              \
        .name = (N), .finish = finish_auth, .raw = true, .says_again = true                        \
    }

const struct command_spec system_commands[] = {
    {.name = "lang",
        .options = lang_options,
        .finish = finish_lang,
        .min_args = 1,
        .max_args = 1,
        .argument = "the locale",
        .usage = "lang en_US.UTF-8",
        .says_again = true},
    {.name = "keyboard",
        .options = keyboard_options,
        .finish = finish_keyboard,
        .scratch_bytes = sizeof(struct keyboard_line),
        .max_args = 1,
        .usage = "keyboard us, or keyboard --vckeymap=us --xlayouts=us,de",
        .says_again = true},
    {.name = "timezone",
        .options = timezone_options,
        .finish = finish_timezone,
        .max_args = 1,
        .usage = "timezone --utc Area/City, as America/New_York",
        .says_again = true},
    {.name = "timesource", .options = timesource_options, .finish = finish_timesource},
    {.name = "selinux",
        .options = selinux_options,
        .finish = finish_selinux,
        .usage = "selinux --enforcing, --permissive or --disabled",
        .says_again = true},
    {.name = "services",
        .options = services_options,
        .finish = finish_services,
        .scratch_bytes = sizeof(struct services_line),
        .usage = "services --enabled=NAME,NAME --disabled=NAME",
        .says_again = true},
    {.name = "firstboot",
        .options = firstboot_options,
        .finish = finish_firstboot,
        .says_again = true},
    AUTH("auth"),
    AUTH("authconfig"),
    AUTH("authselect"),
    {.name = "skipx", .finish = finish_skipx},
    {.name = "xconfig", .options = xconfig_options, .class = CLASS_QUIET},
    FINISH("reboot"),
    FINISH("halt"),
    FINISH("poweroff"),
    FINISH("shutdown"),
    {.name = NULL},
};
