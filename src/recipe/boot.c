/* bootloader. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

static const struct choice locations[] = {
    {"mbr", LOCATION_MBR},
    {"partition", LOCATION_PARTITION},
    {"boot", LOCATION_BOOT},
    {"none", LOCATION_NONE},
    {NULL, 0},
};

#define B(field) OFFSET(recipe_bootloader, field)

static const struct option_spec bootloader_options[] = {
    OPTION_ONE_OF("location", B(location), locations),
    OPTION("append", OPTION_STRING, B(append)),
    OPTION("timeout", OPTION_INT, B(timeout)),
    OPTION("password", OPTION_STRING, B(password)),
    OPTION("iscrypted", OPTION_FLAG, B(password_is_crypted)),
    OPTION("md5pass", OPTION_STRING, B(password)),
    OPTION("boot-drive", OPTION_STRING, B(boot_drive)),
    OPTION("disabled", OPTION_FLAG, B(disabled)),
    OPTION("extlinux", OPTION_FLAG, B(extlinux)),
    OPTION("leavebootorder", OPTION_FLAG, B(leavebootorder)),
    {.name = "nombr",
        .type = OPTION_FLAG,
        .offset = B(nombr),
        .class = CLASS_WARN,
        .note = "the loader goes into the MBR all the same; write --location=none for no loader"},
    OPTION("sdboot", OPTION_FLAG, B(sdboot)),
    OPTION_QUIET("driveorder", OPTION_VALUE),
    OPTION_QUIET("linear", OPTION_NONE),
    OPTION_QUIET("nolinear", OPTION_NONE),
    OPTION_QUIET("lba32", OPTION_NONE),
    OPTION_WARNED("useLilo", OPTION_NONE, "LILO is not installed; it has no effect"),
    OPTION_WARNED("default", OPTION_VALUE, "the newest kernel is the default; it has no effect"),
    OPTION_WARNED("hvargs", OPTION_VALUE, "no hypervisor is booted; it has no effect"),
    OPTION_REFUSED("upgrade", OPTION_NONE, "there is no boot loader to upgrade: the disk is new",
        "leave --upgrade out"),
    OPTION_END,
};

static int finish_bootloader(struct command *c)
{
    struct recipe_bootloader *boot = c->target;
    boot->set = true;
    boot->place = c->place;
    if (command_has(c, "md5pass"))
        boot->password_is_crypted = true;
    if (c->n_args == 0)
        return 0;
    if (c->n_args == 1 && strcmp(c->args[0], "extlinux") == 0) {
        boot->extlinux = true;
        command_warn(c, "'extlinux' is taken for '--extlinux'");
        return 0;
    }
    return command_error(c, "quote a value that has blanks in it, as --append=\"quiet ro\"",
        "unexpected '%s'", c->args[0]);
}

const struct command_spec boot_commands[] = {
    {.name = "bootloader",
        .options = bootloader_options,
        .finish = finish_bootloader,
        .offset = OFFSET(recipe, bootloader),
        .max_args = 1000},
    {.name = NULL},
};
