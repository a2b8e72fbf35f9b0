/*
 * Boot loaders without grub-install: which styles an image gets, their configuration files in the
 * tree, and the sectors outside any file system.
 *
 * boot_plan_make() is pure. boot_files_make() gives the files to be put into the root before %post
 * (menu.lst for PV-GRUB in both layouts, grub.conf, grub.cfg, BLS entries, /etc/default/grub).
 * boot_embed() writes the MBR's boot code (never its partition table) and what stands behind it
 * into the disk. Sources: GRUB 2's boot.S, diskboot.S and setup.c for the places patched; GRUB
 * 0.97's stage1.h, shared.h; the PV-GRUB notes of EC2 (hd0, hd00). Errors: ERR_CHECK (no kernel, no
 * boot loader in the packages: which to add), ERR_SYSTEM.
 */
#pragma once

#include "base/progress.h"
#include "plan/era.h"
#include "plan/layout.h"
#include "tree/tree.h"

enum boot_target {
    TARGET_QEMU_BIOS,
    TARGET_EC2_PV,
    TARGET_EC2_HVM,
    TARGET_EC2_NITRO,
    TARGET_QEMU_UEFI
};

struct boot_entry {
    char *title;
    char *kernel_release;
    char *kernel, *initrd; /* paths in the root: /boot/vmlinuz-... */
    char *arguments;       /* root=... ro console=... and what the recipe appends */
};

struct boot_plan {
    struct arena *arena;
    bool pvgrub, grub_legacy, grub2_bios;
    struct boot_entry *entries; /* the default first */
    size_t n;
    int timeout;                                     /* seconds */
    const char *console;                             /* "ttyS0", "hvc0" */
    const struct layout_part *boot_part, *root_part; /* borrowed from the layout; they may be one */
    char *extra_arguments;    /* of every kernel, without root= and ro: what tools repeat */
    char *system_name;        /* for titles */
    char *password;           /* of the loader's menu; NULL: none */
    bool password_is_crypted; /* MD5-crypt for GRUB 0.97, grub.pbkdf2... for GRUB 2 */
    struct strv warnings;     /* of things in the recipe that are done in another way */
};

struct boot_options {
    enum boot_target target;
    const char *console; /* NULL: by target (qemu ttyS0, pv hvc0) */
};

struct boot_file {
    char *path;
    uint8_t *bytes;
    size_t size;
    uint32_t mode;
    char *link_target; /* not NULL: a symlink instead */
};
struct boot_files {
    struct arena *arena;
    struct boot_file *v;
    size_t n;
};

const char *boot_target_name(enum boot_target target); /* "qemu-bios" ... */
int boot_target_parse(const char *name, enum boot_target *ret_target, struct err *err);

int boot_plan_make(const struct recipe *recipe, const struct layout *layout, const struct era *era,
    const struct boot_options *options, struct boot_plan **ret_plan, struct err *err);
void boot_plan_free(struct boot_plan *plan);
DEFINE_CLEANUP(struct boot_plan *, boot_plan_free)
void boot_plan_print(const struct boot_plan *plan, FILE *out);
void boot_plan_print_json(const struct boot_plan *plan, FILE *out);

int boot_files_make(const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, struct boot_files **ret_files, struct err *err);
void boot_files_free(struct boot_files *files);
DEFINE_CLEANUP(struct boot_files *, boot_files_free)

/* Put one of them into the root, its directories made; a symlink there is replaced, not followed.
 */
int boot_file_write(int root, const struct boot_file *file, struct err *err);

/* What has to be made with the image's own tools in the root before the tree is final (GRUB 2's
 * core image by its grub-mkimage in the sandbox, the modules beside it); puts files into 'root'. */
int boot_prepare(int root, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, struct progress *progress, struct err *err);
/* Boot code into the disk; 'tree' is the final tree, 'disk' a descriptor open for writing. */
int boot_embed(int disk, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, const struct tree *tree, struct err *err);
