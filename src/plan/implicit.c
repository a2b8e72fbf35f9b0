/* What a recipe need not name: the kernel, the boot loader, tools for its file systems, and what
 * its own lines configure. An exclusion in the recipe beats all of it. */
#include <fnmatch.h>
#include <string.h>

#include "plan/internal.h"
#include "plan/request.h"

#define LOADER_REASON "the boot loader"

struct implicit {
    const struct recipe *recipe;
    const struct sources *sources;
    const struct catalog *catalog;
    struct requests *requests;
    struct release release;
};

static const char *const kernels[] = {"kernel", "kernel-core", "kernel-xen", "kernel-PAE",
    "kernel-PAE-core", "kernel-smp", "kernel-hugemem", "kernel-largesmp", "kernel-lt", "kernel-ml",
    "kernel-lt-core", "kernel-ml-core", "kernel-rt", "kernel-rt-core", "kernel-uek",
    "kernel-uek-core", "kernel-64k", "kernel-64k-core", "kernel-debug", "kernel-debug-core",
    "kernel-lpae", "kernel-plus", "linux-image-*"};

static const char *const loaders[] = {"grub", "grub2", "grub2-pc", "grub-pc", "grub-pc-bin",
    "grub2-efi*", "grub-efi*", "extlinux", "syslinux-extlinux", "systemd-boot*", "lilo"};

static bool is_one_of(const char *name, const char *const *patterns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

static bool is_chosen(const struct implicit *m, const char *const *patterns, size_t n)
{
    const struct requests *r = m->requests;
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->v[i].any_of.n; k++)
            if (is_one_of(catalog_name(m->catalog, r->v[i].any_of.v[k]), patterns, n))
                return true;
    return false;
}

static bool is_excluded(const struct recipe *recipe, const char *name)
{
    for (size_t i = 0; i < recipe->packages.n; i++) {
        const struct recipe_package *item = &recipe->packages.items[i];
        if (item->exclude && item->kind == PACKAGE_NAME && fnmatch(item->name, name, 0) == 0)
            return true;
    }
    return false;
}

/* Ask for the first of 'names' that there is. False if there is none (excluded is not none). */
static bool ask(const struct implicit *m, const char *const *names, size_t n, const char *because,
    bool optional)
{
    for (size_t i = 0; i < n; i++)
        if (is_excluded(m->recipe, names[i]))
            return true;
    for (size_t i = 0; i < n; i++) {
        auto_ids struct ids found = {0}, usable = {0};
        catalog_by_name(m->catalog, names[i], &found);
        catalog_usable(m->catalog, &found, &usable);
        if (!usable.n)
            continue;
        auto_free char *label = xstrdup(names[i]), *why = xstrdup(because);
        struct request request = {
            .label = label, .reason = REASON_IMPLICIT, .because = why, .optional = optional};
        requests_add(m->requests, &request, &usable);
        return true;
    }
    return false;
}

static bool ask_one(const struct implicit *m, const char *name, const char *because)
{
    return ask(m, &name, 1, because, true);
}

static void add_kernel(const struct implicit *m)
{
    static const char *const usual[] = {"kernel", "kernel-core", "kernel-xen",
        "linux-image-cloud-amd64", "linux-image-amd64", "linux-image-arm64"};
    if (is_chosen(m, kernels, ARRAY_SIZE(kernels)))
        return;
    if (!ask(m, usual, ARRAY_SIZE(usual), "the kernel", false))
        requests_warn(m->requests, "no repository has a kernel: the image will not boot by itself");
}

static bool is_pc(const struct implicit *m)
{
    return strcmp(m->sources->arch, "x86_64") == 0 || strcmp(m->sources->arch, "i386") == 0;
}

static bool has_esp(const struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->n_parts; i++)
        if (strcmp(recipe->parts[i].mountpoint, "/boot/efi") == 0)
            return true;
    return false;
}

static void add_efi_loader(const struct implicit *m)
{
    bool is_arm = strcmp(m->sources->arch, "aarch64") == 0;
    if (!is_arm && !(is_pc(m) && has_esp(m->recipe)))
        return;
    const char *because = "the boot loader for UEFI";
    ask_one(m, is_arm ? "grub2-efi-aa64" : "grub2-efi-x64", because);
    ask_one(m, is_arm ? "shim-aa64" : "shim-x64", because);
}

/* What makes the loader's core image, which the loader's own package need not require. */
static void add_loader_tools(const struct implicit *m)
{
    if (requests_have(m->requests, "grub2-pc") || requests_have(m->requests, "grub2"))
        ask_one(m, "grub2-tools", LOADER_REASON);
}

static void add_loader(const struct implicit *m)
{
    static const char *const grub[] = {"grub2-pc", "grub2", "grub-pc-bin", "grub"};
    static const char *const extlinux[] = {"syslinux-extlinux", "extlinux"};
    const struct recipe_bootloader *loader = &m->recipe->bootloader;
    if (loader->disabled || loader->location == LOCATION_NONE)
        return;
    if (is_chosen(m, loaders, ARRAY_SIZE(loaders))) {
        add_loader_tools(m);
        return;
    }
    add_efi_loader(m);
    if (!is_pc(m))
        return;
    if (loader->extlinux && ask(m, extlinux, ARRAY_SIZE(extlinux), LOADER_REASON, true))
        return;
    if (!ask(m, grub, ARRAY_SIZE(grub), LOADER_REASON, true))
        return;
    add_loader_tools(m);
    if (requests_have(m->requests, "grub-pc-bin"))
        ask_one(m, "grub2-common", LOADER_REASON);
}

static void add_filesystem(const struct implicit *m, const char *fstype)
{
    const char *because = "tools for the file systems";
    if (!fstype || str_starts(fstype, "ext"))
        ask_one(m, "e2fsprogs", because);
    if (fstype && strcmp(fstype, "ext4") == 0 && m->release.major == 5)
        ask_one(m, "e4fsprogs", because);
    if (fstype && strcmp(fstype, "xfs") == 0)
        ask_one(m, "xfsprogs", because);
    if (fstype && strcmp(fstype, "btrfs") == 0)
        ask_one(m, "btrfs-progs", because);
    if (fstype && (strcmp(fstype, "vfat") == 0 || strcmp(fstype, "efi") == 0))
        ask_one(m, "dosfstools", because);
}

static void add_filesystems(const struct implicit *m)
{
    const struct recipe *recipe = m->recipe;
    for (size_t i = 0; i < recipe->n_parts; i++)
        if (recipe->parts[i].kind == PART_FILESYSTEM)
            add_filesystem(m, recipe->parts[i].fstype);
    for (size_t i = 0; i < recipe->n_logvols; i++)
        add_filesystem(m, recipe->logvols[i].fstype);
    if (recipe->autopart.set)
        add_filesystem(m, recipe->autopart.fstype);
    if (recipe->n_volgroups || recipe->autopart.type == AUTOPART_LVM)
        ask_one(m, "lvm2", "logical volumes");
}

/* What the recipe's timezone, firewall, auth and lang lines need to take effect. */
static void add_configured(const struct implicit *m)
{
    static const char *const authselect[] = {"authselect", "authselect-compat"};
    const struct recipe *recipe = m->recipe;
    bool is_old = release_is_old(m->release);
    bool wants_time = recipe->ntp_servers.n || recipe->ntp_pools.n || recipe->timezone_set;
    if (wants_time && !recipe->nontp && !is_old)
        ask_one(m, "chrony", "time synchronization (timezone)");
    if (recipe->firewall.enabled == RECIPE_ON)
        ask_one(m, is_old ? "iptables" : "firewalld", "the firewall line");
    if (recipe->auth == AUTH_AUTHSELECT)
        ask(m, authselect, ARRAY_SIZE(authselect), "the authselect line", true);
    else if (recipe->auth == AUTH_AUTHCONFIG && !ask_one(m, "authconfig", "the authconfig line"))
        ask_one(m, "authselect-compat", "the authconfig line");
    if (!recipe->lang || is_old)
        return;
    auto_free char *language = xstrndup(recipe->lang, strcspn(recipe->lang, "_.@"));
    auto_free char *name = xprintf("langpacks-%s", language);
    ask_one(m, name, "the lang line");
}

struct release release_of(
    const struct recipe *recipe, const struct sources *sources, const struct catalog *catalog)
{
    static const char *const packages[] = {"fedora-release", "fedora-release-common",
        "centos-stream-release", "centos-release", "redhat-release", "redhat-release-server",
        "rocky-release", "almalinux-release", "oraclelinux-release", "sl-release",
        "enterprise-release"};
    struct release release = {.is_fedora = recipe->version && recipe->version[0] == 'F'};
    if (sources->releasever)
        release.major = (unsigned)strtoul(sources->releasever, NULL, 10);
    for (size_t i = 0; i < ARRAY_SIZE(packages); i++) {
        auto_ids struct ids found = {0};
        catalog_by_name(catalog, packages[i], &found);
        if (!found.n)
            continue;
        release.is_fedora = release.is_fedora || str_starts(packages[i], "fedora");
        const char *version = catalog_version(catalog, found.v[0]), *colon = strchr(version, ':');
        if (!release.major)
            release.major = (unsigned)strtoul(colon ? colon + 1 : version, NULL, 10);
    }
    return release;
}

bool release_is_old(struct release release)
{
    if (release.is_fedora)
        return release.major && release.major < 18;
    return release.major == 5 || release.major == 6 || (release.major > 10 && release.major < 18);
}

void requests_add_implicit(struct requests *requests, const struct recipe *recipe,
    const struct sources *sources, const struct catalog *catalog)
{
    struct implicit m = {recipe, sources, catalog, requests, release_of(recipe, sources, catalog)};
    add_kernel(&m);
    add_loader(&m);
    add_filesystems(&m);
    add_configured(&m);
}
