/*
 * Files of an installed root, of any bytes: accounts, settings, services. The input is cut at
 * lines "----"; piece after piece goes to the paths below. What is done in the root must end in
 * success or in an error that says something.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "configure/configure.h"
#include "fuzz.h"

static const char *const paths[] = {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow",
    "/etc/login.defs", "/etc/inittab", "/etc/rc.d/init.d/service",
    "/usr/lib/systemd/system/service@.service", "/usr/lib/systemd/system/other.service",
    "/etc/ssh/sshd_config", "/etc/subuid", "/usr/share/zoneinfo/zone.tab", "/etc/xinetd.d/net",
    "/etc/default/useradd"};

static void fill(int root, const uint8_t *data, size_t size)
{
    const char separator[] = "\n----\n";
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        const uint8_t *end = memmem(data, size, separator, sizeof separator - 1);
        size_t piece = end ? (size_t)(end - data) + 1 : size;
        if (piece && file_write_in(root, paths[i], data, piece, 0644) < 0)
            abort();
        size_t used = end ? piece + sizeof separator - 2 : size;
        data += used;
        size -= used;
    }
}

static void apply(int root, struct operation *o, const struct era *era)
{
    struct err err = {0};
    struct operations one = {.v = o, .n = 1};
    struct configure_options options = {.build_time = 86400};
    if (configure_apply(root, &one, era, &options, NULL, &err) < 0 &&
        (err.kind == ERR_NONE || !err.message))
        abort();
    err_done(&err);
}

static void apply_all(int root, enum era_init init)
{
    static char name[] = "ann", group[] = "crew", hash[] = "$1$a$b", key[] = "key";
    char *groups[] = {group};
    struct recipe_user user = {.name = name, .uid = -1, .gid = -1, .groups = {groups, 1}};
    struct recipe_password password = {.set = true, .is_crypted = true, .text = hash};
    struct operation operations[] = {
        {.kind = OP_GROUP, .name = group, .id = -1},
        {.kind = OP_USER, .name = name, .id = -1, .user = &user},
        {.kind = OP_PASSWORD, .name = name, .password = &password},
        {.kind = OP_SSHKEY, .name = name, .text = key},
        {.kind = OP_ENABLE, .name = (char[]){"service"}},
        {.kind = OP_ENABLE, .name = (char[]){"service@x"}},
        {.kind = OP_ENABLE, .name = (char[]){"other"}},
        {.kind = OP_ENABLE, .name = (char[]){"alias"}},
        {.kind = OP_ENABLE, .name = (char[]){"net"}},
        {.kind = OP_DISABLE, .name = (char[]){"service@"}},
        {.kind = OP_DISABLE, .name = (char[]){"other"}},
        {.kind = OP_DEFAULT_TARGET, .name = (char[]){"3"}},
        {.kind = OP_TIMEZONE, .name = (char[]){"Europe/Pariss"}},
        {.kind = OP_SET,
            .path = (char[]){"/etc/ssh/sshd_config"},
            .key = (char[]){"PermitRootLogin"},
            .text = (char[]){"PermitRootLogin no"}},
        {.kind = OP_APPEND, .path = (char[]){"/etc/inittab"}, .text = (char[]){"a\nb"}},
    };
    const struct era era = {.init = init};
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
        apply(root, &operations[i], &era);
    struct err err = {0};
    if (configure_clean(root, &era, NULL, &err) < 0 && !err.message)
        abort();
    err_done(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char top[] = "/tmp/slipway-fuzz-XXXXXX";
    if (!mkdtemp(top))
        abort();
    auto_close int root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
    fill(root, data, size);
    apply_all(root, size % 2 ? INIT_SYSTEMD : INIT_SYSV);
    file_remove_tree(AT_FDCWD, top);
    return 0;
}
