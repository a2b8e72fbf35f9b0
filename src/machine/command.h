/* The QEMU command line for a machine: pure but for looking for UEFI firmware. See qemu(1). */
#pragma once

#include "base/strbuf.h"
#include "machine/machine.h"

/* *ret_argv is NULL-terminated (n counts the NULL); the caller frees by strv_done().
 * ERR_SYSTEM when UEFI is asked for and no firmware is installed. */
int machine_command(const struct machine_options *options, const char *acceleration,
    struct strv *ret_argv, struct err *err);
