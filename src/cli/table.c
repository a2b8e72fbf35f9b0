#include <stddef.h>

#include "cli/options.h"

const struct command_info command_table[COMMAND_COUNT] = {
    [COMMAND_PLAN] = {"plan", "RECIPE",
        "Print what would be built: packages, partitions, operations, boot", 1, 1},
    [COMMAND_BUILD] = {"build", "RECIPE -o DISK",
        "Build a bootable disk image from a kickstart file", 1, 1},
    [COMMAND_BOOT] = {"boot", "DISK", "Start a disk image in QEMU, with its serial console here", 1,
        1},
    [COMMAND_CACHE] = {"cache", "list|prune|verify|path",
        "Show, shrink or check the cache of packages", 1, 1},
};

#define PLAN (1u << COMMAND_PLAN)
#define BUILD (1u << COMMAND_BUILD)
#define BOOT (1u << COMMAND_BOOT)
#define CACHE (1u << COMMAND_CACHE)
#define ALL (PLAN | BUILD | BOOT | CACHE)
#define AT(FIELD) offsetof(struct options, FIELD)

const struct option_info option_table[] = {
    {"output", 'o', OPTION_TEXT, "DISK", AT(output), BUILD, "the disk image to write"},
    {"size", 0, OPTION_SIZE, "SIZE", AT(size_bytes), PLAN | BUILD,
        "size of the disk, exactly (10G, 2048M); else as the recipe's partitions need"},
    {"force", 'f', OPTION_FLAG, NULL, AT(force), BUILD, "replace DISK if it exists"},
    {"for", 0, OPTION_TEXT, "TARGET", AT(target), PLAN | BUILD,
        "qemu-bios (default), ec2-pv or ec2-hvm: console and boot loader"},
    {"disklabel", 0, OPTION_TEXT, "LABEL", AT(disklabel), PLAN | BUILD,
        "msdos, gpt, or none: one file system on the whole disk"},
    {"console", 0, OPTION_TEXT, "TTY", AT(console), PLAN | BUILD,
        "console of the image (ttyS0, hvc0, tty0), instead of the target's"},
    {"format", 0, OPTION_TEXT, "FORMAT", AT(format), BUILD, "raw, the only one there is so far"},
    {"repo", 0, OPTION_LIST, "NAME=URL", AT(repos), PLAN | BUILD,
        "a repository; takes the place of the recipe's of that name (again for more)"},
    {"only-repo", 0, OPTION_FLAG, NULL, AT(only_repos), PLAN | BUILD,
        "use no repository but those given by --repo"},
    {"gpgkey", 0, OPTION_LIST, "FILE|URL", AT(gpgkeys), PLAN | BUILD,
        "a public key that packages may be signed with (again for more)"},
    {"no-gpgcheck", 0, OPTION_FLAG, NULL, AT(no_gpgcheck), PLAN | BUILD,
        "accept packages that nobody has signed"},
    {"releasever", 0, OPTION_TEXT, "VERSION", AT(releasever), PLAN | BUILD,
        "value of $releasever, and the release whose defaults hold"},
    {"arch", 0, OPTION_TEXT, "ARCH", AT(arch), PLAN | BUILD,
        "x86_64 (default here), i386, aarch64"},
    {"package", 0, OPTION_LIST, "NAME", AT(packages), PLAN | BUILD,
        "a package besides the recipe's (again for more)"},
    {"no-weak-deps", 0, OPTION_FLAG, NULL, AT(no_weak_deps), PLAN | BUILD,
        "leave out what is only recommended"},
    {"allow-nochroot", 0, OPTION_FLAG, NULL, AT(allow_nochroot), PLAN | BUILD,
        "accept recipes with '%post --nochroot'"},
    {"lock", 0, OPTION_TEXT, "FILE", AT(lock), PLAN, "write the plan, every package by checksum"},
    {"locked", 0, OPTION_TEXT, "FILE", AT(locked), PLAN | BUILD, "install exactly what FILE pins"},
    {"why", 0, OPTION_TEXT, "PACKAGE", AT(why), PLAN, "say why this package is in the plan"},
    {"recipe-only", 0, OPTION_FLAG, NULL, AT(recipe_only), PLAN,
        "print what was understood of the recipe, without any repository"},
    {"keep", 0, OPTION_FLAG, NULL, AT(keep), BUILD, "leave the working directory, and say where"},
    {"until", 0, OPTION_TEXT, "STAGE|TEXT", AT(until), BUILD | BOOT,
        "build: stop behind recipe, plan, fetch, install, configure or tree and print its result; "
        "boot: end with success when TEXT appears"},
    {"timeout", 0, OPTION_NUMBER, "SECONDS", AT(timeout_seconds), BOOT, "give up after so long"},
    {"disk", 0, OPTION_TEXT, "BUS", AT(disk_bus), BOOT, "virtio (default), ide, nvme or scsi"},
    {"memory", 'm', OPTION_NUMBER, "MIB", AT(memory_mib), BOOT, "memory (default 1024)"},
    {"cpus", 0, OPTION_NUMBER, "N", AT(processors), BOOT, "virtual processors (default 1)"},
    {"ssh-port", 0, OPTION_NUMBER, "PORT", AT(ssh_port), BOOT,
        "forward 127.0.0.1:PORT to the guest's port 22"},
    {"console-file", 0, OPTION_TEXT, "FILE", AT(console_file), BOOT,
        "write the console here too (default: DISK.console.log)"},
    {"write", 0, OPTION_FLAG, NULL, AT(write), BOOT,
        "let the guest change DISK (default: changes are thrown away)"},
    {"uefi", 0, OPTION_FLAG, NULL, AT(uefi), BOOT, "start by UEFI firmware instead of BIOS"},
    {"accel", 0, OPTION_TEXT, "NAME", AT(acceleration), BOOT,
        "kvm or tcg (default: kvm where it really works)"},
    {"days", 0, OPTION_NUMBER, "N", AT(days), CACHE,
        "prune: only what was not used for N days (default: everything)"},
    {"cache", 0, OPTION_TEXT, "DIRECTORY", AT(cache_directory), PLAN | BUILD | CACHE,
        "the cache (default $XDG_CACHE_HOME/slipway)"},
    {"offline", 0, OPTION_FLAG, NULL, AT(offline), PLAN | BUILD, "use only what the cache has"},
    {"refresh", 0, OPTION_FLAG, NULL, AT(refresh), PLAN | BUILD, "ask repositories for news again"},
    {"json", 0, OPTION_FLAG, NULL, AT(json), PLAN | BUILD | CACHE, "print the result as JSON"},
    {"verbose", 'v', OPTION_FLAG, NULL, AT(verbose), ALL, "say more on stderr"},
    {"quiet", 'q', OPTION_FLAG, NULL, AT(quiet), ALL, "no progress, warnings and errors only"},
    {"help", 'h', OPTION_FLAG, NULL, AT(help), ALL, "print this"},
    {"version", 0, OPTION_FLAG, NULL, AT(version), ALL, "print the version"},
};
const size_t option_table_size = ARRAY_SIZE(option_table);
