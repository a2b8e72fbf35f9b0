/* What the files that apply operations share; not for other rooms. */
#pragma once

#include "configure/configure.h"
#include "configure/root-files.h"

struct applier {
    int root;
    const struct era *era;
    const struct configure_options *options;
    struct progress *progress;
};

/* Warn with the recipe's line in front. */
void apply_warn(const struct applier *a, const struct operation *o, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Names of lines in passwd(5), group(5) and their shadows. */
int apply_group(const struct applier *a, const struct operation *o, struct err *err);
int apply_user(const struct applier *a, const struct operation *o, struct err *err);
int apply_password(const struct applier *a, const struct operation *o, struct err *err);
int apply_sshkey(const struct applier *a, const struct operation *o, struct err *err);

int apply_service(const struct applier *a, const struct operation *o, struct err *err);
int apply_mask(const struct applier *a, const struct operation *o, struct err *err);
int apply_default_target(const struct applier *a, const struct operation *o, struct err *err);

int apply_timezone(const struct applier *a, const struct operation *o, struct err *err);
int apply_append(const struct applier *a, const struct operation *o, struct err *err);
int apply_set(const struct applier *a, const struct operation *o, struct err *err);
int apply_device(const struct applier *a, const struct operation *o, struct err *err);

/* Services by init system. 'name' is as the recipe has it. 1: done; 0: there is no such service. */
int sysv_service(const struct applier *a, const char *name, bool on, struct err *err);
int systemd_service(const struct applier *a, const struct operation *o, bool on, struct err *err);

/* The value behind 'key' in a file like login.defs(5) or default/useradd, or NULL. The caller
 * frees. A file that can't be read has no values. */
char *settings_value(int root, const char *path, const char *key);
int64_t settings_number(int root, const char *path, const char *key, int64_t otherwise);

/* crypt(5) of the password by the image's own setting; NULL when crypt fails. The caller frees. */
char *password_hash(
    int root, const struct configure_options *options, const char *user, const char *password);
