#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "boot/internal.h"

#define DEFAULT_TIMEOUT_SECONDS 5

struct decision {
    const struct recipe *recipe;
    const struct layout *layout;
    const struct era *era;
    const struct boot_options *options;
    struct boot_plan *plan;
};

static void parse_version(const char *release, unsigned ret_version[3])
{
    for (size_t i = 0; i < 3; i++) {
        char *end;
        unsigned long number = *release >= '0' && *release <= '9' ? strtoul(release, &end, 10) : 0;
        ret_version[i] = number < 100000 ? (unsigned)number : 0;
        release += strspn(release, "0123456789");
        release += *release == '.';
    }
}

static bool is_older(const char *release, unsigned a, unsigned b, unsigned c)
{
    unsigned v[3];
    parse_version(release, v);
    if (v[0] != a)
        return v[0] < a;
    return v[1] != b ? v[1] < b : v[2] < c;
}

/* Mainline can since 2.6.24 and 64-bit since 2.6.27; EL6 (2.6.32) is the oldest that ships so. */
static bool is_pv_kernel(const char *release)
{
    return strstr(release, "xen") || !is_older(release, 2, 6, 32);
}

/* Does a word of the arguments begin with 'prefix'? Returns the last that does. */
static const char *find_argument(const char *arguments, const char *prefix)
{
    const char *found = NULL;
    for (const char *p = arguments; p && *p;) {
        p += strspn(p, " \t");
        if (str_starts(p, prefix))
            found = p;
        p += strcspn(p, " \t");
    }
    return found;
}

static bool has_word(const char *arguments, const char *word)
{
    for (const char *p = find_argument(arguments, word); p;
         p = strcspn(p, " \t") ? find_argument(p + strcspn(p, " \t"), word) : NULL)
        if (strcspn(p, " \t") == strlen(word))
            return true;
    return false;
}

/* What the kernel must be told to talk where somebody listens. A paravirtual kernel of EL5's age
 * does so by itself, and knows no hvc0. */
static void add_console(const struct decision *d, const char *release, struct strbuf *b)
{
    const char *console = d->plan->console;
    if (find_argument(d->recipe->bootloader.append, "console="))
        return;
    bool is_pv = d->options->target == TARGET_EC2_PV;
    if (is_pv && !d->options->console && is_older(release, 2, 6, 26))
        return;
    if (!is_pv && strcmp(console, "tty0") != 0)
        strbuf_puts(b, " console=tty0");
    strbuf_printf(b, " console=%s%s", console, str_starts(console, "ttyS") ? ",115200n8" : "");
}

static char *make_extra(const struct decision *d, const char *release)
{
    struct strbuf b = {0};
    add_console(d, release, &b);
    if (!str_empty(d->recipe->bootloader.append))
        strbuf_printf(&b, " %s", d->recipe->bootloader.append);
    char *s = arena_strdup(d->plan->arena, b.len ? b.s + 1 : "");
    strbuf_done(&b);
    for (char *p = s; *p; p++) /* a line of the recipe may have been folded */
        if (*p == '\n' || *p == '\t' || *p == '\r')
            *p = ' ';
    return s;
}

static char *make_arguments(const struct decision *d, const char *release)
{
    const char *append = d->recipe->bootloader.append;
    char uuid[37];
    auto_strbuf struct strbuf b = {0};
    const char *extra = make_extra(d, release);
    digest_uuid_text(d->plan->root_part->uuid, uuid);
    if (!find_argument(append, "root="))
        strbuf_printf(&b, "root=UUID=%s", uuid);
    if (!has_word(append, "ro") && !has_word(append, "rw"))
        strbuf_printf(&b, "%sro", b.len ? " " : "");
    if (*extra)
        strbuf_printf(&b, "%s%s", b.len ? " " : "", extra);
    return arena_strndup(d->plan->arena, b.s, b.len);
}

/* The name that the distribution's own tools look for. */
static char *initrd_path(const struct decision *d, const char *release)
{
    const char *id = d->era->os_id;
    if (id && (strcmp(id, "debian") == 0 || strcmp(id, "ubuntu") == 0))
        return arena_printf(d->plan->arena, "/boot/initrd.img-%s", release);
    if (is_older(release, 2, 6, 32))
        return arena_printf(d->plan->arena, "/boot/initrd-%s.img", release);
    return arena_printf(d->plan->arena, "/boot/initramfs-%s.img", release);
}

static void add_entry(const struct decision *d, const struct era_kernel *kernel)
{
    struct boot_plan *plan = d->plan;
    struct boot_entry *entry = arena_push(plan->arena, plan->entries, plan->n);
    entry->title = arena_printf(plan->arena, "%s (%s)%s", plan->system_name, kernel->release,
        kernel->is_rescue ? " rescue" : "");
    entry->kernel_release = arena_strdup(plan->arena, kernel->release);
    entry->kernel = str_starts(kernel->image, "/boot/")
                        ? arena_strdup(plan->arena, kernel->image)
                        : arena_printf(plan->arena, "/boot/vmlinuz-%s", kernel->release);
    entry->initrd = initrd_path(d, kernel->release);
    entry->arguments = make_arguments(d, kernel->release);
}

/* "kernel*", "kernel-core", "linux-image-amd64"; not "kernel-headers". */
static bool excludes_kernel(const struct recipe_package *item)
{
    static const char *const others[] = {"firmware", "headers", "devel", "doc", "tools", "modules"};
    bool is_kernel = str_starts(item->name, "kernel") || str_starts(item->name, "linux-image");
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        is_kernel = is_kernel && !strstr(item->name, others[i]);
    return item->exclude && is_kernel;
}

static int no_kernel(const struct recipe *recipe, struct err *err)
{
    for (size_t i = 0; i < recipe->packages.n; i++) {
        const struct recipe_package *item = &recipe->packages.items[i];
        if (!excludes_kernel(item))
            continue;
        (void)recipe_error(err, item->place,
            "no kernel is installed, since '-%s' excludes one: nothing to boot", item->name);
        return err_hint(err, "take this line out, or add another kernel to %%packages");
    }
    (void)err_set(err, ERR_CHECK, -ENOENT, "no kernel is installed: nothing to boot");
    return err_hint(err, "add 'kernel' to %%packages (kernel-xen for a paravirtual guest of EL5)");
}

/* Newest first as they stand, rescue kernels last; but a kernel that this target can run before
 * one that it can't: EL5's kernel-xen starts on Xen only, its others not as its guest. */
static int add_entries(const struct decision *d, struct err *err)
{
    const struct era *era = d->era;
    bool is_pv = d->options->target == TARGET_EC2_PV;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < era->n_kernels; i++) {
            const char *release = era->kernels[i].release;
            bool fits = is_pv ? is_pv_kernel(release) : !strstr(release, "xen");
            if (fits == (round == 0) && (fits || !is_pv))
                add_entry(d, &era->kernels[i]);
        }
    if (d->plan->n && !is_pv && strstr(d->plan->entries[0].kernel_release, "xen"))
        strv_arena_add(d->plan->arena, &d->plan->warnings,
            arena_printf(d->plan->arena,
                "the kernel '%s' is named as one for Xen's guests, which %s can't start: add "
                "'kernel' to %%packages, or build for ec2-pv",
                d->plan->entries[0].kernel_release, boot_target_name(d->options->target)));
    if (d->plan->n)
        return 0;
    if (era->n_kernels) {
        (void)err_set(err, ERR_CHECK, -ENOENT,
            "no kernel that is installed can run as a paravirtual guest ('%s' can't)",
            era->kernels[0].release);
        return err_hint(err, "add kernel-xen to %%packages");
    }
    return no_kernel(d->recipe, err);
}

/* PV-GRUB of EC2 looks into the whole disk (hd0) or the first partition (hd00). */
static int check_pvgrub_place(const struct decision *d, struct err *err)
{
    if (d->layout->label == LABEL_GPT) {
        (void)err_set(err, ERR_CHECK, -EINVAL, "PV-GRUB can't read a GPT");
        return err_hint(err, "write 'clearpart --disklabel=msdos'");
    }
    if (d->plan->boot_part->number <= 1)
        return 0;
    (void)err_set(err, ERR_CHECK, -EINVAL,
        "PV-GRUB reads menu.lst from the first partition only, but %s is partition %u",
        d->plan->boot_part->mountpoint, d->plan->boot_part->number);
    return err_hint(err, "give /boot a partition of its own, or leave swap out");
}

static int check_mbr_loader(const struct decision *d, struct err *err)
{
    const struct layout *layout = d->layout;
    if (layout->label == LABEL_NONE) {
        (void)err_set(err, ERR_CHECK, -EINVAL,
            "a disk without a partition table can't be booted by a BIOS: there is no room for a "
            "boot loader");
        return err_hint(err, "write 'clearpart --disklabel=msdos', or build for ec2-pv");
    }
    if (layout->label == LABEL_MSDOS)
        return 0;
    if (d->plan->grub_legacy) {
        (void)err_set(err, ERR_CHECK, -EINVAL, "GRUB 0.97 can't be started from a disk with a GPT");
        return err_hint(err, "write 'clearpart --disklabel=msdos'");
    }
    for (size_t i = 0; i < layout->n; i++)
        if (layout->parts[i].kind == LAYOUT_BIOSBOOT)
            return 0;
    (void)err_set(err, ERR_CHECK, -EINVAL,
        "a disk with a GPT needs a BIOS boot partition for GRUB 2's core image");
    return err_hint(err, "write 'part biosboot --fstype=biosboot --size=1', or 'reqpart'");
}

static int check_grub2(const struct decision *d, struct err *err)
{
    if (!d->era->grub2_mkimage) {
        (void)err_set(err, ERR_CHECK, -ENOENT,
            "GRUB 2's modules are installed, but not grub2-mkimage, which makes its core image");
        return err_hint(err, "add grub2-tools (EL7, Fedora: grub2-tools-minimal too; Debian: "
                             "grub-common) to %%packages");
    }
    const char *fstype = d->plan->boot_part->fstype;
    if (boot_grub2_fs_module(fstype))
        return 0;
    return err_set(err, ERR_CHECK, -EINVAL, "GRUB 2 is not set up for '%s', the file system of %s",
        fstype, d->plan->boot_part->mountpoint);
}

static int check_legacy(const struct decision *d, struct err *err)
{
    const char *fstype = d->plan->boot_part->fstype;
    if (str_starts(fstype, "ext") && d->plan->boot_part->number <= 4)
        return 0;
    (void)err_set(err, ERR_CHECK, -EINVAL,
        "GRUB 0.97 needs ext2, ext3 or ext4 on a primary partition for %s, not %s on partition %u",
        d->plan->boot_part->mountpoint, fstype, d->plan->boot_part->number);
    return err_hint(err, "write 'part /boot --fstype=ext3 --size=200 --asprimary'");
}

static int choose_bios_loader(const struct decision *d, struct err *err)
{
    if (d->era->has_grub2)
        d->plan->grub2_bios = true;
    else if (d->era->has_grub_legacy)
        d->plan->grub_legacy = true;
    else {
        (void)err_set(err, ERR_CHECK, -ENOENT, "no boot loader is installed that a BIOS can start");
        return err_hint(err, "add grub2-pc and grub2-tools to %%packages (EL5, EL6: grub; Debian: "
                             "grub-pc-bin and grub-common), or write 'bootloader --location=none'");
    }
    int r = check_mbr_loader(d, err);
    if (r < 0)
        return r;
    return d->plan->grub2_bios ? check_grub2(d, err) : check_legacy(d, err);
}

static int choose_styles(const struct decision *d, struct err *err)
{
    const struct recipe_bootloader *asked = &d->recipe->bootloader;
    struct boot_plan *plan = d->plan;
    if (d->options->target == TARGET_QEMU_UEFI) {
        (void)err_set(err, ERR_CHECK, -ENOTSUP, "images for UEFI can't be made yet");
        return err_hint(err, "build for qemu-bios or ec2-hvm");
    }
    if (d->options->target == TARGET_EC2_PV) {
        plan->pvgrub = true;
        return check_pvgrub_place(d, err);
    }
    if (asked->disabled || asked->location == LOCATION_NONE)
        return 0;
    if (asked->extlinux || asked->sdboot) {
        (void)recipe_error(err, asked->place, "bootloader: --%s is not supported",
            asked->extlinux ? "extlinux" : "sdboot");
        return err_hint(err, "leave it out: GRUB is set up");
    }
    if (asked->location == LOCATION_PARTITION || asked->location == LOCATION_BOOT)
        strv_arena_add(plan->arena, &plan->warnings,
            arena_printf(plan->arena,
                "%s:%u: bootloader: the loader goes into the MBR all the same, as nothing else "
                "would start it",
                asked->place.file, asked->place.line));
    return choose_bios_loader(d, err);
}

static int choose_password(const struct decision *d, struct err *err)
{
    const struct recipe_bootloader *asked = &d->recipe->bootloader;
    if (str_empty(asked->password))
        return 0;
    bool is_pbkdf2 = str_starts(asked->password, "grub.pbkdf2.");
    bool is_md5 = str_starts(asked->password, "$1$");
    bool is_for_grub2 = d->plan->grub2_bios,
         is_for_legacy = d->plan->grub_legacy || d->plan->pvgrub;
    d->plan->password = arena_strdup(d->plan->arena, asked->password);
    d->plan->password_is_crypted = asked->password_is_crypted;
    if (strpbrk(asked->password, " \t\n"))
        return recipe_error(err, asked->place, "bootloader: a password can't have blanks in it");
    if (!asked->password_is_crypted || (is_for_grub2 && is_pbkdf2) || (is_for_legacy && is_md5) ||
        (!is_for_grub2 && !is_for_legacy))
        return 0;
    (void)recipe_error(err, asked->place, "bootloader: %s can't check this kind of password",
        is_for_grub2 ? "GRUB 2" : "GRUB 0.97");
    return err_hint(err, is_for_grub2 ? "make one by grub2-mkpasswd-pbkdf2"
                                      : "make one by grub-md5-crypt (it begins with $1$)");
}

/* "ttyS0" of the last console= that the recipe appends, else by option and target. */
static const char *choose_console(const struct decision *d)
{
    const char *asked = find_argument(d->recipe->bootloader.append, "console=");
    if (d->options->console)
        return arena_strdup(d->plan->arena, d->options->console);
    if (asked)
        return arena_strndup(d->plan->arena, asked + 8, strcspn(asked + 8, ", \t"));
    return d->options->target == TARGET_EC2_PV ? "hvc0" : "ttyS0";
}

static int find_parts(const struct decision *d, struct err *err)
{
    d->plan->root_part = layout_part_for(d->layout, "/");
    d->plan->boot_part = layout_part_for(d->layout, "/boot");
    if (!d->plan->root_part || !d->plan->boot_part)
        return err_set(err, ERR_RECIPE, -EINVAL, "%s: no partition is mounted on /",
            d->recipe->path ? d->recipe->path : "recipe");
    return 0;
}

static int decide(const struct decision *d, struct err *err)
{
    struct boot_plan *plan = d->plan;
    int timeout = d->recipe->bootloader.timeout;
    plan->timeout = d->recipe->bootloader.set && timeout >= 0 ? timeout : DEFAULT_TIMEOUT_SECONDS;
    plan->system_name = arena_strdup(plan->arena, d->era->os_name ? d->era->os_name : "Linux");
    for (char *p = plan->system_name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == '\'' || *p == '"')
            *p = ' ';
    plan->console = choose_console(d);
    int r = find_parts(d, err);
    if (r >= 0)
        r = choose_styles(d, err);
    if (r >= 0)
        r = choose_password(d, err);
    if (r >= 0)
        r = add_entries(d, err);
    if (r >= 0)
        plan->extra_arguments = make_extra(d, plan->entries[0].kernel_release);
    return r;
}

int boot_plan_make(const struct recipe *recipe, const struct layout *layout, const struct era *era,
    const struct boot_options *options, struct boot_plan **ret_plan, struct err *err)
{
    struct arena *arena = arena_new();
    struct boot_plan *plan = arena_alloc(arena, sizeof *plan);
    plan->arena = arena;
    struct decision decision = {recipe, layout, era, options, plan};
    int r = decide(&decision, err);
    if (r < 0) {
        boot_plan_free(plan);
        return r;
    }
    *ret_plan = plan;
    return 0;
}

void boot_plan_free(struct boot_plan *plan)
{
    if (plan)
        arena_free(plan->arena);
}
