/* GRUB 2's configuration, and what its own tools make the next one from. */
#include <string.h>

#include "base/digest.h"
#include "boot/internal.h"

/* A GRUB environment block is a file of just this size, so that it can be written in place. */
#define ENVIRONMENT_BYTES 1024

const char *boot_grub2_fs_module(const char *fstype)
{
    static const char *const modules[][2] = {
        {"ext2", "ext2"}, {"ext3", "ext2"}, {"ext4", "ext2"}, {"xfs", "xfs"}, {"btrfs", "btrfs"}};
    for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
        if (strcmp(modules[i][0], fstype) == 0)
            return modules[i][1];
    return NULL;
}

/* The end of a word of the kernel's command line: blanks in double quotes do not end it. */
static size_t word_length(const char *s)
{
    bool is_quoted = false;
    size_t n = 0;
    for (; s[n] && (is_quoted || s[n] != ' '); n++)
        is_quoted ^= s[n] == '"';
    return n;
}

static void add_single_quoted(struct strbuf *b, const char *word, size_t length)
{
    strbuf_putc(b, '\'');
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '\'')
            strbuf_puts(b, "'\\''");
        else if (word[i] != '"') /* GRUB puts them around words with blanks in them by itself */
            strbuf_putc(b, word[i]);
    }
    strbuf_putc(b, '\'');
}

/* Words with something in them that has a meaning in GRUB's script language go into single
 * quotes, where nothing has. Double quotes mean there what they mean to the kernel. */
static void add_quoted(struct strbuf *b, const char *arguments)
{
    for (const char *p = arguments; *p;) {
        size_t length = word_length(p);
        if (strcspn(p, "$;|&<>{}\\'#*?~!()[]") >= length)
            strbuf_add(b, p, length);
        else
            add_single_quoted(b, p, length);
        p += length;
        if (*p)
            strbuf_putc(b, *p++);
    }
}

static void add_environment(struct strbuf *b, const struct era *era)
{
    strbuf_puts(b, "if [ -s $prefix/grubenv ]; then\n  load_env\nfi\n");
    if (era->has_bls)
        strbuf_puts(b, "set default=\"${saved_entry}\"\n");
    else
        strbuf_puts(b, "set default=\"0\"\n");
}

static void add_terminal(struct strbuf *b, const struct boot_plan *plan)
{
    int unit = boot_serial_unit(plan);
    if (unit < 0)
        return;
    strbuf_printf(b,
        "serial --unit=%d --speed=115200\n"
        "terminal_input serial console\n"
        "terminal_output serial console\n",
        unit);
}

static void add_password(struct strbuf *b, const struct boot_plan *plan)
{
    if (!plan->password)
        return;
    strbuf_printf(b, "set superusers=\"root\"\nexport superusers\n%s root ",
        plan->password_is_crypted ? "password_pbkdf2" : "password");
    add_quoted(b, plan->password);
    strbuf_puts(b, "\n");
}

static void add_device(struct strbuf *b, const struct boot_plan *plan, const struct layout *layout)
{
    char uuid[37];
    digest_uuid_text(plan->boot_part->uuid, uuid);
    const char *table = layout->label == LABEL_GPT ? "gpt" : "msdos";
    strbuf_printf(b,
        "insmod part_%s\ninsmod %s\n"
        "search --no-floppy --fs-uuid --set=root --hint-bios=hd0,%s%u %s\n",
        table, boot_grub2_fs_module(plan->boot_part->fstype), table, plan->boot_part->number, uuid);
}

static void add_entry(struct strbuf *b, const struct boot_plan *plan, const struct boot_entry *e)
{
    strbuf_printf(b, "menuentry '%s' --class gnu-linux --class os %s--id 'linux-%s' {\n", e->title,
        plan->password ? "--unrestricted " : "", e->kernel_release);
    strbuf_printf(b, "  linux %s ", boot_loader_path(plan, e->kernel));
    add_quoted(b, e->arguments);
    strbuf_printf(b, "\n  initrd %s\n}\n", boot_loader_path(plan, e->initrd));
}

char *boot_grub_cfg(
    const struct boot_plan *plan, const struct layout *layout, const struct era *era)
{
    struct strbuf b = {0};
    const char *tool = str_ends(era->grub2_directory, "grub2") ? "grub2-mkconfig" : "grub-mkconfig";
    strbuf_printf(&b, "# '%s -o %s/grub.cfg' makes the next one from /etc/default/grub.\n", tool,
        era->grub2_directory);
    add_environment(&b, era);
    add_terminal(&b, plan);
    add_password(&b, plan);
    strbuf_printf(&b, "set timeout=%d\n", plan->timeout);
    add_device(&b, plan, layout);
    if (era->has_bls) {
        strbuf_printf(&b, "set blsdir=%s\ninsmod blscfg\nblscfg\n",
            boot_loader_path(plan, "/boot/loader/entries"));
        return strbuf_steal(&b);
    }
    for (size_t i = 0; i < plan->n; i++)
        add_entry(&b, plan, &plan->entries[i]);
    return strbuf_steal(&b);
}

char *boot_bls_entry(const struct boot_plan *plan, const struct boot_entry *e)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "title %s\nversion %s\nlinux %s\ninitrd %s\noptions ", e->title,
        e->kernel_release, boot_loader_path(plan, e->kernel), boot_loader_path(plan, e->initrd));
    add_quoted(&b, e->arguments); /* blscfg makes a piece of script of it */
    strbuf_puts(&b, "\ngrub_users $grub_users\ngrub_arg --unrestricted\ngrub_class kernel\n");
    return strbuf_steal(&b);
}

char *boot_grub_environment(const struct boot_plan *plan, const struct era *era)
{
    struct strbuf b = {0};
    strbuf_puts(&b, "# GRUB Environment Block\n");
    if (era->has_bls)
        strbuf_printf(&b, "saved_entry=slipway-%s\n", plan->entries[0].kernel_release);
    while (b.len < ENVIRONMENT_BYTES)
        strbuf_putc(&b, '#');
    return strbuf_steal(&b);
}

/* In double quotes of the shell, which reads /etc/default/grub. */
static void add_shell_value(struct strbuf *b, const char *key, const char *value)
{
    strbuf_printf(b, "%s=\"", key);
    for (; *value; value++) {
        if (strchr("\"\\$`", *value))
            strbuf_putc(b, '\\');
        strbuf_putc(b, *value);
    }
    strbuf_puts(b, "\"\n");
}

char *boot_default_grub(const struct boot_plan *plan, const struct era *era)
{
    struct strbuf b = {0};
    int unit = boot_serial_unit(plan);
    strbuf_printf(&b, "GRUB_TIMEOUT=%d\n", plan->timeout);
    add_shell_value(&b, "GRUB_DISTRIBUTOR", plan->system_name);
    strbuf_printf(&b, "GRUB_DEFAULT=%s\nGRUB_DISABLE_SUBMENU=true\n", era->has_bls ? "saved" : "0");
    if (unit >= 0)
        strbuf_printf(&b,
            "GRUB_TERMINAL=\"serial console\"\n"
            "GRUB_SERIAL_COMMAND=\"serial --unit=%d --speed=115200\"\n",
            unit);
    add_shell_value(&b, "GRUB_CMDLINE_LINUX", plan->extra_arguments);
    strbuf_puts(&b, "GRUB_CMDLINE_LINUX_DEFAULT=\"\"\nGRUB_DISABLE_RECOVERY=\"true\"\n");
    if (era->has_bls)
        strbuf_puts(&b, "GRUB_ENABLE_BLSCFG=true\n");
    return strbuf_steal(&b);
}
