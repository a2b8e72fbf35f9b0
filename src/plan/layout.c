#include "plan/layout.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "plan/layout-internal.h"

static const char *const label_names[] = {
    [LABEL_NONE] = "none", [LABEL_MSDOS] = "msdos", [LABEL_GPT] = "gpt"};
static const char *const kind_names[] = {[LAYOUT_FILESYSTEM] = "filesystem",
    [LAYOUT_SWAP] = "swap",
    [LAYOUT_BIOSBOOT] = "biosboot",
    [LAYOUT_PREPBOOT] = "prepboot",
    [LAYOUT_ESP] = "esp",
    [LAYOUT_PV] = "pv"};

int layout_make(const struct recipe *recipe, const struct layout_options *options,
    struct layout **ret_layout, struct err *err)
{
    struct layout_options with_default = *options;
    if (!with_default.default_fstype)
        with_default.default_fstype = "ext4";
    auto_cleanup(layout_free) struct layout *layout = xcalloc(1, sizeof *layout);
    layout->arena = arena_new();
    struct drafts drafts = {.arena = layout->arena};
    int r = layout_choose(recipe, &with_default, layout, &drafts, err);
    if (r == 0)
        r = layout_place(&drafts, &with_default, layout, err);
    if (r == 0)
        *ret_layout = steal(&layout);
    return r;
}

void layout_free(struct layout *layout)
{
    if (!layout)
        return;
    arena_free(layout->arena);
    free(layout);
}

const struct layout_part *layout_part_at(const struct layout *layout, const char *mountpoint)
{
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].mountpoint && strcmp(layout->parts[i].mountpoint, mountpoint) == 0)
            return &layout->parts[i];
    return NULL;
}

const struct layout_part *layout_part_for(const struct layout *layout, const char *path)
{
    const struct layout_part *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < layout->n; i++) {
        const char *mountpoint = layout->parts[i].mountpoint;
        size_t length = mountpoint ? strlen(mountpoint) : 0;
        bool is_root = length == 1;
        bool holds = mountpoint && (is_root || (strncmp(path, mountpoint, length) == 0 &&
                                                   (path[length] == '/' || !path[length])));
        if (holds && length > best_length) {
            best = &layout->parts[i];
            best_length = length;
        }
    }
    return best;
}

void layout_print(const struct layout *layout, FILE *out)
{
    fprintf(out, "disk %" PRIu64 " bytes, partition table %s\n", layout->disk_bytes,
        label_names[layout->label]);
    for (size_t i = 0; i < layout->n; i++) {
        const struct layout_part *p = &layout->parts[i];
        fprintf(out, "%3u  start %8.0f MiB  size %8.0f MiB  %-10s %-5s %s%s%s%s\n", p->number,
            (double)p->start_bytes / (1 << 20), (double)p->size_bytes / (1 << 20),
            kind_names[p->kind], p->fstype ? p->fstype : "-", p->mountpoint ? p->mountpoint : "-",
            p->label ? " label " : "", p->label ? p->label : "", p->active ? " active" : "");
    }
}

static void print_string(FILE *out, const char *key, const char *value)
{
    auto_strbuf struct strbuf b = {0};
    if (!value)
        return;
    strbuf_json(&b, value);
    fprintf(out, ", \"%s\": %s", key, b.s);
}

void layout_print_json(const struct layout *layout, FILE *out)
{
    fprintf(out, "{\"disk_bytes\": %" PRIu64 ", \"partition_table\": \"%s\", \"partitions\": [",
        layout->disk_bytes, label_names[layout->label]);
    for (size_t i = 0; i < layout->n; i++) {
        const struct layout_part *p = &layout->parts[i];
        char uuid[37];
        digest_uuid_text(p->uuid, uuid);
        fprintf(out,
            "%s{\"number\": %u, \"start_bytes\": %" PRIu64 ", \"size_bytes\": %" PRIu64
            ", \"kind\": \"%s\", \"active\": %s, \"uuid\": \"%s\"",
            i ? ", " : "", p->number, p->start_bytes, p->size_bytes, kind_names[p->kind],
            p->active ? "true" : "false", uuid);
        print_string(out, "mountpoint", p->mountpoint);
        print_string(out, "fstype", p->fstype);
        print_string(out, "label", p->label);
        print_string(out, "fsoptions", p->fsoptions);
        fprintf(out, "}");
    }
    fprintf(out, "]}");
}
