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

static bool read_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || number < low || number > high)
        return false;
    *ret = number;
    return true;
}

/* "size=64" */
static bool set_keyed(const char *text, const char *key, uint64_t low, uint64_t high, uint64_t *ret)
{
    return str_starts(text, key) && read_number(text + strlen(key), low, high, ret);
}

static int set_number(const char *option, const char *value, uint64_t low, uint64_t high,
    uint64_t *ret, struct err *err)
{
    return read_number(value, low, high, ret) ? 0 : bad_option(option, value, err);
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

/* The types of mke2fs.conf(5) that stand for another number of inodes. */
static int set_usage(struct parameters *p, const char *name, struct err *err)
{
    static const struct {
        const char *name;
        unsigned block_size;
        uint64_t bytes_per_inode;
    } usages[] = {{"default", 4096, 16384}, {"small", 1024, 4096}, {"floppy", 1024, 8192},
        {"big", 4096, 32768}, {"huge", 4096, 65536}, {"news", 4096, 4096},
        {"largefile", 4096, 1 << 20}, {"largefile4", 4096, 1 << 22}};
    for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
        if (strcmp(usages[i].name, name) == 0) {
            p->block_size = usages[i].block_size;
            p->bytes_per_inode = usages[i].bytes_per_inode;
            return 0;
        }
    }
    return bad_option("-T", name, err);
}

/* What has no meaning for a file that is written once is accepted. */
static bool set_extended_word(struct parameters *p, const char *word)
{
    static const char *const without_effect[] = {"lazy_itable_init", "lazy_journal_init", "discard",
        "nodiscard", "assume_storage_prezeroed", "resize"};
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < ARRAY_SIZE(without_effect); i++)
        if (strlen(without_effect[i]) == length && strncmp(word, without_effect[i], length) == 0)
            return true;
    return set_keyed(word, "stride=", 0, UINT16_MAX, &p->raid_stride) ||
           set_keyed(word, "stripe_width=", 0, UINT32_MAX, &p->raid_stripe_width) ||
           set_keyed(word, "stripe-width=", 0, UINT32_MAX, &p->raid_stripe_width);
}

static int set_extended(struct parameters *p, const char *list, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct strv words = {0};
    strv_arena_split(arena, &words, list, ",");
    for (size_t i = 0; i < words.n; i++)
        if (!set_extended_word(p, words.v[i]))
            return bad_option("-E", words.v[i], err);
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
        if (strlen(value) >= sizeof p->label)
            return bad_option("-L", value, err);
        snprintf(p->label, sizeof p->label, "%s", value);
        return 0;
    case 'O':
        return set_features(p, value, err);
    case 'J':
        return set_keyed(value, "size=", 1, 10240, &p->journal_mib) ? 0
                                                                    : bad_option("-J", value, err);
    case 'T':
        return set_usage(p, value, err);
    default:
        return set_extended(p, value, err);
    }
}

/* One pass over the words: -T alone, or all but -T, which yields to -b and -i wherever it stands.
 */
static int parse_words(
    struct parameters *p, const struct strv *words, bool is_usage, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < words->n; i++) {
        const char *word = words->v[i];
        if (strcmp(word, "-q") == 0 || strcmp(word, "-F") == 0 || strcmp(word, "-v") == 0)
            continue;
        if (word[0] != '-' || !word[1] || !strchr("bIiNmLOJET", word[1]))
            return bad_option(word, NULL, err);
        const char *value = word[2] ? word + 2 : i + 1 < words->n ? words->v[++i] : NULL;
        if (!value)
            return bad_option(word, NULL, err);
        r = (word[1] == 'T') == is_usage ? set_option(p, word[1], value, err) : 0;
    }
    return r;
}

static int parse_mkfsoptions(struct parameters *p, const char *text, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct strv words = {0};
    strv_arena_split(arena, &words, text, " \t");
    int r = parse_words(p, &words, true, err);
    if (r == 0)
        r = parse_words(p, &words, false, err);
    if (r == 0 && p->inode_size > p->block_size) {
        auto_free char *size = xprintf("%u", p->inode_size);
        r = bad_option("-I", size, err);
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
            "the label '%s' is longer than the 16 bytes an ext file system has room for",
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
