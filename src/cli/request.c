#include "cli/request.h"

#include <errno.h>
#include <string.h>

static int choose(const char *option, const char *value, const char *const *names, size_t n,
    unsigned *ret_index, struct err *err)
{
    auto_strbuf struct strbuf list = {0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(value, names[i]) == 0) {
            *ret_index = (unsigned)i;
            return 0;
        }
        strbuf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    err_set(err, ERR_USAGE, -EINVAL, "--%s: '%s' is not known", option, value);
    return err_hint(err, "one of: %s", list.s);
}

static int choose_label(const char *value, struct build_request *q, struct err *err)
{
    static const char *const names[] = {
        [LABEL_NONE] = "none", [LABEL_MSDOS] = "msdos", [LABEL_GPT] = "gpt"};
    unsigned index = 0;
    int r = choose("disklabel", value, names, ARRAY_SIZE(names), &index, err);
    q->layout_options.label = (enum layout_label)index;
    q->layout_options.has_label = r == 0;
    return r;
}

static int choose_stage(const char *value, struct build_request *q, struct err *err)
{
    static const char *const names[] = {[STAGE_RECIPE] = "recipe",
        [STAGE_PLAN] = "plan",
        [STAGE_FETCH] = "fetch",
        [STAGE_INSTALL] = "install",
        [STAGE_CONFIGURE] = "configure",
        [STAGE_TREE] = "tree",
        [STAGE_DISK] = "disk"};
    unsigned index = 0;
    int r = choose("until", value, names, ARRAY_SIZE(names), &index, err);
    q->last = (enum build_stage)index;
    return r;
}

static int check_format(const char *format, struct err *err)
{
    if (!format || strcmp(format, "raw") == 0)
        return 0;
    err_set(err, ERR_USAGE, -EINVAL, "--format: '%s' can't be written yet", format);
    return err_hint(err, "write raw and convert it: qemu-img convert -O %s DISK OUT", format);
}

int request_make(const struct options *o, struct build_request *ret_request, struct err *err)
{
    struct build_request q = {
        .recipe_path = o->arguments.v[0],
        .recipe_options = {.allow_nochroot = o->allow_nochroot},
        .source_options = {.releasever = o->releasever,
            .arch = o->arch,
            .repos = &o->repos,
            .gpgkeys = &o->gpgkeys,
            .only_command_line = o->only_repos,
            .no_gpgcheck = o->no_gpgcheck},
        .plan_options = {.no_weak_deps = o->no_weak_deps, .add = &o->packages},
        .fetch_options = {.cache_directory = o->cache_directory,
            .offline = o->offline,
            .refresh = o->refresh},
        .layout_options = {.disk_bytes = o->size_bytes},
        .boot_options = {.console = o->console},
        .locked = o->locked,
        .output = o->output,
        .force = o->force,
        .keep = o->keep,
        .last = STAGE_DISK,
    };
    int r = check_format(o->format, err);
    if (r == 0 && o->target)
        r = boot_target_parse(o->target, &q.boot_options.target, err);
    if (r == 0 && o->disklabel)
        r = choose_label(o->disklabel, &q, err);
    if (r == 0 && o->command == COMMAND_BUILD && o->until)
        r = choose_stage(o->until, &q, err);
    if (r == 0)
        *ret_request = q;
    return r;
}
