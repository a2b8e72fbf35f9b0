/* volgroup and logvol: LVM. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

#define ENCRYPTION_NOTE "encrypted volumes are not made"
#define THIN_NOTE "thin pools are not made"
#define THIN_CURE "write plain logvol lines with --size=MiB"

static const struct option_spec volgroup_options[] = {
    OPTION("pesize", OPTION_KIB, OFFSET(recipe_volgroup, pesize_kib)),
    OPTION_WARNED("reserved-space", OPTION_VALUE, "it has no effect; leave room by --maxsize"),
    OPTION_WARNED("reserved-percent", OPTION_VALUE, "it has no effect; leave room by --maxsize"),
    OPTION_REFUSED("noformat", OPTION_NONE, "the disk is new, there is no volume group to keep",
        "leave --noformat out"),
    OPTION_REFUSED("useexisting", OPTION_NONE, "the disk is new, there is no volume group to use",
        "leave --useexisting out"),
    OPTION_END,
};

static int finish_volgroup(struct command *c)
{
    struct recipe_volgroup *group = c->target;
    struct recipe *recipe = c->parser->recipe;
    group->name = c->args[0];
    group->place = c->place;
    if (c->n_args < 2)
        return command_error(c, "write volgroup NAME pv.01, with a part pv.01 line before it",
            "'%s' has no physical volumes", group->name);
    for (size_t i = 1; i < c->n_args; i++)
        strv_arena_add(c->parser->arena, &group->pvs, c->args[i]);
    if (group->name[strspn(group->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_+.-")] != '\0')
        return command_error(c, "use letters, digits, '_', '.', '+' and '-'",
            "'%s' is no name of a volume group", group->name);
    *arena_push(c->parser->arena, recipe->volgroups, recipe->n_volgroups) = *group;
    return 0;
}

#define L(field) OFFSET(recipe_logvol, field)

static const struct option_spec logvol_options[] = {
    OPTION("name", OPTION_STRING, L(name)),
    OPTION("vgname", OPTION_STRING, L(vgname)),
    OPTION("fstype", OPTION_STRING, L(fstype)),
    OPTION("label", OPTION_STRING, L(label)),
    OPTION("fsoptions", OPTION_STRING, L(fsoptions)),
    OPTION("mkfsoptions", OPTION_STRING, L(mkfsoptions)),
    OPTION("size", OPTION_MIB, L(size_mib)),
    OPTION("maxsize", OPTION_MIB, L(maxsize_mib)),
    OPTION("grow", OPTION_FLAG, L(grow)),
    OPTION("percent", OPTION_INT, L(percent)),
    OPTION("recommended", OPTION_FLAG, L(recommended)),
    OPTION_QUIET("hibernation", OPTION_NONE),
    OPTION_QUIET("fsprofile", OPTION_VALUE),
    OPTION_WARNED(
        "bytes-per-inode", OPTION_VALUE, "it has no effect; write --mkfsoptions=\"-i N\""),
    OPTION_REFUSED("noformat", OPTION_NONE, "the disk is new, there is no volume to keep",
        "leave --noformat out"),
    OPTION_REFUSED("useexisting", OPTION_NONE, "the disk is new, there is no volume to use",
        "leave --useexisting out"),
    OPTION_REFUSED(
        "resize", OPTION_NONE, "the disk is new, there is no volume to resize", "write --size=MiB"),
    {.name = "thin",
        .type = OPTION_FLAG,
        .offset = L(thin),
        .class = CLASS_REFUSE,
        .note = THIN_NOTE,
        .cure = THIN_CURE},
    OPTION_REFUSED("thinpool", OPTION_NONE, THIN_NOTE, THIN_CURE),
    OPTION_QUIET("poolname", OPTION_VALUE),
    OPTION_QUIET("chunksize", OPTION_VALUE),
    OPTION_QUIET("metadatasize", OPTION_VALUE),
    OPTION_QUIET("profile", OPTION_VALUE),
    OPTION_REFUSED("cachesize", OPTION_VALUE, "cached volumes are not made", "leave it out"),
    OPTION_QUIET("cachemode", OPTION_VALUE),
    OPTION_REFUSED("cachepvs", OPTION_VALUE, "cached volumes are not made", "leave it out"),
    ENCRYPTION_OPTIONS(ENCRYPTION_NOTE),
    OPTION_END,
};

static int check_logvol(struct command *c, const struct recipe_logvol *lv)
{
    if (!lv->vgname)
        return command_error(c, "write --vgname=NAME, NAME as in the volgroup line",
            "'%s' has no --vgname", lv->mountpoint);
    if (!lv->name)
        return command_error(
            c, "write --name=NAME, the volume's own name", "'%s' has no --name", lv->mountpoint);
    if (lv->mountpoint[0] != '/' && strcmp(lv->mountpoint, "swap") != 0 &&
        strcmp(lv->mountpoint, "none") != 0)
        return command_error(
            c, "it is a path as /, or swap", "'%s' is no mount point", lv->mountpoint);
    if (lv->percent > 100)
        return command_error(
            c, "write --percent=1 to --percent=100", "--percent=%d is too much", lv->percent);
    if (lv->maxsize_mib && lv->has_size && lv->maxsize_mib < lv->size_mib)
        return command_error(
            c, "give --maxsize at least the value of --size", "--maxsize is less than --size");
    if (!lv->has_size && !lv->percent && !lv->grow && !lv->recommended && !lv->thin)
        command_warn(c, "'%s' has no --size", lv->mountpoint);
    return 0;
}

static int finish_logvol(struct command *c)
{
    struct recipe_logvol *lv = c->target;
    struct recipe *recipe = c->parser->recipe;
    lv->mountpoint = c->args[0];
    lv->place = c->place;
    lv->has_size = command_has(c, "size");
    int r = check_logvol(c, lv);
    if (r < 0)
        return r;
    *arena_push(c->parser->arena, recipe->logvols, recipe->n_logvols) = *lv;
    return 0;
}

const struct command_spec volume_commands[] = {
    {.name = "volgroup",
        .options = volgroup_options,
        .finish = finish_volgroup,
        .scratch_bytes = sizeof(struct recipe_volgroup),
        .min_args = 1,
        .max_args = 256,
        .argument = "the name of the volume group",
        .usage = "volgroup NAME pv.01"},
    {.name = "logvol",
        .options = logvol_options,
        .finish = finish_logvol,
        .scratch_bytes = sizeof(struct recipe_logvol),
        .min_args = 1,
        .max_args = 1,
        .argument = "the mount point",
        .usage = "logvol MOUNTPOINT --vgname=GROUP --name=NAME --size=MiB"},
    {.name = NULL},
};
