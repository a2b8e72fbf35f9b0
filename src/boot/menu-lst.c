/* GRUB 0.97's menu, which PV-GRUB reads too. */
#include <string.h>

#include "boot/internal.h"

bool boot_has_own_partition(const struct boot_plan *plan)
{
    return plan->boot_part != plan->root_part;
}

const char *boot_loader_path(const struct boot_plan *plan, const char *path)
{
    const char *below = path + strlen("/boot");
    return boot_has_own_partition(plan) && str_starts(path, "/boot/") ? below : path;
}

int boot_serial_unit(const struct boot_plan *plan)
{
    const char *s = plan->console;
    bool is_serial = str_starts(s, "ttyS") && s[4] >= '0' && s[4] <= '3' && !s[5];
    return is_serial ? s[4] - '0' : -1;
}

static void add_head(struct strbuf *b, const struct boot_plan *plan)
{
    int unit = boot_serial_unit(plan);
    strbuf_printf(b,
        "# The kernels of this system, for GRUB 0.97 and PV-GRUB.%s\n"
        "default=0\ntimeout=%d\n",
        boot_has_own_partition(plan)
            ? " /boot is a partition of its own:\n# paths are relative to it."
            : "",
        plan->timeout);
    /* PV-GRUB has the one console of its guest, and does not know these commands. */
    if (unit >= 0 && !plan->pvgrub)
        strbuf_printf(
            b, "serial --unit=%d --speed=115200\nterminal --timeout=1 serial console\n", unit);
    if (plan->password)
        strbuf_printf(
            b, "password %s%s\n", plan->password_is_crypted ? "--md5 " : "", plan->password);
}

char *boot_menu_lst(const struct boot_plan *plan, const struct layout *layout)
{
    struct strbuf b = {0};
    auto_free char *device = layout->label == LABEL_NONE
                                 ? xstrdup("(hd0)")
                                 : xprintf("(hd0,%u)", plan->boot_part->number - 1);
    add_head(&b, plan);
    for (size_t i = 0; i < plan->n; i++) {
        const struct boot_entry *e = &plan->entries[i];
        strbuf_printf(&b, "title %s\n\troot %s\n\tkernel %s %s\n\tinitrd %s\n", e->title, device,
            boot_loader_path(plan, e->kernel), e->arguments, boot_loader_path(plan, e->initrd));
    }
    return strbuf_steal(&b);
}
