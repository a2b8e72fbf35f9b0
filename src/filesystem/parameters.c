#include "filesystem/parameters.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

#define SMALL_BYTES (UINT64_C(512) << 20) /* mke2fs.conf's type "small": less than this */

static const struct {
    const char *name;
    size_t offset;
} features[] = {
    {"has_journal", offsetof(struct parameters, has_journal)},
    {"extent", offsetof(struct parameters, extents)},
    {"extents", offsetof(struct parameters, extents)},
    {"64bit", offsetof(struct parameters, is_64bit)},
    {"metadata_csum", offsetof(struct parameters, metadata_csum)},
    {"uninit_bg", offsetof(struct parameters, uninit_bg)},
    {"flex_bg", offsetof(struct parameters, flex_bg)},
    {"huge_file", offsetof(struct parameters, huge_file)},
    {"dir_nlink", offsetof(struct parameters, dir_nlink)},
    {"extra_isize", offsetof(struct parameters, extra_isize)},
    {"dir_index", offsetof(struct parameters, dir_index)},
    {"resize_inode", offsetof(struct parameters, resize_inode)},
    {"sparse_super", offsetof(struct parameters, sparse_super)},
    {"large_file", offsetof(struct parameters, large_file)},
    {"ext_attr", offsetof(struct parameters, ext_attr)},
    {"filetype", offsetof(struct parameters, filetype)},
};

static int bad_option(const char *option, const char *value, struct err *err)
{
    err_set(err, ERR_RECIPE, -EINVAL, "--mkfsoptions: '%s%s%s' is not understood", option,
        value ? " " : "", value ? value : "");
    return err_hint(err, "known are -b -I -i -N -m -L -O -J size= -E -T -q -F, as in mke2fs(8)");
}

static int set_feature(struct parameters *p, const char *word, struct err *err)
{
    bool on = word[0] != '^';
    const char *name = on ? word : word + 1;
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        if (strcmp(features[i].name, name) == 0) {
            *(bool *)((char *)p + features[i].offset) = on;
            return 0;
        }
    }
    if (!on) /* what we never set is off already */
        return 0;
    err_set(err, ERR_RECIPE, -EINVAL, "--mkfsoptions: the feature '%s' can't be made", name);
    return err_hint(err, "leave it out of -O");
}

static int set_features(struct parameters *p, const char *list, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct strv words = {0};
    strv_arena_split(arena, &words, list, ",");
    int r = 0;
    for (size_t i = 0; r == 0 && i < words.n; i++)
        r = set_feature(p, words.v[i], err);
    return r;
}

static int set_number(const char *option, const char *value, uint64_t low, uint64_t high,
    uint64_t *ret, struct err *err)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    if (errno || end == value || *end || *value == '-' || number < low || number > high)
        return bad_option(option, value, err);
    *ret = number;
    return 0;
}

static int set_size(const char *option, const char *value, uint64_t low, uint64_t high,
    unsigned *ret, struct err *err)
{
    uint64_t number = 0;
    int r = set_number(option, value, low, high, &number, err);
    if (r == 0 && (number & (number - 1)))
        r = bad_option(option, value, err);
    if (r == 0)
        *ret = (unsigned)number;
    return r;
}

static int set_percent(struct parameters *p, const char *value, struct err *err)
{
    char *end;
    double percent = strtod(value, &end);
    if (end == value || *end || !(percent >= 0 && percent <= 50))
        return bad_option("-m", value, err);
    p->reserved_percent = percent;
    return 0;
}

static int set_option(struct parameters *p, char letter, const char *value, struct err *err)
{
    switch (letter) {
    case 'b':
        return set_size("-b", value, 1024, 4096, &p->block_size, err);
    case 'I':
        return set_size("-I", value, 128, 1024, &p->inode_size, err);
    case 'i':
        return set_number("-i", value, 1024, 1 << 26, &p->bytes_per_inode, err);
    case 'N':
        return set_number("-N", value, 16, UINT32_MAX, &p->inodes, err);
    case 'm':
        return set_percent(p, value, err);
    case 'L':
        snprintf(p->label, sizeof p->label, "%s", value);
        return 0;
    case 'O':
        return set_features(p, value, err);
    case 'J':
        return str_starts(value, "size=")
                   ? set_number("-J", value + 5, 1, 10240, &p->journal_mib, err)
                   : bad_option("-J", value, err);
    default: /* -E and -T: tuning that an image file has no use for */
        return 0;
    }
}

static int parse_mkfsoptions(struct parameters *p, const char *text, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct strv words = {0};
    strv_arena_split(arena, &words, text, " \t");
    int r = 0;
    for (size_t i = 0; r == 0 && i < words.n; i++) {
        const char *word = words.v[i];
        if (strcmp(word, "-q") == 0 || strcmp(word, "-F") == 0 || strcmp(word, "-v") == 0)
            continue;
        if (word[0] != '-' || !word[1] || !strchr("bIiNmLOJET", word[1]))
            return bad_option(word, NULL, err);
        const char *value = word[2] ? word + 2 : i + 1 < words.n ? words.v[++i] : NULL;
        r = value ? set_option(p, word[1], value, err) : bad_option(word, NULL, err);
    }
    return r;
}

static void set_defaults(
    struct parameters *p, const struct filesystem_options *options, uint64_t size_bytes)
{
    bool is_ext4 = strcmp(options->fstype, "ext4") == 0;
    bool is_small = size_bytes < SMALL_BYTES;
    *p = (struct parameters){
        .has_journal = strcmp(options->fstype, "ext2") != 0,
        .extents = is_ext4,
        .is_64bit = is_ext4 && options->allow_64bit,
        .metadata_csum = is_ext4 && options->allow_64bit,
        .uninit_bg = is_ext4 && !options->allow_64bit,
        .flex_bg = is_ext4,
        .huge_file = is_ext4,
        .dir_nlink = is_ext4,
        .extra_isize = is_ext4,
        .dir_index = true,
        .resize_inode = true,
        .sparse_super = true,
        .large_file = true,
        .ext_attr = true,
        .filetype = true,
        .block_size = is_small ? 1024 : 4096,
        .inode_size = options->inode_size ? options->inode_size : 256,
        .bytes_per_inode = is_small ? 4096 : 16384,
        .reserved_percent = 5,
        .time = options->time > 0 ? options->time : 1,
    };
    memcpy(p->uuid, options->uuid, sizeof p->uuid);
    if (options->label)
        snprintf(p->label, sizeof p->label, "%s", options->label);
}

int parameters_make(const struct filesystem_options *options, uint64_t size_bytes,
    struct parameters *ret_parameters, struct err *err)
{
    struct parameters p;
    if (options->label && strlen(options->label) > 16)
        return err_set(err, ERR_RECIPE, -EINVAL,
            "part: the label '%s' is longer than the 16 bytes an ext file system has room for",
            options->label);
    set_defaults(&p, options, size_bytes);
    int r = options->mkfsoptions ? parse_mkfsoptions(&p, options->mkfsoptions, err) : 0;
    if (p.inode_size < 256)
        p.extra_isize = false;
    if (p.metadata_csum)
        p.uninit_bg = false;
    if (r == 0)
        *ret_parameters = p;
    return r;
}

void parameters_fit_inodes(struct parameters *p, uint64_t size_bytes, uint64_t inodes)
{
    uint64_t wanted = inodes + inodes / 20 + 16;
    if (!p->inodes && size_bytes / p->bytes_per_inode < wanted)
        p->inodes = wanted;
}
