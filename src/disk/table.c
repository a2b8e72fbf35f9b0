#include "disk/table.h"

#include <errno.h>
#include <libfdisk.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "disk/disk.h"

#define SECTOR 512
#define MIB (UINT64_C(1) << 20)
#define FIRST_LOGICAL 5

struct partition_type {
    enum layout_kind kind;
    const char *mbr, *gpt;
};

/* Sources: the list of sfdisk --list-types; the UEFI specification, 5.3.3; GRUB's manual for the
 * BIOS boot partition. */
static const struct partition_type types[] = {
    {LAYOUT_FILESYSTEM, "83", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
    {LAYOUT_SWAP, "82", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"},
    {LAYOUT_BIOSBOOT, "da", "21686148-6449-6E6F-744E-656564454649"},
    {LAYOUT_PREPBOOT, "41", "9E1A2D38-C612-4316-AA26-8B49521E5A8B"},
    {LAYOUT_ESP, "ef", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"},
    {LAYOUT_PV, "8e", "E6D6D379-F507-44C2-A23C-238F2A3DF928"},
};

static const struct partition_type *type_of(enum layout_kind kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].kind == kind)
            return &types[i];
    return &types[0];
}

/* All that is behind the third partition, for the logical ones. */
static void add_extended(struct strbuf *text, const struct layout *layout, size_t first)
{
    uint64_t start = layout->parts[first].start_bytes - MIB;
    strbuf_printf(text, "4 : start=%llu, size=%llu, type=f\n", (unsigned long long)(start / SECTOR),
        (unsigned long long)(layout->disk_bytes / MIB * MIB - start) / SECTOR);
}

static void add_partition(struct strbuf *text, const struct layout *layout, size_t i)
{
    const struct layout_part *p = &layout->parts[i];
    const struct partition_type *type = type_of(p->kind);
    if (layout->label == LABEL_MSDOS && p->number == FIRST_LOGICAL)
        add_extended(text, layout, i);
    strbuf_printf(text, "%u : start=%llu, size=%llu, type=%s", p->number,
        (unsigned long long)(p->start_bytes / SECTOR), (unsigned long long)(p->size_bytes / SECTOR),
        layout->label == LABEL_GPT ? type->gpt : type->mbr);
    if (layout->label == LABEL_GPT) {
        char uuid[37];
        digest_uuid_text(p->part_uuid, uuid);
        strbuf_printf(text, ", uuid=%s", uuid);
    }
    strbuf_puts(text, p->active ? ", bootable\n" : "\n");
}

char *disk_table_script(const struct layout *layout)
{
    struct strbuf text = {0};
    if (layout->label == LABEL_NONE)
        return NULL;
    if (layout->label == LABEL_GPT) {
        char uuid[37];
        digest_uuid_text(layout->disk_uuid, uuid);
        strbuf_printf(&text, "label: gpt\nlabel-id: %s\n", uuid);
    } else {
        strbuf_printf(&text, "label: dos\nlabel-id: 0x%08x\n", (unsigned)layout->disk_id);
    }
    strbuf_puts(&text, "unit: sectors\n\n");
    for (size_t i = 0; i < layout->n; i++)
        add_partition(&text, layout, i);
    return strbuf_steal(&text);
}

/* libfdisk's own reading of the text, applied to the disk. 0 or negative errno. */
static int apply(struct fdisk_context *context, const char *path, char *text)
{
    FILE *in = fmemopen(text, strlen(text), "r");
    struct fdisk_script *script = in ? fdisk_new_script(context) : NULL;
    int r = script ? fdisk_script_read_file(script, in) : -ENOMEM;
    if (in)
        fclose(in);
    if (r == 0)
        r = fdisk_assign_device(context, path, 0);
    if (r == 0)
        r = fdisk_apply_script(context, script);
    if (r == 0)
        r = fdisk_write_disklabel(context);
    if (r == 0)
        r = fdisk_deassign_device(context, 1);
    fdisk_unref_script(script);
    return r > 0 ? -EINVAL : r;
}

int disk_write_table(struct disk *disk, const struct layout *layout, struct err *err)
{
    auto_free char *text = disk_table_script(layout);
    if (!text)
        return 0;
    struct fdisk_context *context = fdisk_new_context();
    if (!context)
        return err_code(err, -ENOMEM, "cannot make a partition table");
    fdisk_disable_dialogs(context, 1);
    int r = apply(context, disk->path, text);
    fdisk_unref_context(context);
    return r < 0 ? err_code(err, r, "cannot write the partition table of '%s'", disk->final_path)
                 : 0;
}
