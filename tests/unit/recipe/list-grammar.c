/*
 * list-grammar: every command, section and option that the recipe room knows, one a line, as
 * 'part --size supported' or '%ksappend - refused'; what tests/check-kickstart-manual compares the
 * manual with. A line of %packages that names a group is called '@'.
 */
#include <stdio.h>

#include "recipe/internal.h"

static const char *const class_names[] = {
    [CLASS_SUPPORTED] = "supported",
    [CLASS_QUIET] = "quiet",
    [CLASS_WARN] = "warned",
    [CLASS_REFUSE] = "refused",
    [CLASS_REJECT] = "refused",
};

static void list_options(const char *name, const struct command_spec *spec)
{
    for (const struct option_spec *o = spec->options; o && o->name; o++)
        printf("%s --%s %s\n", name, o->name, class_names[o->class]);
}

static void list_commands(const struct command_spec *spec)
{
    for (; spec->name; spec++) {
        printf("%s - %s\n", spec->name, class_names[spec->class]);
        list_options(spec->name, spec);
    }
}

int main(void)
{
    static const struct command_spec *const tables[] = {storage_commands, volume_commands,
        boot_commands, network_commands, account_commands, system_commands, source_commands,
        installer_commands, refused_commands};
    enum spec_class class = CLASS_SUPPORTED;
    const char *section;
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        list_commands(tables[i]);
    for (size_t i = 0; (section = section_name(i, &class)); i++)
        printf("%s - %s\n", section, class_names[class]);
    printf("%%include - supported\n%%ksappend - refused\n%%end - supported\n");
    list_options("%packages", &packages_spec);
    list_options("@", &group_spec);
    list_options("%post", &script_spec);
    return 0;
}
