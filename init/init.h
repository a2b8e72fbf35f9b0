/*
 * The first program of a booting image: mounts, modules, root, and over to the system's own init.
 *
 * Freestanding and static, so that it runs on any kernel from 2.6.18 on with no library beside
 * it. It says 'slipway-init: ...' on the console what it does; when it can't go on it says what it
 * looked for and what there is, and ends, whereupon the kernel panics (and reboots with panic=N).
 */
#pragma once

#include "options.h"
#include "probe.h"
#include "text.h"

#define INIT_DEVICES 128
#define INIT_NEW_ROOT "/root"
#define INIT_MODULE_LIST "/etc/modules.list"

struct device {
    char name[32]; /* as below /dev */
    unsigned major, minor;
    unsigned long size_kib;
    unsigned partition; /* its number; 0: a whole disk */
    struct probe holds;
    struct probe_partition table; /* of a partition: how the table calls it */
};

struct init {
    struct options options;
    char command_line[4096];
    struct device devices[INIT_DEVICES];
    unsigned n_devices;
    uint8_t bytes[PROBE_BYTES]; /* of a device being probed */
    uint8_t table[PROBE_BYTES]; /* of the disk whose partitions are being probed */
    size_t table_size;
    struct line line;
};

/* Console. */
void say(const struct init *init, const char *format, ...) __attribute__((format(printf, 2, 3)));
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void put_line(const struct line *line);
/* Say it, let the console drain, and end: the kernel panics. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* "ENODEV" and the like, or the number. */
const char *error_name(long code);

/* Files. Reads at most size - 1 bytes and ends them with NUL; negative: error. */
long read_file(const char *path, char *ret, size_t size);
/* Call 'each' with every name in a directory but . and ..; a directory that isn't there has none.
 */
void each_name(const char *path, void (*each)(struct init *, const char *path, const char *name),
    struct init *init);

/* In the order in which main() calls them. */
void mount_kernel_filesystems(void);
void load_modules(struct init *init);
void scan_devices(struct init *init);        /* fills init->devices */
struct device *find_root(struct init *init); /* waits; ends with fail() */
void mount_root(struct init *init, const struct device *device);
void switch_to_root(struct init *init, char **argv, char **environment) __attribute__((noreturn));

void describe_devices(const struct init *init, struct line *line);
/* Makes /dev/NAME if the kernel did not; the path is in ret. */
void device_path(const struct device *device, char ret[64]);
