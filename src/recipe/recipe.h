/*
 * A kickstart file as a value: what it asks for, with the place of every line.
 *
 * In: text (and the files it %includes). Out: an immutable struct recipe that owns its memory;
 * recipe_free() frees all of it. Strings are NULL and lists empty where the recipe says nothing;
 * nothing is defaulted here except where a field says so: defaults are the business of the rooms
 * behind. Sizes of partitions are whole MiB as kickstart has them.
 * Errors: ERR_RECIPE with 'file:line: command: ...' for what can't be understood. What is
 * understood and not supported is a refusal in the value: the recipe can still be printed, and
 * recipe_check_supported() turns the first refusal into an error. Warnings are in the value too.
 * Source: the kickstart documentation of pykickstart and the Red Hat installation guides, EL5 on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Where a line stands; file is the name as it was opened (an %included file names itself). */
struct recipe_place {
    const char *file;
    unsigned line; /* 1-based; 0: not in the recipe */
};

/* A value of three: the recipe may be silent. */
enum recipe_switch { RECIPE_UNSET, RECIPE_ON, RECIPE_OFF };

struct recipe_password {
    bool set;
    bool is_crypted; /* text is a crypt(5) string, else the password itself */
    bool lock;
    char *text; /* NULL with lock alone */
    struct recipe_place place;
};

struct recipe_user {
    char *name;
    struct strv groups; /* supplementary */
    struct recipe_password password;
    char *home, *shell, *gecos;
    int64_t uid, gid; /* -1: not given */
    struct recipe_place place;
};

struct recipe_group {
    char *name;
    int64_t gid; /* -1: not given */
    struct recipe_place place;
};

struct recipe_sshkey {
    char *user, *key;
    struct recipe_place place;
};

enum recipe_bootproto {
    BOOTPROTO_UNSET,
    BOOTPROTO_DHCP,
    BOOTPROTO_BOOTP,
    BOOTPROTO_STATIC,
    BOOTPROTO_QUERY,
    BOOTPROTO_IBFT
};

struct recipe_network {
    char *device; /* NULL, "link", "bootif", a name, or a MAC */
    enum recipe_bootproto bootproto;
    char *ip, *netmask, *gateway;
    struct strv nameservers;
    char *ipv6, *ipv6gateway; /* ipv6: address/prefix, "auto" or "dhcp" */
    char *hostname;
    enum recipe_switch onboot, activate;
    bool noipv4, noipv6, nodefroute, nodns;
    int mtu; /* 0: not given */
    char *ethtool, *dhcpclass;
    char *bondslaves, *bondopts, *bridgeslaves, *bridgeopts, *teamslaves, *teamconfig, *vlanid,
        *interfacename;
    struct recipe_place place;
};

struct recipe_firewall {
    enum recipe_switch enabled; /* RECIPE_UNSET: no firewall line */
    struct strv services;       /* names: ssh, http... (also from --ssh, --http ...) */
    struct strv ports;          /* "2222:tcp" */
    struct strv trusts;         /* devices */
    struct strv remove_services;
    bool use_system_defaults;
    struct recipe_place place;
};

enum recipe_selinux { SELINUX_UNSET, SELINUX_ENFORCING, SELINUX_PERMISSIVE, SELINUX_DISABLED };
enum recipe_firstboot { FIRSTBOOT_UNSET, FIRSTBOOT_ENABLE, FIRSTBOOT_DISABLE, FIRSTBOOT_RECONFIG };
enum recipe_auth_kind { AUTH_UNSET, AUTH_AUTHCONFIG, AUTH_AUTHSELECT };
enum recipe_finish { FINISH_UNSET, FINISH_REBOOT, FINISH_HALT, FINISH_POWEROFF, FINISH_SHUTDOWN };

/* A repository; the 'url' command is one named "url". Variables such as $releasever are as
 * written. Exactly one of baseurl, mirrorlist and metalink is set (or none: --repo gives it). */
struct recipe_repo {
    char *name, *baseurl, *mirrorlist, *metalink, *proxy, *gpgkey;
    struct strv include_packages, exclude_packages;
    int cost;     /* -1: not given */
    int priority; /* -1: not given */
    bool noverifyssl, ignoregroups, install;
    struct recipe_place place;
};

enum recipe_part_kind {
    PART_FILESYSTEM, /* mountpoint begins with '/' */
    PART_SWAP,
    PART_BIOSBOOT,
    PART_PREPBOOT,
    PART_PV,    /* pv.NN, named in mountpoint */
    PART_RAID,  /* raid.NN */
    PART_BTRFS, /* btrfs.NN */
};

struct recipe_part {
    enum recipe_part_kind kind;
    char *mountpoint; /* as written: "/", "/boot", "swap", "biosboot", "pv.01" */
    bool has_size;
    uint64_t size_mib, maxsize_mib; /* maxsize 0: none */
    bool grow, asprimary, recommended, hibernation, noformat;
    char *fstype, *label, *fsoptions, *mkfsoptions, *fsprofile, *uuid;
    char *ondisk, *onpart;
    struct recipe_place place;
};

struct recipe_volgroup {
    char *name;
    struct strv pvs;
    uint64_t pesize_kib; /* 0: not given */
    struct recipe_place place;
};

struct recipe_logvol {
    char *mountpoint, *name, *vgname, *fstype, *label, *fsoptions, *mkfsoptions;
    bool has_size, grow, recommended, thin;
    uint64_t size_mib, maxsize_mib;
    int percent; /* 0: not given */
    struct recipe_place place;
};

enum recipe_autopart_type {
    AUTOPART_DEFAULT,
    AUTOPART_PLAIN,
    AUTOPART_LVM,
    AUTOPART_BTRFS,
    AUTOPART_THINP
};

struct recipe_autopart {
    bool set, nohome, noswap, noboot;
    enum recipe_autopart_type type;
    char *fstype;
    struct recipe_place place;
};

enum recipe_location {
    LOCATION_UNSET,
    LOCATION_MBR,
    LOCATION_PARTITION,
    LOCATION_BOOT,
    LOCATION_NONE
};

struct recipe_bootloader {
    bool set, disabled, extlinux, leavebootorder, nombr, sdboot;
    enum recipe_location location;
    char *append;   /* kernel command line */
    int timeout;    /* seconds; -1: not given */
    char *password; /* NULL: none */
    bool password_is_crypted;
    char *boot_drive;
    struct recipe_place place;
};

enum recipe_package_kind { PACKAGE_NAME, PACKAGE_GROUP, PACKAGE_ENVIRONMENT };

/* A line of %packages. */
struct recipe_package {
    enum recipe_package_kind kind;
    bool exclude;    /* written with '-' */
    char *name;      /* without '@', '@^' and '-'; may be a glob, name.arch, or a file path */
    bool nodefaults; /* @group --nodefaults: mandatory packages only */
    bool optional;   /* @group --optional: optional packages too */
    struct recipe_place place;
};

struct recipe_packages {
    bool set; /* there is a %packages section */
    struct recipe_package *items;
    size_t n;
    bool excludedocs, nobase, nocore, ignoremissing, ignorebroken, exclude_weakdeps, use_default;
    bool has_instlangs;
    struct strv instlangs; /* with has_instlangs and empty: none at all */
    char *multilib;        /* NULL, "best", "all" */
    struct recipe_place place;
};

enum recipe_script_kind {
    SCRIPT_PRE,
    SCRIPT_PREINSTALL,
    SCRIPT_POST,
    SCRIPT_ONERROR,
    SCRIPT_TRACEBACK
};

struct recipe_script {
    enum recipe_script_kind kind;
    char *interpreter; /* default "/bin/sh" */
    bool erroronfail, nochroot;
    char *log;                 /* path inside the root; NULL: none */
    char *text;                /* the body, %include lines replaced by what they name */
    struct recipe_place place; /* of the section's header */
};

struct recipe_addon {
    char *name; /* com_redhat_kdump */
    struct strv args;
    char *text;
    struct recipe_place place;
};

struct recipe_warning {
    struct recipe_place place;
    char *text; /* without the place */
};

/* Something that is understood and that slipway does not do. The rest of the recipe is read. */
struct recipe_refusal {
    struct recipe_place place;
    char *text; /* without the place */
    char *hint; /* NULL, or what to write instead */
};

struct recipe {
    struct arena *arena; /* owns everything below */
    char *path;
    char *version; /* of a '#version=RHEL7' line, else NULL */

    char *lang;
    struct strv lang_addsupport;
    char *keymap; /* console keymap (keyboard's argument or --vckeymap) */
    struct strv xlayouts;
    char *timezone;
    bool timezone_set, timezone_utc, nontp;
    struct recipe_place timezone_place;
    struct strv ntp_servers, ntp_pools;

    struct recipe_password rootpw;
    enum recipe_switch rootpw_allow_ssh;
    struct recipe_user *users;
    size_t n_users;
    struct recipe_group *groups;
    size_t n_groups;
    struct recipe_sshkey *sshkeys;
    size_t n_sshkeys;

    struct recipe_network *networks; /* without lines that give a host name and nothing else */
    size_t n_networks;
    char *hostname; /* of the last network line that has one */
    struct recipe_firewall firewall;
    enum recipe_selinux selinux;
    struct strv services_enabled, services_disabled;
    struct recipe_place services_place;
    enum recipe_firstboot firstboot;
    enum recipe_auth_kind auth;
    struct strv auth_args;
    struct recipe_place auth_place;
    bool skipx;
    char *default_desktop; /* xconfig --defaultdesktop */

    struct recipe_repo *repos; /* 'url' first when given, then repo lines in order */
    size_t n_repos;
    struct recipe_place method_place; /* of cdrom, harddrive ...: a repository must be given */
    bool method_unusable;

    struct recipe_part *parts;
    size_t n_parts;
    struct recipe_volgroup *volgroups;
    size_t n_volgroups;
    struct recipe_logvol *logvols;
    size_t n_logvols;
    struct recipe_autopart autopart;
    bool reqpart, reqpart_add_boot;
    struct recipe_place reqpart_place;
    char *disklabel; /* clearpart --disklabel: msdos, gpt; "none" is slipway's own */
    bool zerombr;

    struct recipe_bootloader bootloader;
    struct recipe_packages packages;
    struct recipe_script *scripts;
    size_t n_scripts;
    struct recipe_addon *addons;
    size_t n_addons;
    enum recipe_finish finish;

    struct recipe_warning *warnings; /* in order of reading */
    size_t n_warnings;
    struct recipe_refusal *refusals; /* in order of reading; see recipe_check_supported() */
    size_t n_refusals;
    struct recipe_warning *notes; /* lines accepted without effect, and the like */
    size_t n_notes;
};

struct recipe_options {
    bool allow_nochroot; /* %post --nochroot is run in the sandbox with / seen outside the root */
};

/* Read 'path' and what it includes ("-": standard input). */
int recipe_read(const char *path, const struct recipe_options *options, struct recipe **ret_recipe,
    struct err *err);
/* The same from memory; 'name' stands for the file in messages, %include is relative to its
 * directory. */
int recipe_parse(const char *name, const char *text, size_t size,
    const struct recipe_options *options, struct recipe **ret_recipe, struct err *err);
/* 0 if there are no refusals; else *err is filled with the first (ERR_RECIPE, its place, its hint)
 * and says how many more there are. A recipe with refusals is good for printing only. */
int recipe_check_supported(const struct recipe *recipe, struct err *err);
void recipe_free(struct recipe *recipe);
DEFINE_CLEANUP(struct recipe *, recipe_free)

/* What was understood, one fact a line, for people and golden tests. Passwords are masked. */
void recipe_print(const struct recipe *recipe, FILE *out);
/* The same as a JSON object (keys are the fields' names). */
void recipe_print_json(const struct recipe *recipe, FILE *out);

/* Fill *err with ERR_RECIPE and 'file:line: ' before the text; returns -EINVAL. */
int recipe_error(struct err *err, struct recipe_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
