/*
 * Starting a disk image here: QEMU as a child process, its serial console to a file and to the
 * caller, until a text appears, a time is over, or the machine ends.
 *
 * KVM is used only where it works (tried with a limit), else TCG. The image is opened with a
 * temporary overlay (snapshot=on) unless 'write' is set.
 * Errors: ERR_SYSTEM (QEMU missing: which package), ERR_CHECK is not returned: the outcome says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/progress.h"

enum machine_disk { MACHINE_VIRTIO, MACHINE_IDE, MACHINE_NVME, MACHINE_SCSI };
enum machine_outcome {
    MACHINE_REACHED, /* the text appeared, or without one: it powered off by itself */
    MACHINE_TIMEOUT,
    MACHINE_ENDED, /* the machine ended before the text appeared */
    MACHINE_INTERRUPTED,
};

struct machine_options {
    const char *disk; /* path of a raw image */
    enum machine_disk bus;
    unsigned memory_mib;           /* 0: 1024 */
    unsigned processors;           /* 0: 1 */
    const char *until;             /* NULL: until it ends */
    unsigned timeout_seconds;      /* 0: none */
    unsigned ssh_port;             /* 127.0.0.1:PORT -> guest's 22; 0: none */
    const char *console_file;      /* NULL: none */
    const char *acceleration;      /* NULL: by probe; "kvm", "tcg" */
    bool uefi, write, interactive; /* interactive: stdin goes to the console */
    /* Every piece of console output as it comes; may be NULL. */
    void (*output)(void *context, const char *bytes, size_t size);
    void *context;
};

struct machine;
int machine_start(
    const struct machine_options *options, struct machine **ret_machine, struct err *err);
/* Wait until 'text' appears on the console behind what was matched before (NULL: the end). */
int machine_expect(struct machine *machine, const char *text, unsigned timeout_seconds,
    enum machine_outcome *ret_outcome, struct err *err);
int machine_type(struct machine *machine, const char *text, struct err *err);
/* All of the console so far; belongs to the machine. */
const char *machine_console(const struct machine *machine, size_t *ret_size);
void machine_stop(struct machine *machine); /* kills it when it still runs; frees */
DEFINE_CLEANUP(struct machine *, machine_stop)

/* "kvm" or "tcg", by trying KVM with a limit of time. */
const char *machine_acceleration(void);
