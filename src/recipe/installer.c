/* Commands about an installer: without effect, or about something that slipway does not do. */
#include <stddef.h>

#include "recipe/internal.h"

static const struct option_spec display_options[] = {
    OPTION_QUIET("non-interactive", OPTION_NONE),
    OPTION_END,
};

static const struct option_spec logging_options[] = {
    OPTION_QUIET("host", OPTION_VALUE),
    OPTION_QUIET("port", OPTION_VALUE),
    OPTION_QUIET("level", OPTION_VALUE),
    OPTION_END,
};

static const struct option_spec eula_options[] = {
    OPTION_QUIET("agreed", OPTION_NONE),
    OPTION_QUIET("agree", OPTION_NONE),
    OPTION_QUIET("accepted", OPTION_NONE),
    OPTION_QUIET("accept", OPTION_NONE),
    OPTION_END,
};

static const struct option_spec sshpw_options[] = {
    OPTION_QUIET("username", OPTION_VALUE),
    OPTION_QUIET("iscrypted", OPTION_NONE),
    OPTION_QUIET("plaintext", OPTION_NONE),
    OPTION_QUIET("lock", OPTION_NONE),
    OPTION_QUIET("sshkey", OPTION_NONE),
    OPTION_END,
};

static const struct option_spec vnc_options[] = {
    OPTION_QUIET("host", OPTION_VALUE),
    OPTION_QUIET("port", OPTION_VALUE),
    OPTION_QUIET("password", OPTION_VALUE),
    OPTION_QUIET("connect", OPTION_VALUE),
    OPTION_QUIET("username", OPTION_VALUE),
    OPTION_END,
};

#define QUIET(N)                                                                                   \
    {                                                                                              \
        .name = (N), .raw = true, .class = CLASS_QUIET                                             \
    }
#define QUIET_WITH(N, O, MAX)                                                                      \
    {                                                                                              \
        .name = (N), .options = (O), .max_args = (MAX), .class = CLASS_QUIET                       \
    }

const struct command_spec installer_commands[] = {
    QUIET_WITH("text", display_options, 0),
    QUIET_WITH("cmdline", display_options, 0),
    QUIET_WITH("graphical", display_options, 0),
    QUIET_WITH("logging", logging_options, 0),
    QUIET_WITH("eula", eula_options, 0),
    QUIET_WITH("sshpw", sshpw_options, 1000),
    QUIET_WITH("vnc", vnc_options, 0),
    QUIET_WITH("rdp", vnc_options, 0),
    {.name = "install",
        .raw = true,
        .class = CLASS_QUIET,
        .note = "RHEL 8 and Fedora 29 removed it"},
    QUIET("mediacheck"),
    QUIET("unsupported_hardware"),
    QUIET("monitor"),
    QUIET("mouse"),
    QUIET("langsupport"),
    QUIET("device"),
    QUIET("deviceprobe"),
    QUIET("driverdisk"),
    QUIET("updates"),
    QUIET("interactive"),
    QUIET("autostep"),
    QUIET("rescue"),
    QUIET("key"),
    QUIET("lilocheck"),
    QUIET("keepkickstart"),
    QUIET("nokickstart"),
    {.name = "zipl",
        .raw = true,
        .class = CLASS_WARN,
        .note = "the boot loader of IBM Z is not written; it has no effect"},
    {.name = "syspurpose",
        .raw = true,
        .class = CLASS_WARN,
        .note = "subscriptions are not handled; it has no effect"},
    {.name = NULL},
};

#define REFUSED(N, NOTE, CURE)                                                                     \
    {                                                                                              \
        .name = (N), .class = CLASS_REFUSE, .note = (NOTE), .cure = (CURE)                         \
    }
#define DISK_NOTE "the image is one new disk; storage elsewhere is not touched"
#define DISK_CURE "take the line out and write part lines for the image itself"
#define PACKAGES_CURE "give repositories by url and repo lines and packages in %packages"

const struct command_spec refused_commands[] = {
    REFUSED("ostreesetup", "OSTree deployments are not made", PACKAGES_CURE),
    REFUSED("ostreecontainer", "OSTree deployments are not made", PACKAGES_CURE),
    REFUSED("bootc", "bootable containers are not made", PACKAGES_CURE),
    REFUSED("liveimg", "a finished image is not unpacked", PACKAGES_CURE),
    REFUSED("nfs", "packages are not read from NFS",
        "mount the export and write url --url=file:///PATH, or use its http address"),
    REFUSED("hmc", "packages are not read from a console", PACKAGES_CURE),
    REFUSED("upgrade", "an old system is not upgraded: the disk is new", "take the line out"),
    REFUSED("iscsi", DISK_NOTE, DISK_CURE),
    REFUSED("iscsiname", DISK_NOTE, DISK_CURE),
    REFUSED("fcoe", DISK_NOTE, DISK_CURE),
    REFUSED("zfcp", DISK_NOTE, DISK_CURE),
    REFUSED("nvdimm", DISK_NOTE, DISK_CURE),
    REFUSED("dmraid", DISK_NOTE, DISK_CURE),
    REFUSED("multipath", DISK_NOTE, DISK_CURE),
    REFUSED("mount", "a file system that is already there is not mounted: the disk is new",
        "write part MOUNTPOINT --size=MiB"),
    REFUSED("raid", "software RAID is not made",
        "write part lines with mount points: one disk image has nothing to mirror"),
    REFUSED("btrfs", "btrfs is not made", "write part / --fstype=ext4"),
    REFUSED("snapshot", "snapshots of volumes are not made", "take the line out"),
    REFUSED("realm", "a domain is not joined at build time: its secret would be in the image",
        "join at first boot, for example by cloud-init"),
    REFUSED("rhsm",
        "a subscription is not registered at build time: its secret would be in the "
        "image",
        "register at first boot; give repositories by repo lines"),
    REFUSED("module", "module streams are not enabled",
        "use a repository without modules, and name the packages"),
    {.name = NULL},
};
