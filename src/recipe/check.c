/* What only shows once the whole recipe is read: lines that contradict each other. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

static bool may_repeat(const struct recipe_part *part)
{
    return part->kind == PART_SWAP || part->kind == PART_BIOSBOOT || part->kind == PART_PREPBOOT;
}

static int check_parts_once(struct parser *p)
{
    const struct recipe *recipe = p->recipe;
    for (size_t i = 0; i < recipe->n_parts; i++) {
        const struct recipe_part *part = &recipe->parts[i];
        for (size_t j = 0; j < i && !may_repeat(part); j++)
            if (strcmp(part->mountpoint, recipe->parts[j].mountpoint) == 0)
                return parser_error(p, part->place, "take one of the two lines out",
                    "part: '%s' has a part already, by %s", part->mountpoint,
                    place_from(p->arena, part->place, recipe->parts[j].place));
    }
    return 0;
}

static int check_volumes_once(struct parser *p)
{
    const struct recipe *recipe = p->recipe;
    for (size_t i = 0; i < recipe->n_logvols; i++) {
        const struct recipe_logvol *lv = &recipe->logvols[i];
        if (lv->mountpoint[0] != '/')
            continue;
        for (size_t j = 0; j < i; j++)
            if (strcmp(lv->mountpoint, recipe->logvols[j].mountpoint) == 0)
                return parser_error(p, lv->place, "take one of the two lines out",
                    "logvol: '%s' has a volume already, by %s", lv->mountpoint,
                    place_from(p->arena, lv->place, recipe->logvols[j].place));
        for (size_t j = 0; j < recipe->n_parts; j++)
            if (strcmp(lv->mountpoint, recipe->parts[j].mountpoint) == 0)
                return parser_error(p, lv->place, "take one of the two lines out",
                    "logvol: '%s' has a part already, by %s", lv->mountpoint,
                    place_from(p->arena, lv->place, recipe->parts[j].place));
    }
    return 0;
}

static int check_autopart(struct parser *p)
{
    const struct recipe *recipe = p->recipe;
    const struct recipe_autopart *autopart = &recipe->autopart;
    if (!autopart->set)
        return 0;
    const char *other = NULL;
    struct recipe_place place = {0};
    if (recipe->n_parts > 0) {
        other = "part";
        place = recipe->parts[0].place;
    } else if (recipe->n_volgroups > 0) {
        other = "volgroup";
        place = recipe->volgroups[0].place;
    } else if (recipe->n_logvols > 0) {
        other = "logvol";
        place = recipe->logvols[0].place;
    } else if (recipe->reqpart) {
        other = "reqpart";
        place = recipe->reqpart_place;
    }
    if (!other)
        return 0;
    return parser_error(p, place, "keep autopart, or the lines that say the same in detail",
        "%s: it can't stand with the autopart of %s", other,
        place_from(p->arena, place, autopart->place));
}

static bool has_part(const struct recipe *recipe, const char *mountpoint)
{
    for (size_t i = 0; i < recipe->n_parts; i++)
        if (strcmp(recipe->parts[i].mountpoint, mountpoint) == 0)
            return true;
    return false;
}

static bool has_volgroup(const struct recipe *recipe, const char *name)
{
    for (size_t i = 0; i < recipe->n_volgroups; i++)
        if (strcmp(recipe->volgroups[i].name, name) == 0)
            return true;
    return false;
}

/* Volumes whose group or whose partitions no line makes; an include that is missing might. */
static int check_volumes_have_room(struct parser *p)
{
    const struct recipe *recipe = p->recipe;
    if (p->n_missing > 0)
        return 0;
    for (size_t i = 0; i < recipe->n_volgroups; i++)
        for (size_t j = 0; j < recipe->volgroups[i].pvs.n; j++)
            if (!has_part(recipe, recipe->volgroups[i].pvs.v[j]))
                return parser_error(p, recipe->volgroups[i].place, "add part pv.NAME --size=MiB",
                    "volgroup: no part line makes '%s'", recipe->volgroups[i].pvs.v[j]);
    for (size_t i = 0; i < recipe->n_logvols; i++)
        if (!has_volgroup(recipe, recipe->logvols[i].vgname))
            return parser_error(p, recipe->logvols[i].place, "add volgroup NAME pv.NAME",
                "logvol: no volgroup line makes '%s'", recipe->logvols[i].vgname);
    return 0;
}

static const char *plain_disk(const char *disk)
{
    return str_starts(disk, "/dev/") ? disk + 5 : disk;
}

static void check_one_disk(struct parser *p)
{
    const struct recipe *recipe = p->recipe;
    const struct recipe_part *first = NULL;
    for (size_t i = 0; i < recipe->n_parts; i++) {
        const struct recipe_part *part = &recipe->parts[i];
        if (!part->ondisk)
            continue;
        if (first && strcmp(plain_disk(first->ondisk), plain_disk(part->ondisk)) != 0) {
            parser_refuse(p, part->place, "put all partitions on one disk",
                "part: '--ondisk=%s' is a second disk (%s has '%s'); an image is one disk",
                part->ondisk, place_from(p->arena, part->place, first->place), first->ondisk);
            return;
        }
        if (!first)
            first = part;
    }
}

static void check_packages(struct parser *p)
{
    const struct recipe_packages *packages = &p->recipe->packages;
    if (!packages->set)
        parser_warn(p, (struct recipe_place){p->recipe->path, 1},
            "there is no %%packages section; only what is always installed will be");
}

static void check_users(struct parser *p)
{
    const struct recipe *recipe = p->recipe;
    for (size_t i = 0; i < recipe->n_users; i++)
        if (!recipe->users[i].password.set)
            parser_warn(p, recipe->users[i].place,
                "user: '%s' has no password, and can log in by key only", recipe->users[i].name);
}

static bool stands_before(struct recipe_place a, struct recipe_place b)
{
    return a.file == b.file && a.line < b.line;
}

/* What was found at the end goes to its place among what was found on the way. */
static void sort_messages(struct recipe *recipe)
{
    for (size_t i = 1; i < recipe->n_warnings; i++) {
        struct recipe_warning w = recipe->warnings[i];
        size_t j = i;
        for (; j > 0 && stands_before(w.place, recipe->warnings[j - 1].place); j--)
            recipe->warnings[j] = recipe->warnings[j - 1];
        recipe->warnings[j] = w;
    }
    for (size_t i = 1; i < recipe->n_refusals; i++) {
        struct recipe_refusal f = recipe->refusals[i];
        size_t j = i;
        for (; j > 0 && stands_before(f.place, recipe->refusals[j - 1].place); j--)
            recipe->refusals[j] = recipe->refusals[j - 1];
        recipe->refusals[j] = f;
    }
}

int check_recipe(struct parser *p)
{
    check_pre_scripts(p);
    int r = check_parts_once(p);
    if (r == 0)
        r = check_volumes_once(p);
    if (r == 0)
        r = check_autopart(p);
    if (r == 0)
        r = check_volumes_have_room(p);
    if (r < 0)
        return r;
    check_one_disk(p);
    check_packages(p);
    check_users(p);
    sort_messages(p->recipe);
    return 0;
}
