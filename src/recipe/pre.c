/* %pre is not run. What it does decides what is said about it. */
#include <ctype.h>
#include <string.h>

#include "recipe/internal.h"

enum deed { DEED_NONE, DEED_LABEL, DEED_PARTITIONS };

static const char *const partition_tools[] = {"parted", "sgdisk", "gdisk", "sfdisk", "fdisk",
    "cfdisk", "pvcreate", "vgcreate", "lvcreate", "mdadm", "cryptsetup", "mkswap", "mke2fs"};
static const char *const label_tools[] = {"wipefs", "dd", "blkdiscard", "zpool", "partprobe"};

static bool has_word(const char *line, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = line; (at = strstr(at, word)); at += n)
        if ((at == line || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[n]))
            return true;
    return false;
}

/* What a tool does that can do either. */
static enum deed tool_deed(const char *line, const char *tool)
{
    if (strcmp(tool, "parted") == 0)
        return has_word(line, "mkpart") || has_word(line, "mkpartfs") ||
                       has_word(line, "resizepart")
                   ? DEED_PARTITIONS
                   : DEED_LABEL;
    if (strcmp(tool, "sgdisk") == 0)
        return strstr(line, "--new") || strstr(line, " -n") ? DEED_PARTITIONS : DEED_LABEL;
    return DEED_PARTITIONS;
}

static enum deed command_deed(const char *line, const char *word)
{
    const char *slash = strrchr(word, '/');
    const char *tool = slash ? slash + 1 : word;
    for (size_t i = 0; i < ARRAY_SIZE(partition_tools); i++)
        if (strcmp(tool, partition_tools[i]) == 0)
            return tool_deed(line, tool);
    if (str_starts(tool, "mkfs"))
        return DEED_PARTITIONS;
    for (size_t i = 0; i < ARRAY_SIZE(label_tools); i++)
        if (strcmp(tool, label_tools[i]) == 0)
            return strstr(line, "/dev/") ? DEED_LABEL : DEED_NONE;
    return DEED_NONE;
}

/* The gravest thing that any word of the line does; *ret_tool names it. */
static enum deed line_deed(struct arena *arena, const char *line, const char **ret_tool)
{
    if (line[strspn(line, " \t")] == '#')
        return DEED_NONE;
    struct strv words = {0};
    strv_arena_split(arena, &words, line, " \t;|&(){}`\"'$");
    enum deed worst = DEED_NONE;
    for (size_t i = 0; i < words.n; i++) {
        enum deed deed = command_deed(line, words.v[i]);
        if (deed > worst) {
            worst = deed;
            *ret_tool = words.v[i];
        }
    }
    return worst;
}

static enum deed script_deed(
    struct arena *arena, const struct recipe_script *script, unsigned *ret_line, const char **tool)
{
    enum deed worst = DEED_NONE;
    unsigned number = script->place.line;
    for (const char *at = script->text; *at;) {
        size_t n = strcspn(at, "\n");
        const char *line_tool = NULL;
        number++;
        enum deed deed = line_deed(arena, arena_strndup(arena, at, n), &line_tool);
        if (deed > worst) {
            worst = deed;
            *ret_line = number;
            *tool = line_tool;
        }
        at += n + (at[n] == '\n');
    }
    return worst;
}

static const struct recipe_script *script_that_names(const struct recipe *recipe, const char *path)
{
    for (size_t i = 0; i < recipe->n_scripts; i++)
        if (recipe->scripts[i].kind == SCRIPT_PRE && strstr(recipe->scripts[i].text, path))
            return &recipe->scripts[i];
    return NULL;
}

static void refuse_missing(struct parser *p, const struct missing_include *m)
{
    const struct recipe_script *script = script_that_names(p->recipe, m->path);
    if (script) {
        parser_refuse(p, m->place, "write what the %pre would write into the recipe itself",
            "%%include: '%s' is not there: the %%pre of %s writes it, which is not run", m->path,
            place_from(p->arena, m->place, script->place));
    } else if (strstr(m->path, "://")) {
        parser_refuse(p, m->place, "fetch it, put it beside the recipe and name it there",
            "%%include: '%s' is not fetched", m->path);
    } else if (m->path[0] == '/') {
        parser_refuse(p, m->place,
            str_starts(m->path, "/run/install/")
                ? "it lies on an installer's medium: put it beside the recipe and name it there"
                : "name a file that is there, or take the line out",
            "%%include: cannot read '%s': %s", m->path, m->reason);
    } else {
        parser_refuse(p, m->place, "put it beside the file that includes it",
            "%%include: cannot read '%s': %s", m->path, m->reason);
    }
}

static bool writes_an_include(const struct parser *p, const struct recipe_script *script)
{
    for (size_t i = 0; i < p->n_missing; i++)
        if (strstr(script->text, p->missing[i].path))
            return true;
    return false;
}

static void judge_pre(struct parser *p, const struct recipe_script *script)
{
    unsigned line = script->place.line;
    const char *tool = NULL;
    switch (script_deed(p->arena, script, &line, &tool)) {
    case DEED_PARTITIONS:
        parser_refuse(p, script->place,
            "write the partitions as part lines, for example part / "
            "--fstype=ext4 --size=4096 --grow, and take the %pre out",
            "%%pre: it makes partitions itself ('%s' in line %u), and is not run", tool, line);
        break;
    case DEED_LABEL:
        parser_warn(p, script->place,
            "%%pre: it only prepares a disk ('%s' in line %u) and is "
            "not run; slipway makes a new partition table",
            tool, line);
        break;
    case DEED_NONE:
        if (!writes_an_include(p, script))
            parser_warn(p, script->place,
                "%%pre: it is not run: there is no installer's system to "
                "run it in");
        break;
    }
}

static bool is_said(const struct parser *p, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(p->missing[i].path, p->missing[index].path) == 0)
            return true;
    return false;
}

void check_pre_scripts(struct parser *p)
{
    for (size_t i = 0; i < p->n_missing; i++)
        if (!is_said(p, i))
            refuse_missing(p, &p->missing[i]);
    for (size_t i = 0; i < p->recipe->n_scripts; i++)
        if (p->recipe->scripts[i].kind == SCRIPT_PRE)
            judge_pre(p, &p->recipe->scripts[i]);
}
