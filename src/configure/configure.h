/*
 * From the recipe to operations on the installed root, and doing them.
 *
 * configure_plan() is pure: recipe, layout, what the system is (era) and the target in; a list of
 * operations out, in the order of Anaconda's effects, each with the recipe's line it comes from.
 * configure_apply() does them inside the root (openat2: no symlink leads out), passwords by
 * crypt(3), tools of the image in the sandbox. configure_scripts() runs %post. configure_clean()
 * takes away what makes an image an individual (machine-id, host keys, random seed, logs, caches).
 * Errors: ERR_RECIPE, ERR_SCRIPT, ERR_SYSTEM; warnings (a service that is not there) to progress.
 */
#pragma once

#include "base/progress.h"
#include "plan/era.h"
#include "plan/layout.h"

enum operation_kind {
    OP_WRITE,     /* path, text, mode */
    OP_APPEND,    /* path, text: lines at the end, unless there already */
    OP_SET,       /* path, key, text: the lines that set 'key' (or any of "a|b") in a shell-like
                     or sshd-like file become text, whole lines without the last newline */
    OP_SYMLINK,   /* path, text = target */
    OP_DIRECTORY, /* path, mode */
    OP_REMOVE,    /* path (may be a glob in its last component) */
    OP_DEVICE,    /* path, text = "c 5 1", mode */
    OP_GROUP,     /* name, id */
    OP_USER,      /* name, id, user */
    OP_PASSWORD,  /* name = user, password */
    OP_SSHKEY,    /* name = user, text = key line */
    OP_ENABLE,    /* name = service */
    OP_DISABLE,   /* name = service */
    OP_MASK,      /* name = unit */
    OP_DEFAULT_TARGET, /* name = "multi-user.target" or runlevel */
    OP_RUN,            /* argv of an image's tool; a failure is a warning */
    OP_TIMEZONE,       /* name = zone: /etc/localtime, a symlink or (before systemd) a copy */
    OP_WARN,           /* text: what the recipe asks for and this system can't give */
};

struct operation {
    enum operation_kind kind;
    char *path, *key, *text, *name;
    uint32_t mode;
    int64_t id; /* uid or gid; -1: the next free one */
    const struct recipe_user *user;
    const struct recipe_password *password;
    struct strv argv;
    char *only_if;   /* do it only if this path exists in the root; NULL: always */
    char *unless;    /* do it only if this path does not exist; NULL: always */
    char *otherwise; /* the warning when only_if does not exist; NULL: none */
    bool optional;   /* no warning when the service is not there */
    struct recipe_place place;
};

struct operations {
    struct arena *arena;
    struct operation *v;
    size_t n;
};

struct configure_options {
    const char *console; /* "ttyS0", "hvc0", "tty1": gets a login */
    const uint8_t *seed; /* 32 bytes, for password salts */
    int64_t build_time;  /* for shadow's last change; 0: none */
    bool allow_nochroot;
    unsigned script_seconds; /* limit on one %post; 0: 3600 */
    /* The largest file a %post may write; 0: any. Many fill the disk with zeros to the end, which
     * here would be the end of this machine's disk. */
    uint64_t file_bytes;
};

int configure_plan(const struct recipe *recipe, const struct layout *layout, const struct era *era,
    const struct configure_options *options, struct operations **ret_operations, struct err *err);
void operations_free(struct operations *operations);
DEFINE_CLEANUP(struct operations *, operations_free)
/* One operation a line (passwords masked, texts indented below); and as JSON. */
void operations_print(const struct operations *operations, FILE *out);
void operations_print_json(const struct operations *operations, FILE *out);

int configure_apply(int root, const struct operations *operations, const struct era *era,
    const struct configure_options *options, struct progress *progress, struct err *err);
/* All %post scripts in file order. */
int configure_scripts(int root, const struct recipe *recipe,
    const struct configure_options *options, struct progress *progress, struct err *err);
int configure_clean(int root, const struct era *era, struct progress *progress, struct err *err);
