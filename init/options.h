/*
 * What the kernel's command line asks of us. Pure.
 * Source: Documentation/admin-guide/kernel-parameters.txt; dracut.cmdline(7) for rootflags.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum root_by {
    ROOT_NONE,
    ROOT_LABEL,
    ROOT_UUID,
    ROOT_PARTUUID,
    ROOT_PARTLABEL,
    ROOT_NAME,
    ROOT_NUMBER,
    ROOT_UNKNOWN
};

struct options {
    char asked[256]; /* root= as it was written */
    enum root_by by;
    char value[256]; /* the label, the UUID, the name below /dev */
    unsigned major, minor;
    char fstype[64];     /* rootfstype=: names with commas; "": as detected */
    char data[512];      /* rootflags= without what mount(2) has flags for */
    unsigned long flags; /* MS_... of rootflags= and ro/rw */
    char init[256];      /* init=, "" if not given */
    unsigned wait_seconds;
    bool wait_forever; /* rootwait */
    bool quiet, debug;
};

/* 'line' is /proc/cmdline; of an option given twice the last one counts. */
void options_parse(const char *line, struct options *ret);
/* A device number as sysfs and root= write it, "8:2"; a newline may follow. */
bool options_number(const char *s, unsigned *ret_major, unsigned *ret_minor);
/* The parameters for a module: every 'NAME.KEY=VALUE' of the line as 'KEY=VALUE ...' ('-' and '_'
 * are the same in NAME). */
void options_module_parameters(const char *line, const char *module, char *ret, size_t size);
/* Write into ret[] the other names under which the disk or partition 'name' may be known: sda2 is
 * xvda2, vda2, hda2, nvme0n1p2. Returns how many; 'ret' has room for OPTIONS_NAMES. */
#define OPTIONS_NAMES 8
unsigned options_other_names(const char *name, char ret[OPTIONS_NAMES][32]);
