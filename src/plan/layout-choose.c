#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "plan/layout-internal.h"

#define DEFAULT_SIZE_MIB 500 /* of a part line without --size, as in Anaconda */
#define RECOMMENDED_SWAP_MIB 1024
#define AUTOPART_BOOT_MIB 1024
#define AUTOPART_ROOT_MIB 1024
#define BIOSBOOT_MIB 1
#define GPT_PARTITIONS 128
#define MSDOS_PARTITIONS 59              /* what libfdisk writes: 60 with the extended one */
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
    static const char *const others[] = {
        "xfs", "btrfs", "vfat", "efi", "f2fs", "reiserfs", "jfs", "ntfs"};
    bool is_other = false;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        is_other = is_other || strcmp(d->fstype, others[i]) == 0;
    if (is_other)
        recipe_error(err, d->place, "part: the file system '%s' of '%s' can't be written yet",
            d->fstype, d->mountpoint);
    else
        recipe_error(err, d->place, "part: '%s' of '%s' is no kind of file system", d->fstype,
            d->mountpoint);
    return err_hint(err, "write --fstype=ext4 (or ext3, ext2)");
}

static bool is_at_or_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

/* What is read before /etc/fstab is, and what the kernel mounts itself. As in Anaconda. */
static int check_place(const struct draft *d, struct err *err)
{
    static const char *const of_root[] = {
        "/bin", "/etc", "/lib", "/lib64", "/mnt", "/root", "/sbin", "/lost+found"};
    static const char *const of_kernel[] = {"/dev", "/proc", "/sys", "/run"};
    for (size_t i = 0; i < ARRAY_SIZE(of_root); i++)
        if (strcmp(d->mountpoint, of_root[i]) == 0) {
            recipe_error(err, d->place, "part: '%s' has to be on the root file system", of_root[i]);
            return err_hint(err, "leave the line out, and make '/' larger");
        }
    for (size_t i = 0; i < ARRAY_SIZE(of_kernel); i++)
        if (is_at_or_below(d->mountpoint, of_kernel[i])) {
            recipe_error(err, d->place, "part: '%s' is no place for a partition: '%s' is in memory",
                d->mountpoint, of_kernel[i]);
            return err_hint(err, "leave the line out");
        }
    return 0;
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
    return check_place(d, err);
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

static int set_size(const struct recipe_part *part, struct draft *d, struct err *err)
{
    bool is_recommended = part->recommended && d->kind == LAYOUT_SWAP;
    d->size_mib = is_recommended               ? RECOMMENDED_SWAP_MIB
                  : part->has_size             ? part->size_mib
                  : d->kind == LAYOUT_BIOSBOOT ? BIOSBOOT_MIB
                                               : DEFAULT_SIZE_MIB;
    d->grow = part->grow;
    d->max_mib = d->grow ? part->maxsize_mib : 0;
    if (d->kind == LAYOUT_BIOSBOOT && d->size_mib < BIOSBOOT_MIB)
        d->size_mib = BIOSBOOT_MIB;
    if (d->size_mib > MAX_SIZE_MIB || d->max_mib > MAX_SIZE_MIB)
        return recipe_error(err, part->place, "part: no disk has so many MiB");
    if (d->max_mib && d->max_mib < d->size_mib)
        return recipe_error(err, part->place,
            "part: --maxsize=%llu is less than the %llu MiB it begins with",
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

static int check_label(const struct draft *d, struct err *err)
{
    size_t room = d->kind == LAYOUT_SWAP ? 15 : 16;
    if (!d->label || strlen(d->label) <= room)
        return 0;
    recipe_error(err, d->place, "part: the label '%s' has %zu bytes, and %s has room for %zu",
        d->label, strlen(d->label), d->kind == LAYOUT_SWAP ? "swap" : "the file system", room);
    return err_hint(err, "write a shorter --label");
}

/* "3f2504e0-4f89-41d3-9a0c-0305e82c3301" */
static int read_uuid(const struct recipe_part *part, struct draft *d, struct err *err)
{
    const char *p = part->uuid;
    for (size_t i = 0; p && i < sizeof d->uuid; i++) {
        int used = 0;
        p += (i == 4 || i == 6 || i == 8 || i == 10) && *p == '-';
        if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) ||
            sscanf(p, "%2hhx%n", &d->uuid[i], &used) != 1) {
            recipe_error(err, part->place, "part: '--uuid=%s' is no UUID", part->uuid);
            return err_hint(err, "leave it out, or write one as uuidgen makes it");
        }
        p += used;
    }
    d->has_uuid = p != NULL;
    return p && *p ? recipe_error(err, part->place, "part: '--uuid=%s' is no UUID", part->uuid) : 0;
}

/* --fsprofile is mke2fs's -T. */
static const char *mkfsoptions_of(struct arena *arena, const struct recipe_part *part)
{
    if (!part->fsprofile)
        return part->mkfsoptions;
    return arena_printf(
        arena, "-T %s %s", part->fsprofile, part->mkfsoptions ? part->mkfsoptions : "");
}

static int add_part(const struct layout_options *options, struct layout *layout,
    const struct recipe_part *part, struct drafts *drafts, struct err *err)
{
    struct draft d = {
        .label = part->label,
        .fsoptions = part->fsoptions,
        .mkfsoptions = mkfsoptions_of(layout->arena, part),
        .asprimary = part->asprimary,
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
        r = check_label(&d, err);
    if (r == 0)
        r = read_uuid(part, &d, err);
    if (r == 0)
        r = set_size(part, &d, err);
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

static bool has_mountpoint(const struct drafts *drafts, const char *mountpoint)
{
    for (size_t i = 0; i < drafts->n; i++)
        if (drafts->v[i].mountpoint && strcmp(drafts->v[i].mountpoint, mountpoint) == 0)
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
            if (drafts->v[k].mountpoint && strcmp(drafts->v[k].mountpoint, d->mountpoint) == 0) {
                recipe_error(err, d->place, "part: '%s' is the mount point of line %u already",
                    d->mountpoint, drafts->v[k].place.line);
                return err_hint(err, "take one of the two lines out");
            }
        for (size_t k = 0; d->has_uuid && k < i; k++)
            if (drafts->v[k].has_uuid && memcmp(drafts->v[k].uuid, d->uuid, sizeof d->uuid) == 0)
                return recipe_error(
                    err, d->place, "part: line %u has the same --uuid", drafts->v[k].place.line);
        if (d->mountpoint && strcmp(d->mountpoint, "/") == 0)
            root = d;
    }
    if (!root) {
        err_set(err, ERR_RECIPE, -EINVAL, "%s: there is no root partition", recipe->path);
        return err_hint(err, "add a line like: part / --fstype=%s --size=2048 --grow", "ext4");
    }
    size_t most = layout->label == LABEL_GPT ? GPT_PARTITIONS : MSDOS_PARTITIONS;
    if (drafts->n > most)
        return recipe_error(err, drafts->v[most].place,
            "part: the partition table has room for %zu partitions", most);
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

static void sort(struct drafts *drafts, bool (*before)(const struct draft *, const struct draft *))
{
    for (size_t i = 1; i < drafts->n; i++) /* by insertion: equals keep their order */
        for (size_t k = i; k > 0 && before(&drafts->v[k], &drafts->v[k - 1]); k--) {
            struct draft d = drafts->v[k];
            drafts->v[k] = drafts->v[k - 1];
            drafts->v[k - 1] = d;
        }
}

static bool is_more_primary(const struct draft *a, const struct draft *b)
{
    return a->asprimary && !b->asprimary;
}

/* Beside an extended partition there are three primaries: the first three. */
static int place_primaries(const struct layout *layout, struct drafts *drafts, struct err *err)
{
    size_t n = 0;
    if (layout->label != LABEL_MSDOS || drafts->n <= LAYOUT_MSDOS_PRIMARY)
        return 0;
    sort(drafts, is_more_primary);
    while (n < drafts->n && drafts->v[n].asprimary)
        n++;
    if (n < LAYOUT_MSDOS_PRIMARY)
        return 0;
    recipe_error(err, drafts->v[LAYOUT_MSDOS_PRIMARY - 1].place,
        "part: %zu of %zu partitions are --asprimary; with more than four, three can be", n,
        drafts->n);
    return err_hint(err, "leave --asprimary out, or write clearpart --disklabel=gpt");
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
    if (r == 0 && recipe->reqpart && recipe->reqpart_add_boot && !has_mountpoint(drafts, "/boot"))
        add_draft(drafts, LAYOUT_FILESYSTEM, "/boot", options->default_fstype, AUTOPART_BOOT_MIB,
            recipe->reqpart_place);
    if (r == 0)
        r = choose_label(recipe, options, drafts, &layout->label, err);
    if (r < 0)
        return r;
    fit_biosboot(recipe, layout, drafts);
    r = check_set(recipe, layout, drafts, err);
    if (r < 0)
        return r;
    sort(drafts, stands_before);
    return place_primaries(layout, drafts, err);
}
