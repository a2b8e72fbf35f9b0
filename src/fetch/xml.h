/* The adapter of expat: small documents, element by element. Nothing is fetched for a document,
 * none may declare anything of its own, and what is wrong with it is an error with its line. */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#define XML_MAX_BYTES ((size_t)16 << 20)

/* Names are without prefix; depth is 1 for the root. Each returns NULL, or what is wrong. */
struct xml_handler {
    const char *(*start)(
        void *data, unsigned depth, const char *name, const char *const *attributes);
    /* 'text' is what stands between the last two tags, without space around it. */
    const char *(*end)(void *data, unsigned depth, const char *name, const char *text);
    void *data;
};

/* The file from its start. ERR_NETWORK, with 'what' as the document's name. */
int xml_read(int fd, const char *what, const struct xml_handler *handler, struct err *err);
/* NULL: there is none of that name (prefix included). Borrowed. */
const char *xml_attribute(const char *const *attributes, const char *name);
