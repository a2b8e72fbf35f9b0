/* Units of the installed root, as far as enabling them goes: systemd.unit(5); not for other
 * rooms. */
#pragma once

#include "configure/apply-parts.h"

#define UNIT_CONFIG "/etc/systemd/system"

struct unit {
    struct arena *arena;
    char *name;       /* "getty@tty1.service": what is enabled */
    char *path;       /* of the file: "/usr/lib/systemd/system/getty@.service" */
    char *instance;   /* "tty1", or NULL */
    bool is_template; /* "getty@.service" itself */
    bool is_masked;
    /* The [Install] section of the file and its drop-ins. */
    struct strv alias, wanted_by, required_by, upheld_by, also;
    char *default_instance;
};

/* 1 if there is such a unit. 'name' is whole; an alias symlink is followed to its unit. */
int unit_read(int root, const char *name, struct unit *unit, struct err *err);
/* The unit whose [Install] section says Alias=name; the caller frees *ret_name. 1 if there is. */
int unit_find_alias(int root, const char *name, char **ret_name, struct err *err);
void unit_done(struct unit *unit);
static inline void cleanup_unit(struct unit *unit)
{
    unit_done(unit);
}
#define auto_unit __attribute__((cleanup(cleanup_unit)))
/* The words of 'list' with specifiers (%i, %n, ...) replaced. */
char *unit_expand(const struct unit *unit, const char *text);
