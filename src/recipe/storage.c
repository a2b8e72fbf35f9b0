/* part, autopart, reqpart, clearpart, zerombr, ignoredisk: the disk. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

#define ENCRYPTION_NOTE "encrypted disks are not made"

#define P(field) OFFSET(recipe_part, field)

static const struct option_spec part_options[] = {
    OPTION("size", OPTION_MIB, P(size_mib)),
    OPTION("maxsize", OPTION_MIB, P(maxsize_mib)),
    OPTION("grow", OPTION_FLAG, P(grow)),
    OPTION("asprimary", OPTION_FLAG, P(asprimary)),
    OPTION("recommended", OPTION_FLAG, P(recommended)),
    OPTION("hibernation", OPTION_FLAG, P(hibernation)),
    OPTION("fstype", OPTION_STRING, P(fstype)),
    OPTION("type", OPTION_STRING, P(fstype)),
    OPTION("label", OPTION_STRING, P(label)),
    OPTION("fsoptions", OPTION_STRING, P(fsoptions)),
    OPTION("mkfsoptions", OPTION_STRING, P(mkfsoptions)),
    OPTION("fsprofile", OPTION_STRING, P(fsprofile)),
    OPTION("ondisk", OPTION_STRING, P(ondisk)),
    OPTION("ondrive", OPTION_STRING, P(ondisk)),
    OPTION("onpart", OPTION_STRING, P(onpart)),
    OPTION("usepart", OPTION_STRING, P(onpart)),
    OPTION("uuid", OPTION_STRING, P(uuid)),
    OPTION("noformat", OPTION_FLAG, P(noformat)),
    OPTION_QUIET("active", OPTION_NONE),
    OPTION_QUIET("onbiosdisk", OPTION_VALUE),
    OPTION_WARNED(
        "bytes-per-inode", OPTION_VALUE, "it has no effect; write --mkfsoptions=\"-i N\""),
    OPTION_WARNED("start", OPTION_VALUE, "it has no effect: slipway places the partitions"),
    OPTION_WARNED("end", OPTION_VALUE, "it has no effect: slipway places the partitions"),
    OPTION_REFUSED("resize", OPTION_NONE, "there is no partition to resize: the disk is new",
        "write --size=MiB"),
    ENCRYPTION_OPTIONS(ENCRYPTION_NOTE),
    OPTION_QUIET("hw-passphrase", OPTION_VALUE),
    OPTION_END,
};

static bool is_plain_path(const char *s)
{
    if (s[0] != '/' || strpbrk(s, " \t\\"))
        return false;
    for (const char *at = s; (at = strstr(at, "/.")); at += 2)
        if (at[2] == '/' || at[2] == '\0' || (at[2] == '.' && (at[3] == '/' || at[3] == '\0')))
            return false;
    return strstr(s, "//") == NULL;
}

static bool is_disk_name(const char *s)
{
    static const char *const starts[] = {
        "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "md", "mapper/", "disk/"};
    if (str_starts(s, "/dev/"))
        s += strlen("/dev/");
    else if (*s == '/')
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
        if (str_starts(s, starts[i]))
            return true;
    return false;
}

static int mountpoint_error(struct command *c, const char *name)
{
    if (is_disk_name(name))
        return command_error(c,
            "write where it is mounted, as part /home --size=2048: which partition it becomes is "
            "decided by the order on the disk",
            "'%s' is a device, not a mount point", name);
    return command_error(c, "it is a path as / or /boot, or swap, biosboot, prepboot, pv.NAME",
        "'%s' is no mount point", name);
}

static int set_part_kind(struct command *c, struct recipe_part *part)
{
    const char *name = part->mountpoint;
    if (is_plain_path(name) && !is_disk_name(name))
        part->kind = PART_FILESYSTEM;
    else if (strcmp(name, "swap") == 0)
        part->kind = PART_SWAP;
    else if (strcmp(name, "biosboot") == 0)
        part->kind = PART_BIOSBOOT;
    else if (strcmp(name, "prepboot") == 0)
        part->kind = PART_PREPBOOT;
    else if (str_starts(name, "pv."))
        part->kind = PART_PV;
    else if (str_starts(name, "raid."))
        part->kind = PART_RAID;
    else if (str_starts(name, "btrfs."))
        part->kind = PART_BTRFS;
    else
        return mountpoint_error(c, name);
    if (part->kind == PART_RAID)
        command_refuse(c, "write the mount point itself: one disk image has nothing to mirror",
            "%s: software RAID is not made", name);
    if (part->kind == PART_BTRFS)
        command_refuse(c, "write part / --fstype=ext4", "%s: btrfs is not made", name);
    return 0;
}

static int check_part_sizes(struct command *c, struct recipe_part *part)
{
    part->has_size = command_has(c, "size");
    bool needs_size = part->kind != PART_BIOSBOOT && !part->onpart && !part->recommended;
    if (part->recommended && part->kind != PART_SWAP)
        command_warn(c, "--recommended is meant for swap; write --size=MiB");
    else if (part->recommended)
        command_warn(c, "--recommended: an image does not know the memory of the machine it will "
                        "run on; a fixed size is taken, write --size=MiB to choose it");
    if (!part->has_size && !part->grow && needs_size)
        command_warn(c, "'%s' has no --size; 500 MiB are taken", part->mountpoint);
    if (part->maxsize_mib && !part->grow)
        command_warn(c, "--maxsize has no effect without --grow");
    if (part->has_size && part->size_mib == 0 && !part->grow && !part->recommended)
        return command_error(
            c, "write its size in MiB, or add --grow", "'%s' has --size=0", part->mountpoint);
    if (part->maxsize_mib && part->has_size && part->maxsize_mib < part->size_mib)
        return command_error(c, "give --maxsize at least the value of --size",
            "--maxsize=%llu is less than --size=%llu", (unsigned long long)part->maxsize_mib,
            (unsigned long long)part->size_mib);
    return 0;
}

static void check_swap_type(struct command *c, const struct recipe_part *part)
{
    if (part->kind == PART_SWAP && part->fstype && strcmp(part->fstype, "swap") != 0 &&
        strcmp(part->fstype, "linux-swap") != 0)
        command_warn(c, "--fstype=%s has no effect: 'swap' is always made as swap", part->fstype);
}

static int finish_part(struct command *c)
{
    struct recipe_part *part = c->target;
    struct recipe *recipe = c->parser->recipe;
    part->mountpoint = c->args[0];
    part->place = c->place;
    int r = set_part_kind(c, part);
    if (r == 0)
        r = check_part_sizes(c, part);
    if (r < 0)
        return r;
    check_swap_type(c, part);
    if (part->onpart)
        command_refuse(c,
            "write --size=MiB in place of --onpart, and leave out the %pre that "
            "makes the partitions: slipway makes them from the part lines",
            "'--onpart=%s' names a partition that is already there; the disk is new", part->onpart);
    else if (part->noformat)
        command_refuse(
            c, "leave --noformat out", "--noformat: the disk is new, there is nothing to keep");
    *arena_push(c->parser->arena, recipe->parts, recipe->n_parts) = *part;
    return 0;
}

static const struct choice autopart_types[] = {
    {"plain", AUTOPART_PLAIN},
    {"partition", AUTOPART_PLAIN},
    {"lvm", AUTOPART_LVM},
    {"btrfs", AUTOPART_BTRFS},
    {"thinp", AUTOPART_THINP},
    {NULL, 0},
};

#define A(field) OFFSET(recipe_autopart, field)

static const struct option_spec autopart_options[] = {
    OPTION_ONE_OF("type", A(type), autopart_types),
    OPTION_SET("nolvm", A(type), AUTOPART_PLAIN),
    OPTION("fstype", OPTION_STRING, A(fstype)),
    OPTION("nohome", OPTION_FLAG, A(nohome)),
    OPTION("noswap", OPTION_FLAG, A(noswap)),
    OPTION("noboot", OPTION_FLAG, A(noboot)),
    OPTION_QUIET("hibernation", OPTION_NONE),
    ENCRYPTION_OPTIONS(ENCRYPTION_NOTE),
    OPTION_QUIET("hw-passphrase", OPTION_VALUE),
    OPTION_END,
};

static int finish_autopart(struct command *c)
{
    struct recipe_autopart *autopart = c->target;
    autopart->set = true;
    autopart->place = c->place;
    if (autopart->type == AUTOPART_BTRFS)
        command_refuse(c, "write --type=plain", "--type=btrfs: btrfs is not made");
    if (autopart->type == AUTOPART_THINP)
        command_refuse(c, "write --type=plain", "--type=thinp: thin pools are not made");
    return 0;
}

static const struct option_spec reqpart_options[] = {
    OPTION("add-boot", OPTION_FLAG, OFFSET(recipe, reqpart_add_boot)),
    OPTION_END,
};

static int finish_reqpart(struct command *c)
{
    c->parser->recipe->reqpart = true;
    c->parser->recipe->reqpart_place = c->place;
    return 0;
}

static const struct option_spec clearpart_options[] = {
    OPTION("disklabel", OPTION_STRING, OFFSET(recipe, disklabel)),
    OPTION_QUIET("all", OPTION_NONE),
    OPTION_QUIET("linux", OPTION_NONE),
    OPTION_QUIET("none", OPTION_NONE),
    OPTION_QUIET("initlabel", OPTION_NONE),
    OPTION_QUIET("drives", OPTION_VALUE),
    OPTION_QUIET("list", OPTION_VALUE),
    OPTION_QUIET("cdl", OPTION_NONE),
    OPTION_END,
};

static int finish_clearpart(struct command *c)
{
    struct recipe *recipe = c->parser->recipe;
    if (command_has(c, "all") + command_has(c, "linux") + command_has(c, "none") +
            command_has(c, "list") >
        1)
        command_warn(c, "--all, --linux, --none and --list exclude one another; the disk is new, "
                        "so that none of them matters");
    if (!command_has(c, "disklabel"))
        return 0;
    if (strcmp(recipe->disklabel, "mbr") == 0 || strcmp(recipe->disklabel, "dos") == 0)
        recipe->disklabel = arena_strdup(c->parser->arena, "msdos");
    if (strcmp(recipe->disklabel, "msdos") != 0 && strcmp(recipe->disklabel, "gpt") != 0 &&
        strcmp(recipe->disklabel, "none") != 0)
        return command_error(c,
            "write --disklabel=gpt, --disklabel=msdos, or --disklabel=none "
            "for a file system without partition table",
            "'--disklabel=%s' is no kind of partition table", recipe->disklabel);
    return 0;
}

static int finish_zerombr(struct command *c)
{
    c->parser->recipe->zerombr = true;
    if (c->n_args > 0)
        command_warn(c, "'%s' is of an old version and has no effect", c->args[0]);
    return 0;
}

static const struct option_spec ignoredisk_options[] = {
    OPTION_QUIET("drives", OPTION_VALUE),
    OPTION_QUIET("only-use", OPTION_VALUE),
    OPTION_QUIET("interactive", OPTION_NONE),
    OPTION_END,
};

#define PART_SPEC(N)                                                                               \
    {                                                                                              \
        .name = (N), .options = part_options, .finish = finish_part,                               \
        .scratch_bytes = sizeof(struct recipe_part), .min_args = 1, .max_args = 1,                 \
        .argument = "the mount point",                                                             \
        .usage = "part MOUNTPOINT --size=MiB, as part / --fstype=ext4 --size=4096 --grow"          \
    }

const struct command_spec storage_commands[] = {
    PART_SPEC("part"),
    PART_SPEC("partition"),
    {.name = "autopart",
        .options = autopart_options,
        .finish = finish_autopart,
        .offset = OFFSET(recipe, autopart)},
    {.name = "reqpart", .options = reqpart_options, .finish = finish_reqpart},
    {.name = "clearpart", .options = clearpart_options, .finish = finish_clearpart},
    {.name = "zerombr", .finish = finish_zerombr, .max_args = 1, .class = CLASS_QUIET},
    {.name = "ignoredisk", .options = ignoredisk_options, .class = CLASS_QUIET},
    {.name = NULL},
};
