/*
 * What an installed system is, and what its kernel and boot loaders can read: the one table by
 * which the later rooms decide, instead of by the distribution's name.
 *
 * era_predict() guesses from package names, for printing a plan; era_detect() reads the installed
 * root and is what the build goes by. Errors: ERR_SYSTEM when the root can't be read.
 */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "base/strbuf.h"

enum era_init { INIT_UNKNOWN, INIT_SYSV, INIT_UPSTART, INIT_SYSTEMD };
enum era_network {
    NETWORK_NONE,
    NETWORK_IFCFG,
    NETWORK_NETWORKMANAGER,
    NETWORK_NETWORKD,
    NETWORK_IFUPDOWN
};

struct era_kernel {
    char *release;       /* as in /lib/modules/RELEASE: 2.6.18-194.8.1.el5xen */
    char *image;         /* /boot/vmlinuz-RELEASE (or where it is: /lib/modules/RELEASE/vmlinuz) */
    char *modules;       /* /lib/modules/RELEASE or /usr/lib/modules/RELEASE, no symlink in it */
    unsigned version[3]; /* 2, 6, 18 */
    bool is_rescue;
};

struct era {
    struct arena *arena;
    enum era_init init;
    enum era_network network;
    struct era_kernel *kernels; /* newest first, rescue kernels last */
    size_t n_kernels;
    bool has_selinux;         /* /etc/selinux/config and a policy */
    bool has_grub2;           /* i386-pc modules in the tree */
    bool has_grub_legacy;     /* stage1, stage2 in the tree */
    bool has_bls;             /* /boot/loader/entries is how this system keeps its entries */
    bool has_devtmpfs;        /* kernel from 2.6.32 on */
    char *grub2_directory;    /* "/boot/grub2" or "/boot/grub" */
    char *grub2_modules;      /* directory of i386-pc modules, or NULL */
    char *grub_legacy_stages; /* directory of stage1 and stage2, or NULL */
    char *grub2_mkimage;      /* /usr/bin/grub2-mkimage or grub-mkimage in the tree, or NULL */
    char *os_name;            /* PRETTY_NAME of os-release, or the line of /etc/redhat-release */
    char *os_id;              /* ID of os-release, or "rhel-like"/"unknown" */
    char *rpm_dbpath;         /* "/var/lib/rpm" or "/usr/lib/sysimage/rpm" */
    /* What file systems may carry, by the oldest kernel and the boot loader's reader. */
    const char *default_fstype; /* "ext3" before 2.6.28, else "ext4" */
    bool ext4_ok;               /* kernel >= 2.6.28 */
    bool ext_64bit_ok;          /* ext4 with 64bit and metadata_csum: kernel >= 3.18 */
    unsigned ext_inode_size;    /* 128 or 256 */
    bool needs_static_dev;      /* no devtmpfs: /dev/console, null, zero ... must be there */
};

/* 'names' are package names (with versions where known as "name-version-release"). */
struct era *era_predict(const struct strv *package_names, const char *releasever);
/* 'root' is a directory descriptor of an installed root. */
int era_detect(int root, struct era **ret_era, struct err *err);
void era_free(struct era *era);
DEFINE_CLEANUP(struct era *, era_free)

void era_print(const struct era *era, FILE *out);
