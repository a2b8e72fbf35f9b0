/* What the configuration files will name must be there: kernels in /boot, the loader's files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "boot/internal.h"

#define KERNEL_MAX ((size_t)256 << 20)
#define BLS_DIRECTORY "/boot/loader/entries"

/* Some kernels are installed beside their modules only: kernel-install would copy them. */
static int put_kernel(
    int root, const struct boot_entry *entry, const struct era_kernel *kernel, struct err *err)
{
    auto_free char *bytes = NULL;
    struct boot_file file = {.path = entry->kernel, .mode = 0755};
    if (strcmp(kernel->image, entry->kernel) == 0)
        return 0;
    int r = file_read_in(root, kernel->image, KERNEL_MAX, &bytes, &file.size);
    if (r < 0)
        return err_code(err, r, "cannot read the kernel '%s'", kernel->image);
    file.bytes = (uint8_t *)bytes;
    return boot_file_write(root, &file, err);
}

static int put_kernels(
    int root, const struct boot_plan *plan, const struct era *era, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < plan->n; i++)
        for (size_t j = 0; r == 0 && j < era->n_kernels; j++)
            if (strcmp(era->kernels[j].release, plan->entries[i].kernel_release) == 0)
                r = put_kernel(root, &plan->entries[i], &era->kernels[j], err);
    return r;
}

/* Entries that kernel packages' scripts have made name the root of the machine that builds. */
static int remove_entries(int root, struct err *err)
{
    int fd = file_open_in(root, BLS_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
    if (fd == -ENOENT)
        return 0;
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        int code = fd < 0 ? fd : -errno;
        if (fd >= 0)
            close(fd);
        return err_code(err, code, "cannot read '%s' in the root", BLS_DIRECTORY);
    }
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(directory));)
        if (str_ends(e->d_name, ".conf") && unlinkat(fd, e->d_name, 0) < 0)
            r = err_errno(err, "cannot remove '%s/%s' in the root", BLS_DIRECTORY, e->d_name);
    closedir(directory);
    return r;
}

int boot_prepare(int root, const struct boot_plan *plan, const struct layout *layout,
    const struct era *era, struct progress *progress, struct err *err)
{
    int r = put_kernels(root, plan, era, err);
    if (r == 0 && era->has_bls)
        r = remove_entries(root, err);
    if (r == 0 && plan->grub2_bios)
        r = boot_grub2_prepare(root, plan, layout, era, progress, err);
    if (r == 0 && plan->grub_legacy)
        r = boot_legacy_prepare(root, plan, era, err);
    return r;
}
