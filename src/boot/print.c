#include "boot/internal.h"

static const struct {
    const char *name;
    size_t offset;
} styles[] = {
    {"pv-grub", offsetof(struct boot_plan, pvgrub)},
    {"grub-0.97", offsetof(struct boot_plan, grub_legacy)},
    {"grub2-bios", offsetof(struct boot_plan, grub2_bios)},
};

static bool has_style(const struct boot_plan *plan, size_t i)
{
    return *(const bool *)((const char *)plan + styles[i].offset);
}

void boot_plan_print(const struct boot_plan *plan, FILE *out)
{
    bool any = false;
    fprintf(out, "loader:");
    for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
        if (has_style(plan, i)) {
            fprintf(out, " %s", styles[i].name);
            any = true;
        }
    fprintf(
        out, "%s\ntimeout: %d\nconsole: %s\n", any ? "" : " none", plan->timeout, plan->console);
    fprintf(out, "boot: partition %u, %s\nroot: partition %u, %s\n", plan->boot_part->number,
        plan->boot_part->fstype, plan->root_part->number, plan->root_part->fstype);
    if (plan->password)
        fprintf(out, "password: set\n");
    for (size_t i = 0; i < plan->n; i++) {
        const struct boot_entry *e = &plan->entries[i];
        fprintf(out, "entry: %s\n  kernel %s\n  initrd %s\n  arguments %s\n", e->title, e->kernel,
            e->initrd, e->arguments);
    }
    for (size_t i = 0; i < plan->warnings.n; i++)
        fprintf(out, "warning: %s\n", plan->warnings.v[i]);
}

static void add_field(struct strbuf *b, const char *name, const char *value)
{
    strbuf_json(b, name);
    strbuf_puts(b, ": ");
    strbuf_json(b, value);
}

static void add_entry(struct strbuf *b, const struct boot_entry *e)
{
    strbuf_puts(b, "{");
    add_field(b, "title", e->title);
    strbuf_puts(b, ", ");
    add_field(b, "kernel_release", e->kernel_release);
    strbuf_puts(b, ", ");
    add_field(b, "kernel", e->kernel);
    strbuf_puts(b, ", ");
    add_field(b, "initrd", e->initrd);
    strbuf_puts(b, ", ");
    add_field(b, "arguments", e->arguments);
    strbuf_puts(b, "}");
}

void boot_plan_print_json(const struct boot_plan *plan, FILE *out)
{
    auto_strbuf struct strbuf b = {0};
    bool any = false;
    strbuf_puts(&b, "{\"loaders\": [");
    for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
        if (has_style(plan, i)) {
            strbuf_puts(&b, any ? ", " : "");
            strbuf_json(&b, styles[i].name);
            any = true;
        }
    strbuf_printf(&b, "], \"timeout\": %d, ", plan->timeout);
    add_field(&b, "console", plan->console);
    strbuf_printf(&b, ", \"boot_partition\": %u, \"root_partition\": %u, \"password\": %s, ",
        plan->boot_part->number, plan->root_part->number, plan->password ? "true" : "false");
    strbuf_puts(&b, "\"entries\": [");
    for (size_t i = 0; i < plan->n; i++) {
        strbuf_puts(&b, i ? ", " : "");
        add_entry(&b, &plan->entries[i]);
    }
    strbuf_puts(&b, "]}");
    fputs(b.s, out);
}
