/* What chkconfig(8) does, on files: /etc/rc.d/rcN.d/S55sshd -> ../init.d/sshd. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "configure/apply-parts.h"

#define N_LEVELS 7
#define ALL_LEVELS 0x7fU
#define USUAL_LEVELS 0x3cU /* 2, 3, 4 and 5: what 'chkconfig NAME on' means */

struct script {
    char *path;
    unsigned start_levels; /* a bit a runlevel: where a start link belongs by default */
    unsigned start, stop;  /* places in the order */
};

/* "2345" or "-" */
static unsigned parse_levels(const char *text)
{
    unsigned levels = 0;
    for (; *text; text++)
        if (*text >= '0' && *text < '0' + N_LEVELS)
            levels |= 1U << (*text - '0');
    return levels;
}

/* "# chkconfig: 2345 55 25", or the LSB's "# Default-Start: 2 3 4 5". */
static bool parse_header(const struct strv *lines, struct script *script)
{
    bool found = false;
    script->start = script->stop = 50;
    for (size_t i = 0; i < lines->n; i++) {
        char levels[16] = "";
        const char *line = lines->v[i];
        if (*line != '#')
            continue;
        line += 1 + strspn(line + 1, " \t");
        unsigned start = 0, stop = 0;
        if (sscanf(line, "chkconfig: %15s %u %u", levels, &start, &stop) == 3 && start < 100 &&
            stop < 100) {
            *script = (struct script){script->path, parse_levels(levels), start, stop};
            return true;
        }
        if (str_starts(line, "Default-Start:")) {
            script->start_levels = parse_levels(line);
            found = true;
        }
    }
    return found;
}

static bool is_script_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

/* 1 if there is such a script with a header. */
static int find_script(
    const struct applier *a, const char *name, struct script *script, struct err *err)
{
    static const char *const directories[] = {"/etc/rc.d/init.d", "/etc/init.d"};
    for (size_t i = 0; i < ARRAY_SIZE(directories) && is_script_name(name); i++) {
        auto_strv struct strv lines = {0};
        auto_free char *path = xprintf("%s/%s", directories[i], name);
        int r = root_read_lines(a->root, path, &lines, err);
        if (r < 0)
            return r;
        if (r > 0 && parse_header(&lines, script)) {
            script->path = steal(&path);
            return 1;
        }
    }
    return 0;
}

/* Beside init.d, which is where the links' targets point to. */
static char *level_directory(const struct script *script, unsigned level)
{
    bool is_red_hat = str_starts(script->path, "/etc/rc.d/");
    return xprintf("%s/rc%u.d", is_red_hat ? "/etc/rc.d" : "/etc", level);
}

/* "S55sshd" is a link of "sshd". */
static bool is_link_of(const char *link, const char *name)
{
    return (*link == 'S' || *link == 'K') && strspn(link + 1, "0123456789") >= 2 &&
           strcmp(link + 3, name) == 0;
}

static int set_level(const struct applier *a, const char *name, const struct script *script,
    unsigned level, bool on, bool keep, struct err *err)
{
    auto_free char *directory = level_directory(script, level);
    auto_strv struct strv links = {0};
    int r = root_list(a->root, directory, &links, err);
    for (size_t i = 0; r == 0 && i < links.n; i++) {
        if (!is_link_of(links.v[i], name))
            continue;
        if (keep)
            return 0;
        auto_free char *old = xprintf("%s/%s", directory, links.v[i]);
        r = root_remove(a->root, old, err);
    }
    if (r < 0)
        return r;
    auto_free char *path =
        xprintf("%s/%c%02u%s", directory, on ? 'S' : 'K', on ? script->start : script->stop, name);
    auto_free char *target = xprintf("../init.d/%s", name);
    return root_symlink(a->root, path, target, err);
}

/* Like 'chkconfig --add' where there are no links yet, then 'chkconfig NAME on' (or off). */
static int set_levels(const struct applier *a, const char *name, const struct script *script,
    bool on, struct err *err)
{
    unsigned levels = USUAL_LEVELS;
    bool is_early = script->start_levels && !(script->start_levels & USUAL_LEVELS);
    if (is_early) /* a service of single-user mode only */
        levels = script->start_levels;
    for (unsigned level = 0; level < N_LEVELS; level++) {
        bool chosen = levels & (1U << level);
        bool starts = chosen ? on : (script->start_levels & (1U << level)) != 0;
        int r = set_level(a, name, script, level, starts, !chosen, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int set_xinetd(const struct applier *a, const char *name, bool on, struct err *err)
{
    auto_strv struct strv lines = {0};
    auto_free char *path = xprintf("/etc/xinetd.d/%s", name);
    int r = root_read_lines(a->root, path, &lines, err);
    for (size_t i = 0; r > 0 && i < lines.n; i++) {
        const char *line = lines.v[i] + strspn(lines.v[i], " \t");
        if (!str_starts(line, "disable") || !strchr(" \t=", line[strlen("disable")]))
            continue;
        free(lines.v[i]);
        lines.v[i] = xprintf("\tdisable\t\t= %s", on ? "no" : "yes");
    }
    if (r > 0)
        r = root_write_lines(a->root, path, &lines, ROOT_KEEP_MODE, err);
    return r < 0 ? r : root_has(a->root, path);
}

/* A job of Upstart has no links: it says itself when it starts. */
static int set_upstart(const struct applier *a, const char *name, bool on, struct err *err)
{
    auto_free char *job = xprintf("/etc/init/%s.conf", name);
    auto_free char *override = xprintf("/etc/init/%s.override", name);
    if (a->era->init != INIT_UPSTART || !root_has(a->root, job))
        return 0;
    int r = on ? root_remove(a->root, override, err)
               : root_write(a->root, override, "manual\n", 0644, err);
    return r < 0 ? r : 1;
}

int sysv_service(const struct applier *a, const char *name, bool on, struct err *err)
{
    struct script script = {0};
    if (!is_script_name(name))
        return 0;
    int r = find_script(a, name, &script, err);
    auto_free char *path = script.path;
    if (r > 0)
        r = set_levels(a, name, &script, on, err) < 0 ? err->code : 1;
    if (r == 0)
        r = set_upstart(a, name, on, err);
    return r != 0 ? r : set_xinetd(a, name, on, err);
}
