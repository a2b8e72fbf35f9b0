#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "plan/layout-internal.h"

#define MIB (UINT64_C(1) << 20)
#define MSDOS_MAX_MIB (UINT64_C(2) << 20)
#define WORK_ROOM_MIB 256 /* for a root that grows on a disk of no given size */

static uint64_t weight(const struct draft *d)
{
    return d->size_mib ? d->size_mib : 1;
}

static uint64_t room_left(const struct draft *d)
{
    return !d->grow ? 0 : d->max_mib ? d->max_mib - d->size_mib : UINT64_MAX;
}

/* a * b / c, which does not overflow as long as the result fits. */
static uint64_t share(uint64_t a, uint64_t b, uint64_t c)
{
    return (uint64_t)((unsigned __int128)a * b / c);
}

/* One round; returns what was given away. Weights are the sizes before any growth. */
static uint64_t grow_round(struct drafts *drafts, const uint64_t *weights, uint64_t room_mib)
{
    uint64_t total = 0, given = 0;
    for (size_t i = 0; i < drafts->n; i++)
        if (room_left(&drafts->v[i]))
            total += weights[i];
    for (size_t i = 0; total && i < drafts->n; i++) {
        struct draft *d = &drafts->v[i];
        uint64_t part = room_left(d) ? share(room_mib, weights[i], total) : 0;
        if (part > room_left(d))
            part = room_left(d);
        d->size_mib += part;
        given += part;
    }
    return given;
}

void layout_grow(struct drafts *drafts, uint64_t room_mib)
{
    auto_free uint64_t *weights = xcalloc(drafts->n, sizeof *weights);
    for (size_t i = 0; i < drafts->n; i++)
        weights[i] = weight(&drafts->v[i]);
    for (uint64_t given = 1; room_mib && given; room_mib -= given)
        given = grow_round(drafts, weights, room_mib);
    /* What is too little to be shared goes to the last one that may have it. */
    for (size_t i = drafts->n; room_mib && i-- > 0;) {
        uint64_t part = room_left(&drafts->v[i]);
        part = part < room_mib ? part : room_mib;
        drafts->v[i].size_mib += part;
        room_mib -= part;
    }
}

static bool has_logicals(const struct layout *layout, size_t n)
{
    return layout->label == LABEL_MSDOS && n > LAYOUT_MSDOS_PRIMARY;
}

/* MiB that belong to no partition: before the first, before each logical, behind the last. */
static uint64_t overhead(const struct layout *layout, size_t n)
{
    if (layout->label == LABEL_NONE)
        return 0;
    uint64_t mib = LAYOUT_ALIGN_MIB;
    if (layout->label == LABEL_GPT)
        mib += LAYOUT_ALIGN_MIB;
    if (has_logicals(layout, n))
        mib += (n - (LAYOUT_MSDOS_PRIMARY - 1)) * LAYOUT_ALIGN_MIB;
    return mib;
}

static uint64_t sum(const struct drafts *drafts)
{
    uint64_t mib = 0;
    for (size_t i = 0; i < drafts->n; i++)
        mib += drafts->v[i].size_mib;
    return mib;
}

static int too_large(
    const struct drafts *drafts, uint64_t needed, uint64_t disk_mib, struct err *err)
{
    const struct draft *largest = &drafts->v[0];
    for (size_t i = 1; i < drafts->n; i++)
        if (drafts->v[i].size_mib > largest->size_mib)
            largest = &drafts->v[i];
    recipe_error(err, largest->place, "part: the partitions need %llu MiB and the disk has %llu",
        (unsigned long long)needed, (unsigned long long)disk_mib);
    return err_hint(err, "make the disk --size %lluM, or the partitions %llu MiB smaller",
        (unsigned long long)needed, (unsigned long long)(needed - disk_mib));
}

/* Without a size of the disk a growing root is made to hold the packages and some work. */
static void size_by_content(struct drafts *drafts, uint64_t content_bytes)
{
    struct draft *root = &drafts->v[drafts->n - 1];
    uint64_t wanted = (content_bytes + content_bytes / 10 * 3) / MIB + WORK_ROOM_MIB;
    if (!root->grow)
        return;
    if (root->max_mib && wanted > root->max_mib)
        wanted = root->max_mib;
    if (wanted > root->size_mib)
        root->size_mib = wanted;
}

static void identify(
    struct layout *layout, const struct layout_options *options, struct layout_part *part, size_t i)
{
    static const uint8_t zeros[SHA256_BYTES];
    const uint8_t *seed = options->seed ? options->seed : zeros;
    auto_free char *name = part->mountpoint ? xstrdup(part->mountpoint) : xprintf("#%zu", i);
    auto_free char *file_system = xprintf("file system %s", name);
    auto_free char *partition = xprintf("partition %s", name);
    digest_uuid(seed, file_system, part->uuid);
    digest_uuid(seed, partition, part->part_uuid);
    digest_uuid(seed, "disk", layout->disk_uuid);
    memcpy(&layout->disk_id, layout->disk_uuid, sizeof layout->disk_id);
    if (layout->disk_id == 0)
        layout->disk_id = 1;
}

static void fill(
    struct layout *layout, const struct drafts *drafts, const struct layout_options *options)
{
    bool logicals = has_logicals(layout, drafts->n);
    uint64_t at = layout->label == LABEL_NONE ? 0 : LAYOUT_ALIGN_MIB;
    for (size_t i = 0; i < drafts->n; i++) {
        const struct draft *d = &drafts->v[i];
        bool is_logical = logicals && i >= LAYOUT_MSDOS_PRIMARY - 1;
        struct layout_part *p = arena_push(layout->arena, layout->parts, layout->n);
        at += is_logical ? LAYOUT_ALIGN_MIB : 0;
        *p = (struct layout_part){
            .number = layout->label == LABEL_NONE ? 0 : (unsigned)i + 1 + is_logical,
            .kind = d->kind,
            .mountpoint = arena_strdup(layout->arena, d->mountpoint),
            .fstype = arena_strdup(layout->arena, d->kind == LAYOUT_SWAP ? "swap" : d->fstype),
            .label = arena_strdup(layout->arena, d->label),
            .fsoptions = arena_strdup(layout->arena, d->fsoptions ? d->fsoptions : "defaults"),
            .mkfsoptions = arena_strdup(layout->arena, d->mkfsoptions),
            .start_bytes = at * MIB,
            .size_bytes = d->size_mib * MIB,
            .place = d->place,
        };
        at += d->size_mib;
        identify(layout, options, p, i);
        if (d->has_uuid)
            memcpy(p->uuid, d->uuid, sizeof p->uuid);
    }
}

static void set_active(struct layout *layout)
{
    struct layout_part *active = &layout->parts[layout->n - 1];
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].mountpoint && strcmp(layout->parts[i].mountpoint, "/boot") == 0)
            active = &layout->parts[i];
    /* Only primaries have the flag. */
    active->active = layout->label == LABEL_MSDOS && active->number <= LAYOUT_MSDOS_PRIMARY;
}

int layout_place(const struct drafts *drafts, const struct layout_options *options,
    struct layout *layout, struct err *err)
{
    struct drafts sized = *drafts;
    uint64_t extra = overhead(layout, sized.n), disk_mib = options->disk_bytes / MIB;
    if (!options->disk_bytes) {
        size_by_content(&sized, options->content_bytes);
        disk_mib = sum(&sized) + extra;
    }
    uint64_t needed = sum(&sized) + extra;
    if (needed > disk_mib)
        return too_large(&sized, needed, disk_mib, err);
    if (layout->label == LABEL_MSDOS && disk_mib > MSDOS_MAX_MIB) {
        err_set(err, ERR_RECIPE, -EINVAL,
            "the disk has %llu MiB, and an MBR partition table reaches 2 TiB",
            (unsigned long long)disk_mib);
        return err_hint(err, "write --disklabel gpt, or clearpart --disklabel=gpt in the recipe");
    }
    layout_grow(&sized, disk_mib - needed);
    layout->disk_bytes = options->disk_bytes ? options->disk_bytes : disk_mib * MIB;
    fill(layout, &sized, options);
    if (layout->label == LABEL_NONE) /* the whole disk, to its last block */
        layout->parts[0].size_bytes = layout->disk_bytes / 4096 * 4096;
    set_active(layout);
    return 0;
}
