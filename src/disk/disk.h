/*
 * The disk image as a file: sparse, under a temporary name until it is complete.
 *
 * disk_create() makes '.NAME.slipway-XXXXXXXX' beside the output and locks it; disk_commit() syncs
 * it and renames it over the output; disk_discard() (or an end of the program) leaves nothing under
 * the final name. The partition table is written by libfdisk from the layout. Errors: ERR_SYSTEM;
 * ERR_USAGE when the output exists and is not to be replaced.
 */
#pragma once

#include "base/memory.h"
#include "plan/layout.h"

struct disk {
    int fd;
    char *path; /* the temporary file; NULL once it has its final name */
    char *final_path;
    bool replace;
};

/* Can the output be made there? So that a long build does not fail at its end. */
int disk_check_output(const char *path, bool force, struct err *err);
int disk_create(
    const char *path, uint64_t size_bytes, bool force, struct disk **ret_disk, struct err *err);
int disk_write_table(struct disk *disk, const struct layout *layout, struct err *err);
int disk_commit(struct disk *disk, struct err *err);
void disk_discard(struct disk *disk); /* NULL-safe; after disk_commit() only frees */
DEFINE_CLEANUP(struct disk *, disk_discard)
