/*
 * The initramfs: our own init and just the drivers that the root device needs.
 *
 * In: the installed tree and the kernel's release. Out: the bytes of a compressed newc cpio archive
 * (Documentation/driver-api/early-userspace/buffer-format.rst), the same for the same input.
 * Modules by libkmod, with dependencies and soft dependencies, in load order in /etc/modules.list;
 * decompressed. Errors: ERR_CHECK when a driver that the root needs is neither a module nor built
 * in, naming it; ERR_SYSTEM.
 */
#pragma once

#include "plan/era.h"
#include "tree/tree.h"

enum initrd_compression { INITRD_GZIP, INITRD_XZ, INITRD_ZSTD, INITRD_NONE };

struct initrd_options {
    const struct era_kernel *kernel;
    const char *root_fstype;  /* "ext4" */
    const char *architecture; /* "x86_64", "i386", "aarch64" */
    bool with_xen, with_virtio, with_nvme, with_ata, with_scsi, with_network;
    const char *const *extra_modules;    /* NULL-terminated; may be NULL */
    enum initrd_compression compression; /* GZIP is read by every kernel */
};

struct initrd {
    uint8_t *bytes; /* the caller frees by initrd_done() */
    size_t size;
    char **modules; /* paths in the tree, in load order, NULL-terminated */
    char **builtin; /* wanted drivers that the kernel has built in */
    char **missing; /* wanted drivers that this kernel does not have; the root can do without */
};

int initrd_make(const struct tree *tree, const struct initrd_options *options,
    struct initrd *ret_initrd, struct err *err);
void initrd_done(struct initrd *initrd);
