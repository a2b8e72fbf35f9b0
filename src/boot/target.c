#include <errno.h>
#include <string.h>

#include "boot/boot.h"

static const struct {
    enum boot_target target;
    const char *name;
} targets[] = {
    {TARGET_QEMU_BIOS, "qemu-bios"},
    {TARGET_EC2_PV, "ec2-pv"},
    {TARGET_EC2_HVM, "ec2-hvm"},
    {TARGET_EC2_NITRO, "ec2-nitro"},
    {TARGET_QEMU_UEFI, "qemu-uefi"},
};

const char *boot_target_name(enum boot_target target)
{
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
        if (targets[i].target == target)
            return targets[i].name;
    return "unknown";
}

int boot_target_parse(const char *name, enum boot_target *ret_target, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
        if (strcmp(targets[i].name, name) == 0) {
            *ret_target = targets[i].target;
            return 0;
        }
    (void)err_set(err, ERR_USAGE, -EINVAL, "there is no target '%s'", name);
    return err_hint(err, "targets are qemu-bios, ec2-pv, ec2-hvm, ec2-nitro and qemu-uefi");
}
