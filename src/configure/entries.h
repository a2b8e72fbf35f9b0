/* Lines of colon-separated fields: passwd(5), shadow(5), group(5), gshadow(5); not for other
 * rooms. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define NO_ENTRY SIZE_MAX

/* The line whose first field is 'name', or NO_ENTRY. */
size_t entries_find(const struct strv *lines, const char *name);
/* The first line whose field 'i' is the number 'id', or NO_ENTRY. */
size_t entries_find_id(const struct strv *lines, size_t i, int64_t id);
/* Field 'i' (from 0), "" when the line has fewer. The caller frees. */
char *entry_field(const char *line, size_t i);
/* The field as a number from 0 to 2^32-2, or -1. */
int64_t entry_number(const char *line, size_t i);
/* Change a field, adding empty ones when the line has fewer. */
void entry_set(char **line, size_t i, const char *value);
/* Add a name to a field that is a list with commas; false if it is there already. */
bool entry_add_member(char **line, size_t i, const char *name);
/* A free number: the one behind the highest used from 'min' to 'max', else the first gap; -1: none
 * is free. */
int64_t entries_next_id(const struct strv *lines, size_t i, int64_t min, int64_t max);
/* Whether it can be the name of a user or group at all: no separators, not a number. */
bool entry_is_name(const char *name);
