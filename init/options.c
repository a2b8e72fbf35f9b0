#include "options.h"

#include <linux/mount.h>

#include "text.h"

#define DEFAULT_WAIT_SECONDS 30

/* The next word of *line into ret (quotes as the kernel takes them: "a=b c" and a="b c"); false
 * at the end. A word that does not fit is cut. */
static bool next_word(const char **line, char *ret, size_t size)
{
    const char *p = *line;
    size_t n = 0;
    bool quoted = false;
    while (*p == ' ' || *p == '\t' || *p == '\n')
        p++;
    if (!*p)
        return false;
    for (; *p && (quoted || (*p != ' ' && *p != '\t' && *p != '\n')); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (n + 1 < size)
            ret[n++] = *p;
    }
    ret[n] = 0;
    *line = p;
    return true;
}

/* Up to the character 'end' or the end of s into ret; the rest, or NULL if it does not fit. */
static const char *cut(const char *s, char end, char *ret, size_t size)
{
    size_t n = 0;
    for (; *s && *s != end; s++) {
        if (n + 1 >= size)
            return NULL;
        ret[n++] = *s;
    }
    ret[n] = 0;
    return s;
}

bool options_number(const char *s, unsigned *ret_major, unsigned *ret_minor)
{
    char major[16], minor[16];
    const char *rest = cut(s, ':', major, sizeof major);
    if (!rest || *rest != ':' || !cut(rest + 1, '\n', minor, sizeof minor))
        return false;
    long a = text_number(major), b = text_number(minor);
    if (a < 0 || b < 0)
        return false;
    *ret_major = (unsigned)a;
    *ret_minor = (unsigned)b;
    return true;
}

static void parse_root(const char *value, struct options *ret)
{
    static const struct {
        const char *prefix;
        enum root_by by;
    } forms[] = {
        {"LABEL=", ROOT_LABEL},
        {"UUID=", ROOT_UUID},
        {"PARTUUID=", ROOT_PARTUUID},
        {"PARTLABEL=", ROOT_PARTLABEL},
        {"/dev/disk/by-label/", ROOT_LABEL},
        {"/dev/disk/by-uuid/", ROOT_UUID},
        {"/dev/disk/by-partuuid/", ROOT_PARTUUID},
        {"/dev/disk/by-partlabel/", ROOT_PARTLABEL},
        {"/dev/", ROOT_NAME},
        {"block:/dev/", ROOT_NAME},
    };
    (void)text_copy(ret->asked, sizeof ret->asked, value);
    ret->by = options_number(value, &ret->major, &ret->minor) ? ROOT_NUMBER : ROOT_UNKNOWN;
    ret->value[0] = 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (text_starts(value, forms[i].prefix)) {
            ret->by = forms[i].by;
            (void)text_copy(ret->value, sizeof ret->value, value + text_length(forms[i].prefix));
            return;
        }
}

static const struct {
    const char *name;
    unsigned long set, clear;
} mount_flags[] = {
    {"defaults", 0, 0},
    {"ro", MS_RDONLY, 0},
    {"rw", 0, MS_RDONLY},
    {"noatime", MS_NOATIME, 0},
    {"nodiratime", MS_NODIRATIME, 0},
    {"relatime", MS_RELATIME, 0},
    {"strictatime", MS_STRICTATIME, 0},
    {"nosuid", MS_NOSUID, 0},
    {"nodev", MS_NODEV, 0},
    {"noexec", MS_NOEXEC, 0},
    {"sync", MS_SYNCHRONOUS, 0},
    {"dirsync", MS_DIRSYNC, 0},
};

static void add_mount_option(struct options *ret, const char *option)
{
    for (size_t i = 0; i < sizeof mount_flags / sizeof mount_flags[0]; i++)
        if (text_same(option, mount_flags[i].name)) {
            ret->flags = (ret->flags & ~mount_flags[i].clear) | mount_flags[i].set;
            return;
        }
    size_t used = text_length(ret->data);
    if (used + text_length(option) + 2 > sizeof ret->data)
        return;
    if (used)
        ret->data[used++] = ',';
    (void)text_copy(ret->data + used, sizeof ret->data - used, option);
}

static void parse_mount_options(const char *value, struct options *ret)
{
    char option[128];
    while (*value) {
        size_t n = 0;
        for (; *value && *value != ','; value++)
            if (n + 1 < sizeof option)
                option[n++] = *value;
        option[n] = 0;
        if (n)
            add_mount_option(ret, option);
        if (*value)
            value++;
    }
}

static void parse_word(const char *word, struct options *ret)
{
    if (text_starts(word, "root=")) {
        parse_root(word + 5, ret);
    } else if (text_starts(word, "rootfstype=")) {
        (void)text_copy(ret->fstype, sizeof ret->fstype, word + 11);
    } else if (text_starts(word, "rootflags=")) {
        parse_mount_options(word + 10, ret);
    } else if (text_same(word, "ro") || text_same(word, "rw")) {
        add_mount_option(ret, word);
    } else if (text_same(word, "rootwait")) {
        ret->wait_forever = true;
    } else if (text_starts(word, "rootwait=") || text_starts(word, "rootdelay=")) {
        long seconds = text_number(word + (word[4] == 'w' ? 9 : 10));
        if (seconds >= 0)
            ret->wait_seconds = (unsigned)seconds;
    } else if (text_starts(word, "init=")) {
        (void)text_copy(ret->init, sizeof ret->init, word + 5);
    } else if (text_same(word, "quiet")) {
        ret->quiet = true;
    } else if (text_same(word, "debug")) {
        ret->debug = true;
    }
}

void options_parse(const char *line, struct options *ret)
{
    static const struct options none = {.flags = MS_RDONLY, .wait_seconds = DEFAULT_WAIT_SECONDS};
    char word[600];
    *ret = none;
    while (next_word(&line, word, sizeof word) && !text_same(word, "--"))
        parse_word(word, ret);
}

/* Length of the prefix 'module.' of word, 0 if it does not begin so. */
static size_t module_prefix(const char *word, const char *module)
{
    size_t n = 0;
    for (; module[n]; n++) {
        char a = word[n] == '-' ? '_' : word[n], b = module[n] == '-' ? '_' : module[n];
        if (a != b)
            return 0;
    }
    return word[n] == '.' ? n + 1 : 0;
}

void options_module_parameters(const char *line, const char *module, char *ret, size_t size)
{
    char word[600];
    size_t used = 0;
    ret[0] = 0;
    while (next_word(&line, word, sizeof word)) {
        size_t prefix = module_prefix(word, module);
        if (!prefix || used + text_length(word) + 2 > size)
            continue;
        if (used)
            ret[used++] = ' ';
        (void)text_copy(ret + used, size - used, word + prefix);
        used += text_length(ret + used);
    }
}

/* "sda2" -> letter 'a', number "2"; "nvme0n1p2" -> 'a', "2". */
static bool split_name(const char *name, char *ret_letter, const char **ret_number)
{
    static const char *const prefixes[] = {"sd", "xvd", "vd", "hd"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const char *rest = name + text_length(prefixes[i]);
        if (!text_starts(name, prefixes[i]) || *rest < 'a' || *rest > 'z')
            continue;
        *ret_letter = *rest;
        *ret_number = rest + 1;
        return !*ret_number[0] || text_number(*ret_number) > 0;
    }
    if (!text_starts(name, "nvme") || name[4] < '0' || name[4] > '9' ||
        !text_starts(name + 5, "n1"))
        return false;
    *ret_letter = (char)('a' + (name[4] - '0'));
    *ret_number = name[7] == 'p' ? name + 8 : name + 7;
    return !name[7] || (name[7] == 'p' && text_number(name + 8) > 0);
}

unsigned options_other_names(const char *name, char ret[OPTIONS_NAMES][32])
{
    static const char *const prefixes[] = {"sd", "xvd", "vd", "hd"};
    char letter;
    const char *number;
    unsigned n = 0;
    if (!split_name(name, &letter, &number) || text_length(number) > 8)
        return 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct line line = {0};
        line_add(&line, "%s%c%s", prefixes[i], letter, number);
        if (!text_same(line.s, name))
            (void)text_copy(ret[n++], 32, line.s);
    }
    /* EL6's kernel counts disks of a paravirtual guest from e when the host calls them sdX. */
    if (letter <= 'v') {
        struct line line = {0};
        line_add(&line, "xvd%c%s", (char)(letter + 4), number);
        if (!text_same(line.s, name))
            (void)text_copy(ret[n++], 32, line.s);
    }
    if (letter <= 'j') {
        struct line line = {0};
        line_add(&line, "nvme%cn1%s%s", (char)('0' + (letter - 'a')), *number ? "p" : "", number);
        if (!text_same(line.s, name))
            (void)text_copy(ret[n++], 32, line.s);
    }
    return n;
}
