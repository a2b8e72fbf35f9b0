/* What a kernel module says of itself (.modinfo). Adapter of libkmod. */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

struct module_info {
    struct strv depends;   /* names of modules */
    struct strv soft_pre;  /* names or aliases, wanted before it */
    struct strv soft_post; /* and behind it */
};

/* 'bytes' is the module's ELF file, decompressed; 'name' stands in messages. Errors: ERR_CHECK
 * when it is no kernel module. */
int module_info_read(const char *name, const void *bytes, size_t size, struct module_info *ret_info,
    struct err *err);
void module_info_done(struct module_info *info);
