#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plan/era-parts.h"

/* Is this package ("name" or "name-version-release...") the one called 'name'? */
static bool is_package(const char *package, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(package, name, length) != 0)
        return false;
    const char *rest = package + length;
    return !*rest || (*rest == '-' && isdigit((unsigned char)rest[1]));
}

static bool has(const struct strv *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (is_package(names->v[i], name))
            return true;
    return false;
}

static bool has_any(const struct strv *names, const char *const *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (has(names, wanted[i]))
            return true;
    return false;
}
#define HAS_ANY(names, ...)                                                                        \
    has_any(names, (const char *const[]){__VA_ARGS__},                                             \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* What a release's kernel is, where packages come without versions. */
static const char *version_of_release(const char *releasever)
{
    static const struct {
        long release;
        const char *kernel;
    } table[] = {
        {5, "2.6.18"}, {6, "2.6.32"}, {7, "3.10.0"}, {8, "4.18.0"}, {9, "5.14.0"}, {10, "6.12.0"}};
    long release = releasever ? strtol(releasever, NULL, 10) : 0;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (table[i].release == release)
            return table[i].kernel;
    return "6.1.0";
}

static void add_kernel(struct era *era, const char *release)
{
    unsigned version[3];
    if (!era_version_parse(release, version) || strlen(release) > ERA_RELEASE_MAX)
        return;
    for (size_t i = 0; i < era->n_kernels; i++)
        if (strcmp(era->kernels[i].release, release) == 0)
            return;
    struct era_kernel *k = arena_push(era->arena, era->kernels, era->n_kernels);
    *k = (struct era_kernel){
        .release = arena_strdup(era->arena, release),
        .image = arena_printf(era->arena, "/boot/vmlinuz-%s", release),
        .modules = arena_printf(era->arena, "/lib/modules/%s", release),
        .version = {version[0], version[1], version[2]},
    };
}

/* "6.1.0-56-cloud-amd64-6.1.153-1": Debian's package name ends in the release, and version and
 * revision may follow. */
static char *debian_release(const char *rest)
{
    char *s = xstrdup(rest);
    char *last = strrchr(s, '-'), *before = NULL;
    for (char *p = s; last && p < last; p++)
        if (*p == '-')
            before = p;
    if (before && isdigit((unsigned char)before[1]) && isdigit((unsigned char)last[1]) &&
        before - s > 4 && strchr(s, '-') != before)
        *before = '\0';
    return s;
}

static void predict_kernel(struct era *era, const char *package, const char *releasever)
{
    static const struct {
        const char *name, *suffix;
    } flavours[] = {{"kernel", ""}, {"kernel-core", ""}, {"kernel-xen", "xen"},
        {"kernel-PAE", "PAE"}, {"kernel-uek", ""}, {"kernel-uek-core", ""}, {"kernel-lt", ""},
        {"kernel-ml", ""}};
    if (str_starts(package, "linux-image-")) {
        auto_free char *release = debian_release(package + strlen("linux-image-"));
        add_kernel(era, release);
    }
    for (size_t i = 0; i < ARRAY_SIZE(flavours); i++) {
        if (!is_package(package, flavours[i].name))
            continue;
        size_t length = strlen(flavours[i].name);
        const char *version = package[length] ? package + length + 1 : NULL;
        auto_free char *release =
            xprintf("%s%s", version ? version : version_of_release(releasever), flavours[i].suffix);
        add_kernel(era, release);
    }
}

static enum era_network predict_network(
    const struct strv *names, enum era_init init, bool is_recent)
{
    if (has(names, "network-scripts") ||
        (has(names, "initscripts") && (init != INIT_SYSTEMD || !is_recent)))
        return NETWORK_IFCFG;
    if (has(names, "NetworkManager") || has(names, "network-manager"))
        return NETWORK_NETWORKMANAGER;
    if (has(names, "ifupdown"))
        return NETWORK_IFUPDOWN;
    return init == INIT_SYSTEMD ? NETWORK_NETWORKD : NETWORK_NONE;
}

static void predict_loaders(struct era *era, const struct strv *names, bool is_recent)
{
    bool is_debian = has(names, "grub-pc-bin") || has(names, "grub-pc");
    era->has_grub2 = is_debian || HAS_ANY(names, "grub2", "grub2-pc", "grub2-pc-modules");
    era->grub2_directory = arena_strdup(era->arena, is_debian ? "/boot/grub" : "/boot/grub2");
    if (era->has_grub2) {
        era->grub2_modules = arena_strdup(era->arena, "/usr/lib/grub/i386-pc");
        era->grub2_mkimage =
            arena_printf(era->arena, "/usr/bin/%s", is_debian ? "grub-mkimage" : "grub2-mkimage");
    }
    era->has_grub_legacy = has(names, "grub");
    if (era->has_grub_legacy)
        era->grub_legacy_stages = arena_strdup(era->arena, "/usr/share/grub/x86_64-redhat");
    era->has_bls = era->has_grub2 && !is_debian && is_recent;
}

static void predict_name(struct era *era, const struct strv *names)
{
    static const struct {
        const char *package, *id;
    } releases[] = {{"fedora-release-common", "fedora"}, {"fedora-release", "fedora"},
        {"centos-stream-release", "centos"}, {"centos-linux-release", "centos"},
        {"centos-release", "centos"}, {"rocky-release", "rocky"},
        {"almalinux-release", "almalinux"}, {"oraclelinux-release", "ol"},
        {"redhat-release", "rhel"}, {"redhat-release-server", "rhel"}};
    era->os_id = arena_strdup(era->arena, "unknown");
    for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
        for (size_t j = 0; j < names->n; j++)
            if (is_package(names->v[j], releases[i].package)) {
                era->os_name = arena_strdup(era->arena, names->v[j]);
                era->os_id = arena_strdup(era->arena, releases[i].id);
                return;
            }
}

struct era *era_predict(const struct strv *package_names, const char *releasever)
{
    struct arena *arena = arena_new();
    struct era *era = arena_alloc(arena, sizeof *era);
    era->arena = arena;
    for (size_t i = 0; i < package_names->n; i++)
        predict_kernel(era, package_names->v[i], releasever);
    era_kernels_sort(era->kernels, era->n_kernels);

    unsigned version[3];
    era_version_parse(
        era->n_kernels ? era->kernels[0].release : version_of_release(releasever), version);
    bool is_recent = version[0] > 4 || (version[0] == 4 && version[1] >= 18);
    era->init = HAS_ANY(package_names, "systemd", "systemd-sysv")                 ? INIT_SYSTEMD
                : has(package_names, "upstart")                                   ? INIT_UPSTART
                : HAS_ANY(package_names, "SysVinit", "sysvinit-core", "sysvinit") ? INIT_SYSV
                                                                                  : INIT_UNKNOWN;
    era->network = predict_network(package_names, era->init, is_recent);
    era->has_selinux = HAS_ANY(package_names, "selinux-policy-targeted", "selinux-policy-minimum",
        "selinux-policy-mls", "selinux-policy-default");
    predict_loaders(era, package_names, is_recent);
    predict_name(era, package_names);
    long release = releasever ? strtol(releasever, NULL, 10) : 0;
    era->rpm_dbpath = arena_strdup(
        arena, release == 10 || release >= 36 ? "/usr/lib/sysimage/rpm" : "/var/lib/rpm");
    era_derive(era);
    return era;
}
