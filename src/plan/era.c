#include "plan/era.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "plan/era-parts.h"

#define TEXT_MAX 65536
#define NAME_MAX_BYTES 128

static bool is_older(const unsigned version[3], unsigned major, unsigned minor, unsigned patch)
{
    const unsigned than[3] = {major, minor, patch};
    for (size_t i = 0; i < 3; i++)
        if (version[i] != than[i])
            return version[i] < than[i];
    return false;
}

/* Every kernel that is installed must be able to use the image: the oldest decides. */
static const struct era_kernel *oldest_kernel(const struct era *era)
{
    const struct era_kernel *oldest = NULL;
    for (size_t i = 0; i < era->n_kernels; i++) {
        const struct era_kernel *k = &era->kernels[i];
        if (!k->is_rescue && (!oldest || is_older(k->version, oldest->version[0],
                                             oldest->version[1], oldest->version[2])))
            oldest = k;
    }
    return oldest;
}

void era_derive(struct era *era)
{
    static const unsigned recent[3] = {4, 18, 0}, el5[3] = {2, 6, 18}, el6[3] = {2, 6, 32};
    const struct era_kernel *oldest = oldest_kernel(era);
    const unsigned *version = oldest                      ? oldest->version
                              : era->init == INIT_SYSV    ? el5
                              : era->init == INIT_UPSTART ? el6
                                                          : recent;
    era->ext4_ok = !is_older(version, 2, 6, 28);
    era->default_fstype = era->ext4_ok ? "ext4" : "ext3";
    era->ext_inode_size = era->ext4_ok ? 256 : 128;
    era->ext_64bit_ok = !is_older(version, 3, 18, 0) && !era->has_grub_legacy;
    era->has_devtmpfs = !is_older(version, 2, 6, 32);
    era->needs_static_dev = !era->has_devtmpfs;
}

static bool same_file(int root, const char *a, const char *b)
{
    struct stat a_stat, b_stat;
    auto_close int a_fd = file_open_in(root, a, O_PATH, 0);
    auto_close int b_fd = file_open_in(root, b, O_PATH, 0);
    return a_fd >= 0 && b_fd >= 0 && fstat(a_fd, &a_stat) == 0 && fstat(b_fd, &b_stat) == 0 &&
           a_stat.st_ino == b_stat.st_ino && a_stat.st_dev == b_stat.st_dev;
}

static enum era_init find_init(int root)
{
    if (same_file(root, "/sbin/init", "/usr/lib/systemd/systemd") ||
        same_file(root, "/sbin/init", "/lib/systemd/systemd"))
        return INIT_SYSTEMD;
    if (!era_exists(root, "/sbin/init"))
        return INIT_UNKNOWN;
    if (era_exists(root, "/etc/init") && era_exists(root, "/sbin/initctl"))
        return INIT_UPSTART;
    if (era_exists(root, "/etc/inittab") &&
        (era_exists(root, "/etc/rc.d") || era_exists(root, "/etc/init.d")))
        return INIT_SYSV;
    return INIT_UNKNOWN;
}

/* Where the network scripts are, both they and NetworkManager read ifcfg files. */
static enum era_network find_network(int root)
{
    if (era_exists(root, "/etc/sysconfig/network-scripts/ifup"))
        return NETWORK_IFCFG;
    if (era_exists(root, "/usr/sbin/NetworkManager"))
        return NETWORK_NETWORKMANAGER;
    if (era_exists(root, "/sbin/ifup") && era_exists(root, "/etc/network"))
        return NETWORK_IFUPDOWN;
    if (era_exists(root, "/usr/lib/systemd/systemd-networkd") ||
        era_exists(root, "/lib/systemd/systemd-networkd"))
        return NETWORK_NETWORKD;
    return NETWORK_NONE;
}

static bool has_policy(int root)
{
    auto_strv struct strv names = era_list(root, "/etc/selinux");
    for (size_t i = 0; i < names.n; i++) {
        auto_free char *directory = xprintf("/etc/selinux/%s/policy", names.v[i]);
        auto_strv struct strv files = era_list(root, directory);
        for (size_t j = 0; j < files.n; j++)
            if (str_starts(files.v[j], "policy."))
                return true;
    }
    return false;
}

/* What goes to terminals and boot menus: one line, no control characters, not endless. */
static char *clean_line(struct arena *arena, const char *text, size_t length)
{
    char *s = arena_strndup(arena, text, length < NAME_MAX_BYTES ? length : NAME_MAX_BYTES);
    char *out = s;
    for (const char *p = s; *p; p++)
        if (!iscntrl((unsigned char)*p))
            *out++ = *p;
    *out = '\0';
    return s;
}

/* Value of KEY=VALUE in os-release(5), without its quotes; NULL: absent. */
static char *release_value(struct arena *arena, const char *text, const char *key)
{
    size_t key_length = strlen(key);
    for (const char *line = text; *line;) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, key, key_length) == 0 && line[key_length] == '=') {
            const char *value = line + key_length + 1;
            size_t length = (size_t)(end - value);
            if (length >= 2 && (*value == '"' || *value == '\'') && end[-1] == *value)
                value++, length -= 2;
            return clean_line(arena, value, length);
        }
        line = *end ? end + 1 : end;
    }
    return NULL;
}

static void find_name(int root, struct era *era)
{
    auto_free char *text = NULL;
    size_t size;
    era->os_id = arena_strdup(era->arena, "unknown");
    if (file_read_in(root, "/etc/os-release", TEXT_MAX, &text, &size) == 0 ||
        file_read_in(root, "/usr/lib/os-release", TEXT_MAX, &text, &size) == 0) {
        char *id = release_value(era->arena, text, "ID");
        era->os_name = release_value(era->arena, text, "PRETTY_NAME");
        if (!str_empty(id))
            era->os_id = id;
    } else if (file_read_in(root, "/etc/redhat-release", TEXT_MAX, &text, &size) == 0) {
        era->os_name = clean_line(era->arena, text, strcspn(text, "\n"));
        era->os_id = arena_strdup(era->arena, "rhel-like");
    }
    if (str_empty(era->os_name))
        era->os_name = NULL;
}

/* By the configuration of the image's own rpm, then by what is there. */
static void find_rpm_database(int root, struct era *era)
{
    const char *sysimage = "/usr/lib/sysimage/rpm", *var = "/var/lib/rpm";
    auto_free char *text = NULL;
    size_t size;
    bool in_sysimage = era_exists(root, "/usr/lib/sysimage/rpm/rpmdb.sqlite") ||
                       era_exists(root, "/usr/lib/sysimage/rpm/Packages.db") ||
                       era_exists(root, "/usr/lib/sysimage/rpm/Packages");
    if (file_read_in(root, "/usr/lib/rpm/macros", 16 * TEXT_MAX, &text, &size) == 0) {
        const char *line = strstr(text, "\n%_dbpath");
        size_t length = line ? strcspn(line + 1, "\n") : 0;
        if (length && memmem(line + 1, length, "sysimage/rpm", strlen("sysimage/rpm")))
            in_sysimage = true;
    }
    era->rpm_dbpath = arena_strdup(era->arena, in_sysimage ? sysimage : var);
}

int era_detect(int root, struct era **ret_era, struct err *err)
{
    auto_cleanup(arena_free) struct arena *arena = arena_new();
    struct era *era = arena_alloc(arena, sizeof *era);
    era->arena = arena;
    int r = era_find_kernels(root, era, err);
    if (r < 0)
        return r;
    era->init = find_init(root);
    era->network = find_network(root);
    era->has_selinux = era_exists(root, "/etc/selinux/config") && has_policy(root);
    era_find_loaders(root, era);
    find_name(root, era);
    find_rpm_database(root, era);
    era_derive(era);
    *ret_era = era;
    arena = NULL;
    return 0;
}

void era_free(struct era *era)
{
    if (era)
        arena_free(era->arena);
}

static const char *yes(bool value)
{
    return value ? "yes" : "no";
}

static const char *or_none(const char *s)
{
    return s ? s : "none";
}

void era_print(const struct era *era, FILE *out)
{
    static const char *const inits[] = {"unknown", "sysv", "upstart", "systemd"};
    static const char *const networks[] = {
        "none", "ifcfg", "NetworkManager", "systemd-networkd", "ifupdown"};
    fprintf(out, "system: %s (%s)\n", era->os_name ? era->os_name : "unknown", era->os_id);
    fprintf(out, "init: %s\n", inits[era->init]);
    fprintf(out, "network: %s\n", networks[era->network]);
    for (size_t i = 0; i < era->n_kernels; i++) {
        const struct era_kernel *k = &era->kernels[i];
        fprintf(out, "kernel: %s (%u.%u.%u)%s, %s, %s\n", k->release, k->version[0], k->version[1],
            k->version[2], k->is_rescue ? " rescue" : "", or_none(k->image), or_none(k->modules));
    }
    fprintf(out, "grub2: %s, modules %s, mkimage %s, directory %s, bls %s\n", yes(era->has_grub2),
        or_none(era->grub2_modules), or_none(era->grub2_mkimage), era->grub2_directory,
        yes(era->has_bls));
    fprintf(
        out, "grub: %s, stages %s\n", yes(era->has_grub_legacy), or_none(era->grub_legacy_stages));
    fprintf(out, "file system: %s, ext4 %s, 64bit %s, inodes of %u bytes\n", era->default_fstype,
        yes(era->ext4_ok), yes(era->ext_64bit_ok), era->ext_inode_size);
    fprintf(out, "devtmpfs: %s, selinux: %s, rpm database: %s\n", yes(era->has_devtmpfs),
        yes(era->has_selinux), era->rpm_dbpath);
}
