/* Addresses of repositories and of what is in them: RFC 3986, as far as it is needed. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

bool address_is_local(const char *url);     /* file:// */
bool address_can_be_asked(const char *url); /* http://, https:// or ftp:// */
/* The path that a file:// address names, percent signs resolved; NULL where it names a host other
 * than this one, or holds a NUL. The caller frees. */
char *address_path(const char *url);
/* BASE/LOCATION with what a URL may not hold in LOCATION (a path, not encoded) encoded. A query
 * behind BASE ("?token=x") stays behind. The caller frees. */
char *address_join(const char *base, const char *location);
/* A location below a base: relative, without '..' and control characters, not empty. */
bool address_is_inside(const char *location);
/* The last component of a location; borrowed. */
const char *address_name(const char *location);
/* Without a password in it, and without what a terminal might obey. The caller frees. */
char *address_for_people(const char *url);
