#include <errno.h>
#include <string.h>

#include "plan/layout-internal.h"

#define DEFAULT_SIZE_MIB 500 /* of a part line without --size, as in Anaconda */
#define RECOMMENDED_SWAP_MIB 1024
#define AUTOPART_BOOT_MIB 1024
#define AUTOPART_ROOT_MIB 1024
#define BIOSBOOT_MIB 1
#define MAX_SIZE_MIB (UINT64_C(1) << 40) /* an exabyte: sums can't overflow */

static void warn(struct layout *layout, struct recipe_place place, const char *text)
{
    strv_arena_add(layout->arena, &layout->warnings,
        arena_printf(layout->arena, "%s:%u: %s", place.file, place.line, text));
}

static int check_fstype(const struct draft *d, struct err *err)
{
    static const char *const known[] = {"ext2", "ext3", "ext4"};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (strcmp(d->fstype, known[i]) == 0)
            return 0;
    recipe_error(err, d->place, "part: the file system '%s' of '%s' can't be written yet",
        d->fstype, d->mountpoint);
    return err_hint(err, "write --fstype=ext4 (or ext3, ext2)");
}

static int check_mountpoint(const struct draft *d, struct err *err)
{
    const char *p = d->mountpoint;
    for (const char *c = p; *c; c++)
        if ((unsigned char)*c <= 0x20 || *c == 0x7f)
            return recipe_error(err, d->place,
                "part: a mount point can't hold spaces or control "
                "characters");
    auto_free char *closed = xprintf("%s/", p);
    if (strstr(closed, "/../") || strstr(closed, "/./") || (p[1] && strstr(closed, "//")))
        return recipe_error(err, d->place, "part: '%s' is not a plain path", p);
    return 0;
}

/* "/boot/" and "/boot" are one. */
static const char *clean_mountpoint(struct arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return arena_strndup(arena, path, length);
}

static int refuse_kind(const struct recipe_part *part, struct err *err)
{
    const char *what = part->kind == PART_PV     ? "LVM"
                       : part->kind == PART_RAID ? "software RAID"
                                                 : "btrfs";
    recipe_error(err, part->place, "part: '%s': %s can't be written yet", part->mountpoint, what);
    return err_hint(err, "give '/' a partition of its own: part / --fstype=ext4 --size=... --grow");
}

static bool is_esp(const struct recipe_part *part)
{
    return strcmp(part->mountpoint, "/boot/efi") == 0 ||
           (part->fstype && strcmp(part->fstype, "efi") == 0);
}

static int refuse_esp(struct recipe_place place, struct err *err)
{
    recipe_error(err, place, "part: an EFI system partition can't be written yet");
    return err_hint(err, "leave '/boot/efi' out: the image then boots by BIOS");
}

static int set_size(
    struct layout *layout, const struct recipe_part *part, struct draft *d, struct err *err)
{
    d->size_mib = part->has_size ? part->size_mib : part->grow ? 1 : DEFAULT_SIZE_MIB;
    d->max_mib = part->maxsize_mib;
    d->grow = part->grow || part->maxsize_mib;
    if (part->recommended) {
        d->size_mib = RECOMMENDED_SWAP_MIB;
        warn(layout, part->place,
            "part: --recommended: an image has no memory size to go by; 1024 MiB");
    }
    if (d->kind == LAYOUT_BIOSBOOT && d->size_mib < BIOSBOOT_MIB)
        d->size_mib = BIOSBOOT_MIB;
    if (d->size_mib > MAX_SIZE_MIB || d->max_mib > MAX_SIZE_MIB)
        return recipe_error(err, part->place, "part: no disk has so many MiB");
    if (d->max_mib && d->max_mib < d->size_mib)
        return recipe_error(err, part->place, "part: --maxsize=%llu is less than --size=%llu",
            (unsigned long long)d->max_mib, (unsigned long long)d->size_mib);
    if (!d->grow && d->size_mib == 0) {
        recipe_error(err, part->place, "part: '%s' has no size", part->mountpoint);
        return err_hint(err, "write --size=MIB, or --grow");
    }
    return 0;
}

static int add_filesystem(const struct layout_options *options, struct layout *layout,
    const struct recipe_part *part, struct draft *d, struct err *err)
{
    d->kind = LAYOUT_FILESYSTEM;
    d->mountpoint = clean_mountpoint(layout->arena, part->mountpoint);
    d->fstype = part->fstype ? part->fstype : options->default_fstype;
    int r = check_mountpoint(d, err);
    return r < 0 ? r : check_fstype(d, err);
}

static int add_part(const struct layout_options *options, struct layout *layout,
    const struct recipe_part *part, struct drafts *drafts, struct err *err)
{
    struct draft d = {
        .label = part->label,
        .fsoptions = part->fsoptions,
        .mkfsoptions = part->mkfsoptions,
        .place = part->place,
    };
    int r = 0;
    if (part->kind == PART_FILESYSTEM)
        r = is_esp(part) ? refuse_esp(part->place, err)
                         : add_filesystem(options, layout, part, &d, err);
    else if (part->kind == PART_SWAP)
        d.kind = LAYOUT_SWAP;
    else if (part->kind == PART_BIOSBOOT)
        d.kind = LAYOUT_BIOSBOOT;
    else if (part->kind == PART_PREPBOOT) {
        warn(layout, part->place, "part: prepboot is for POWER machines: left out");
        return 0;
    } else
        r = refuse_kind(part, err);
    if (r == 0)
        r = set_size(layout, part, &d, err);
    if (r == 0)
        *arena_push(drafts->arena, drafts->v, drafts->n) = d;
    return r;
}

static void add_draft(struct drafts *drafts, enum layout_kind kind, const char *mountpoint,
    const char *fstype, uint64_t size_mib, struct recipe_place place)
{
    *arena_push(drafts->arena, drafts->v, drafts->n) = (struct draft){.kind = kind,
        .mountpoint = mountpoint,
        .fstype = fstype,
        .size_mib = size_mib,
        .grow = mountpoint && strcmp(mountpoint, "/") == 0,
        .place = place};
}

static int add_autopart(const struct recipe *recipe, const struct layout_options *options,
    struct layout *layout, struct drafts *drafts, struct err *err)
{
    const struct recipe_autopart *a = &recipe->autopart;
    const char *fstype = a->fstype ? a->fstype : options->default_fstype;
    if (a->type != AUTOPART_DEFAULT && a->type != AUTOPART_PLAIN) {
        recipe_error(err, a->place, "autopart: LVM and btrfs can't be written yet");
        return err_hint(err, "write autopart --type=plain");
    }
    if (a->type == AUTOPART_DEFAULT)
        warn(layout, a->place, "autopart: plain partitions, not LVM");
    if (!a->noboot)
        add_draft(drafts, LAYOUT_FILESYSTEM, "/boot", fstype, AUTOPART_BOOT_MIB, a->place);
    if (!a->noswap)
        add_draft(drafts, LAYOUT_SWAP, NULL, NULL, RECOMMENDED_SWAP_MIB, a->place);
    add_draft(drafts, LAYOUT_FILESYSTEM, "/", fstype, AUTOPART_ROOT_MIB, a->place);
    for (size_t i = 0; i < drafts->n; i++)
        if (drafts->v[i].mountpoint && check_fstype(&drafts->v[i], err) < 0)
            return err->code;
    return 0;
}

static bool has_kind(const struct drafts *drafts, enum layout_kind kind)
{
    for (size_t i = 0; i < drafts->n; i++)
        if (drafts->v[i].kind == kind)
            return true;
    return false;
}

static int choose_label(const struct recipe *recipe, const struct layout_options *options,
    const struct drafts *drafts, enum layout_label *ret_label, struct err *err)
{
    const char *asked = recipe->disklabel;
    if (options->has_label)
        *ret_label = options->label;
    else if (asked && strcmp(asked, "gpt") == 0)
        *ret_label = LABEL_GPT;
    else if (asked && (strcmp(asked, "msdos") == 0 || strcmp(asked, "mbr") == 0))
        *ret_label = LABEL_MSDOS;
    else if (asked && strcmp(asked, "none") == 0)
        *ret_label = LABEL_NONE;
    else if (asked) {
        err_set(err, ERR_RECIPE, -EINVAL, "%s: clearpart: there is no disk label '%s'",
            recipe->path, asked);
        return err_hint(err, "write --disklabel=msdos or --disklabel=gpt");
    } else
        *ret_label = has_kind(drafts, LAYOUT_BIOSBOOT) || options->is_recent ||
                             options->disk_bytes > (UINT64_C(2) << 40)
                         ? LABEL_GPT
                         : LABEL_MSDOS;
    return 0;
}

/* A GPT has no room behind the MBR for a boot loader; an MBR has no partitions of that kind. */
static void fit_biosboot(const struct recipe *recipe, struct layout *layout, struct drafts *drafts)
{
    struct recipe_place place = {.file = recipe->path, .line = 0};
    if (layout->label == LABEL_GPT && !has_kind(drafts, LAYOUT_BIOSBOOT)) {
        if (!recipe->reqpart)
            strv_arena_add(layout->arena, &layout->warnings,
                "the disk has a GPT: a biosboot partition of 1 MiB is added for the boot loader");
        add_draft(drafts, LAYOUT_BIOSBOOT, NULL, NULL, BIOSBOOT_MIB, place);
    }
    if (layout->label == LABEL_GPT)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < drafts->n; i++) {
        if (drafts->v[i].kind == LAYOUT_BIOSBOOT)
            warn(layout, drafts->v[i].place, "part: biosboot is for a GPT only: left out");
        else
            drafts->v[kept++] = drafts->v[i];
    }
    drafts->n = kept;
}

static int check_set(const struct recipe *recipe, const struct layout *layout,
    struct drafts *drafts, struct err *err)
{
    const struct draft *root = NULL;
    for (size_t i = 0; i < drafts->n; i++) {
        const struct draft *d = &drafts->v[i];
        for (size_t k = 0; d->mountpoint && k < i; k++)
            if (drafts->v[k].mountpoint && strcmp(drafts->v[k].mountpoint, d->mountpoint) == 0)
                return recipe_error(err, d->place,
                    "part: '%s' is the mount point of line %u already", d->mountpoint,
                    drafts->v[k].place.line);
        if (d->mountpoint && strcmp(d->mountpoint, "/") == 0)
            root = d;
    }
    if (!root) {
        err_set(err, ERR_RECIPE, -EINVAL, "%s: there is no root partition", recipe->path);
        return err_hint(err, "add a line like: part / --fstype=%s --size=2048 --grow", "ext4");
    }
    if (layout->label == LABEL_NONE && drafts->n > 1) {
        recipe_error(err, drafts->v[root == &drafts->v[0]].place,
            "part: a disk without a partition table holds one file system, '/'");
        return err_hint(err, "leave the other part lines out, or write --disklabel msdos");
    }
    return 0;
}

/* Where a partition stands: boot loaders' first, /boot, the fixed, the growing, root at the end so
 * that it can be enlarged when the disk is. Larger ones first. */
static unsigned rank(const struct draft *d)
{
    if (d->kind == LAYOUT_ESP)
        return 0;
    if (d->kind == LAYOUT_BIOSBOOT || d->kind == LAYOUT_PREPBOOT)
        return 1;
    if (d->mountpoint && strcmp(d->mountpoint, "/boot") == 0)
        return 2;
    if (d->mountpoint && strcmp(d->mountpoint, "/") == 0)
        return 5;
    return d->grow ? 4 : 3;
}

static bool stands_before(const struct draft *a, const struct draft *b)
{
    return rank(a) != rank(b) ? rank(a) < rank(b) : a->size_mib > b->size_mib;
}

static void sort(struct drafts *drafts)
{
    for (size_t i = 1; i < drafts->n; i++) /* by insertion: equals keep the recipe's order */
        for (size_t k = i; k > 0 && stands_before(&drafts->v[k], &drafts->v[k - 1]); k--) {
            struct draft d = drafts->v[k];
            drafts->v[k] = drafts->v[k - 1];
            drafts->v[k - 1] = d;
        }
}

static int refuse_lvm(const struct recipe *recipe, struct err *err)
{
    struct recipe_place place =
        recipe->n_volgroups ? recipe->volgroups[0].place : recipe->logvols[0].place;
    recipe_error(
        err, place, "%s: LVM can't be written yet", recipe->n_volgroups ? "volgroup" : "logvol");
    return err_hint(err, "use plain partitions: part / --fstype=ext4 --size=... --grow");
}

int layout_choose(const struct recipe *recipe, const struct layout_options *options,
    struct layout *layout, struct drafts *drafts, struct err *err)
{
    if (recipe->n_volgroups || recipe->n_logvols)
        return refuse_lvm(recipe, err);
    int r = recipe->autopart.set ? add_autopart(recipe, options, layout, drafts, err) : 0;
    for (size_t i = 0; r == 0 && i < recipe->n_parts; i++)
        r = add_part(options, layout, &recipe->parts[i], drafts, err);
    if (r == 0 && recipe->reqpart && recipe->reqpart_add_boot)
        add_draft(drafts, LAYOUT_FILESYSTEM, "/boot", options->default_fstype, AUTOPART_BOOT_MIB,
            recipe->reqpart_place);
    if (r == 0)
        r = choose_label(recipe, options, drafts, &layout->label, err);
    if (r < 0)
        return r;
    fit_biosboot(recipe, layout, drafts);
    r = check_set(recipe, layout, drafts, err);
    sort(drafts);
    return r;
}
