/* The partition table as a text for libfdisk, in the form that sfdisk(8) reads. */
#pragma once

#include "plan/layout.h"

/* NULL for a disk without partition table. The caller frees. */
char *disk_table_script(const struct layout *layout);
