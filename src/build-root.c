#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "build-stages.h"
#include "initrd/initrd.h"
#include "install/install.h"
#include "tree/tree.h"

#define INITRD_MODE 0600
#define INITRD_MAX ((size_t)1 << 30)

static int install(struct build *b, int root, const struct strv *paths, struct err *err)
{
    auto_cleanup(install_report_free) struct install_report *report = NULL;
    struct install_options options = {
        .excludedocs = b->plan->excludedocs,
        .langs = &b->plan->langs,
        .install_time = (uint64_t)b->time,
    };
    int r = install_packages(root, paths, &options, b->progress, &report, err);
    for (size_t i = 0; r == 0 && i < report->n; i++) {
        const struct install_scriptlet *s = &report->scriptlets[i];
        if (s->status)
            progress_warn(b->progress, "%s of %s failed with status %d: %s", s->scriptlet,
                s->package, s->status, s->output);
        else if (*s->output)
            progress_info(b->progress, "%s of %s: %s", s->scriptlet, s->package, s->output);
    }
    return r;
}

/* What the system turned out to be; layout, operations and boot follow it. */
static int look_again(struct build *b, int root, struct err *err)
{
    struct era *era = NULL;
    int r = era_detect(root, &era, err);
    if (r < 0)
        return r;
    era_free(b->era);
    b->era = era;
    return build_decide(b, err);
}

static int make_mountpoints(const struct build *b, int root, struct err *err)
{
    for (size_t i = 0; i < b->layout->n; i++) {
        const char *mountpoint = b->layout->parts[i].mountpoint;
        int r = mountpoint ? file_make_directories_in(root, mountpoint, 0755) : 0;
        if (r < 0)
            return err_code(err, r, "cannot make '%s' in the root", mountpoint);
    }
    return 0;
}

static int configure(struct build *b, int root, struct err *err)
{
    struct configure_options options = {.console = b->boot_plan->console,
        .seed = b->plan->seed,
        .build_time = b->time,
        .allow_nochroot = b->request->recipe_options.allow_nochroot};
    return configure_apply(root, b->operations, b->era, &options, b->progress, err);
}

static int write_boot_files(struct build *b, int root, struct err *err)
{
    auto_cleanup(boot_files_free) struct boot_files *files = NULL;
    int r = boot_prepare(root, b->boot_plan, b->layout, b->era, b->progress, err);
    if (r == 0)
        r = boot_files_make(b->boot_plan, b->layout, b->era, &files, err);
    for (size_t i = 0; r == 0 && i < files->n; i++) {
        const struct boot_file *f = &files->v[i];
        r = boot_file_write(root, f, err);
    }
    return r;
}

static const struct era_kernel *kernel_of(const struct era *era, const char *release)
{
    for (size_t i = 0; i < era->n_kernels; i++)
        if (strcmp(era->kernels[i].release, release) == 0)
            return &era->kernels[i];
    return NULL;
}

static int make_initrd(const struct build *b, const struct tree *tree,
    const struct era_kernel *kernel, struct initrd *ret_initrd, struct err *err)
{
    struct initrd_options options = {
        .kernel = kernel,
        .root_fstype = b->boot_plan->root_part->fstype,
        .architecture = b->plan->arch,
        .with_xen = true,
        .with_virtio = true,
        .with_nvme = true,
        .with_ata = true,
        .with_scsi = true,
    };
    return initrd_make(tree, &options, ret_initrd, err);
}

/* What stands at 'path' now, by checksum; zeros when there is nothing. */
static void digest_of(int root, const char *path, uint8_t ret[SHA256_BYTES])
{
    auto_free char *bytes = NULL;
    size_t size = 0;
    memset(ret, 0, SHA256_BYTES);
    if (file_read_in(root, path, INITRD_MAX, &bytes, &size) == 0)
        digest_sha256(bytes, size, ret);
}

/* Write the initramfs of one entry. 'written' is what we last wrote there: zeros at first, and
 * where the recipe's %post has put another one in its place, that one stays. */
static int write_initrd(const struct build *b, int root, const struct tree *tree,
    const struct boot_entry *entry, uint8_t written[SHA256_BYTES], bool is_first, struct err *err)
{
    uint8_t there[SHA256_BYTES];
    digest_of(root, entry->initrd, there);
    if (!is_first && memcmp(there, written, SHA256_BYTES) != 0) {
        progress_info(b->progress, "'%s' was made by the recipe's %%post: it stays", entry->initrd);
        return 0;
    }
    const struct era_kernel *kernel = kernel_of(b->era, entry->kernel_release);
    struct initrd initrd = {0};
    int r = kernel ? make_initrd(b, tree, kernel, &initrd, err) : 0;
    if (r < 0 || !kernel)
        return r;
    digest_sha256(initrd.bytes, initrd.size, written);
    r = file_write_in(root, entry->initrd, initrd.bytes, initrd.size, INITRD_MODE);
    initrd_done(&initrd);
    return r < 0 ? err_code(err, r, "cannot write '%s' in the root", entry->initrd) : 0;
}

/* 'written' holds a checksum an entry. */
static int write_initrds(const struct build *b, int root, uint8_t (*written)[SHA256_BYTES],
    size_t n_written, bool is_first, struct err *err)
{
    auto_cleanup(tree_free) struct tree *tree = NULL;
    int r = tree_scan(root, b->time, &tree, err);
    for (size_t i = 0; r == 0 && i < b->boot_plan->n && i < n_written; i++)
        r = write_initrd(b, root, tree, &b->boot_plan->entries[i], written[i], is_first, err);
    return r;
}

static int make_bootable(struct build *b, int root, struct err *err)
{
    const struct configure_options options = {.seed = b->plan->seed,
        .build_time = b->time,
        .console = b->boot_plan->console,
        .file_bytes = b->layout->disk_bytes,
        .allow_nochroot = b->request->recipe_options.allow_nochroot};
    size_t n = b->boot_plan->n;
    auto_free uint8_t(*written)[SHA256_BYTES] = xcalloc(n, SHA256_BYTES);
    int r = write_boot_files(b, root, err);
    if (r == 0)
        r = write_initrds(b, root, written, n, true, err);
    if (r == 0)
        r = configure_scripts(root, b->recipe, &options, b->progress, err);
    if (r == 0)
        r = look_again(b, root, err);
    return r < 0 ? r : write_initrds(b, root, written, n, false, err);
}

int build_root(struct build *b, int root, const struct strv *paths, struct err *err)
{
    int r = install(b, root, paths, err);
    if (r < 0 || b->request->last == STAGE_INSTALL)
        return r;
    r = look_again(b, root, err);
    if (r == 0)
        r = make_mountpoints(b, root, err);
    if (r == 0)
        r = configure(b, root, err);
    if (r == 0)
        r = make_bootable(b, root, err);
    return r < 0 ? r : configure_clean(root, b->era, b->progress, err);
}
