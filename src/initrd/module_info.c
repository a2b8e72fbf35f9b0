#include "initrd/module_info.h"

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/memory.h"

static void silent(void *data, int priority, const char *file, int line, const char *function,
    const char *format, va_list args)
{
    (void)data, (void)priority, (void)file, (void)line, (void)function, (void)format, (void)args;
}

static void add_words(struct strv *list, const char *s, const char *separators)
{
    while (*s) {
        size_t n = strcspn(s, separators);
        auto_free char *word = xstrndup(s, n);
        if (n)
            strv_add(list, word);
        s += n;
        s += strspn(s, separators);
    }
}

/* "pre: crc32c foo post: bar" */
static void add_soft(struct module_info *info, const char *value)
{
    struct strv words = {0}, *list = &info->soft_pre;
    add_words(&words, value, " \t");
    for (size_t i = 0; i < words.n; i++) {
        if (strcmp(words.v[i], "pre:") == 0)
            list = &info->soft_pre;
        else if (strcmp(words.v[i], "post:") == 0)
            list = &info->soft_post;
        else
            strv_add(list, words.v[i]);
    }
    strv_done(&words);
}

static int read_fields(struct kmod_module *module, struct module_info *info)
{
    struct kmod_list *fields = NULL, *field;
    int r = kmod_module_get_info(module, &fields);
    if (r < 0)
        return r;
    kmod_list_foreach(field, fields)
    {
        const char *key = kmod_module_info_get_key(field);
        const char *value = kmod_module_info_get_value(field);
        if (strcmp(key, "depends") == 0)
            add_words(&info->depends, value, ",");
        else if (strcmp(key, "softdep") == 0)
            add_soft(info, value);
    }
    kmod_module_info_free_list(fields);
    return 0;
}

/* libkmod reads from a path only: the bytes become a file in memory, which also spares it the
 * compression (it may be built without the one that is needed). */
static int read_by_path(const char *path, struct module_info *info)
{
    static const char *const no_configuration[] = {NULL};
    struct kmod_module *module = NULL;
    struct kmod_ctx *context = kmod_new("/", no_configuration);
    if (!context)
        return -ENOMEM;
    kmod_set_log_fn(context, silent, NULL);
    int r = kmod_module_new_from_path(context, path, &module);
    if (r >= 0)
        r = read_fields(module, info);
    kmod_module_unref(module);
    kmod_unref(context);
    return r;
}

int module_info_read(
    const char *name, const void *bytes, size_t size, struct module_info *ret_info, struct err *err)
{
    char path[64];
    auto_close int fd = memfd_create("module", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot make a file in memory");
    int r = file_write_all(fd, bytes, size);
    if (r < 0)
        return err_code(err, r, "cannot write to a file in memory");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct module_info info = {0};
    r = read_by_path(path, &info);
    if (r < 0) {
        module_info_done(&info);
        return err_set(err, ERR_CHECK, r, "'%s' is no kernel module", name);
    }
    *ret_info = info;
    return 0;
}

void module_info_done(struct module_info *info)
{
    strv_done(&info->depends);
    strv_done(&info->soft_pre);
    strv_done(&info->soft_post);
}
