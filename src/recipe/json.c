/* The recipe as JSON: a table of fields for each struct. print.c makes the text of it. */
#include <jansson.h>
#include <string.h>

#include "recipe/internal.h"

enum kind {
    KIND_STRING,
    KIND_BOOL,
    KIND_SWITCH, /* enum recipe_switch: absent when unset */
    KIND_ENUM,   /* names[value]; NULL: absent */
    KIND_INT,    /* absent when it has the value 'absent' */
    KIND_INT64,
    KIND_SIZE, /* uint64_t: absent when 0 */
    KIND_LIST,
    KIND_PASSWORD,
    KIND_SECRET, /* a string that is not shown */
    KIND_PLACE,
};

struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *const *names;
    int absent;
};

#define FIELD(T, K, F)                                                                             \
    {                                                                                              \
        .name = #F, .kind = (K), .offset = offsetof(struct T, F)                                   \
    }
#define FIELD_NUMBER(T, K, F, ABSENT)                                                              \
    {                                                                                              \
        .name = #F, .kind = (K), .offset = offsetof(struct T, F), .absent = (ABSENT)               \
    }
#define FIELD_ENUM(T, F, N)                                                                        \
    {                                                                                              \
        .name = #F, .kind = KIND_ENUM, .offset = offsetof(struct T, F), .names = (N)               \
    }
#define FIELD_END                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static json_t *text(const char *s)
{
    json_t *value = json_string(s);
    if (value)
        return value;
    struct strbuf clean = {0}; /* not UTF-8: each odd byte becomes '?' */
    for (; *s; s++)
        strbuf_putc(&clean, (unsigned char)*s < 0x80 ? *s : '?');
    value = json_string(clean.s ? clean.s : "");
    strbuf_done(&clean);
    return value;
}

static json_t *list(const struct strv *v)
{
    json_t *array = json_array();
    for (size_t i = 0; i < v->n; i++)
        json_array_append_new(array, text(v->v[i]));
    return array;
}

static json_t *place_json(const struct recipe_place *place)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", text(place->file));
    json_object_set_new(object, "line", json_integer(place->line));
    return object;
}

static json_t *password_json(const struct recipe_password *password)
{
    json_t *object = json_object();
    if (password->text) {
        json_object_set_new(object, "is_crypted", json_boolean(password->is_crypted));
        json_object_set_new(object, "text", json_string("********"));
    }
    if (password->lock)
        json_object_set_new(object, "lock", json_true());
    return object;
}

static json_t *number_json(const struct field *f, const void *at)
{
    json_int_t value = 0;
    if (f->kind == KIND_INT)
        value = *(const int *)at;
    else if (f->kind == KIND_INT64)
        value = *(const int64_t *)at;
    else
        value = (json_int_t) * (const uint64_t *)at;
    return value == f->absent ? NULL : json_integer(value);
}

/* NULL: the recipe is silent. */
static json_t *field_json(const struct field *f, const void *object)
{
    const void *at = (const char *)object + f->offset;
    const char *string;
    switch (f->kind) {
    case KIND_STRING:
        string = *(char *const *)at;
        return string ? text(string) : NULL;
    case KIND_SECRET:
        return *(char *const *)at ? json_string("********") : NULL;
    case KIND_BOOL:
        return *(const bool *)at ? json_true() : NULL;
    case KIND_SWITCH:
        if (*(const enum recipe_switch *)at == RECIPE_UNSET)
            return NULL;
        return json_boolean(*(const enum recipe_switch *)at == RECIPE_ON);
    case KIND_ENUM:
        string = f->names[*(const int *)at];
        return string ? json_string(string) : NULL;
    case KIND_INT:
    case KIND_INT64:
    case KIND_SIZE:
        return number_json(f, at);
    case KIND_LIST:
        return ((const struct strv *)at)->n ? list(at) : NULL;
    case KIND_PASSWORD:
        return ((const struct recipe_password *)at)->set ? password_json(at) : NULL;
    case KIND_PLACE:
        return ((const struct recipe_place *)at)->line ? place_json(at) : NULL;
    }
    return NULL;
}

static void add_fields(json_t *to, const struct field *fields, const void *object)
{
    for (const struct field *f = fields; f->name; f++) {
        json_t *value = field_json(f, object);
        if (value)
            json_object_set_new(to, f->name, value);
    }
}

static json_t *object_json(const struct field *fields, const void *object)
{
    json_t *to = json_object();
    add_fields(to, fields, object);
    return to;
}

static void add_array(json_t *to, const char *name, const struct field *fields, const void *array,
    size_t n, size_t element_size)
{
    if (n == 0)
        return;
    json_t *values = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(values, object_json(fields, (const char *)array + i * element_size));
    json_object_set_new(to, name, values);
}

#define ADD_ARRAY(TO, R, NAME, FIELDS)                                                             \
    add_array((TO), #NAME, (FIELDS), (R)->NAME, (R)->n_##NAME, sizeof(*(R)->NAME))

static const char *const bootproto_names[] = {NULL, "dhcp", "bootp", "static", "query", "ibft"};
static const char *const selinux_names[] = {NULL, "enforcing", "permissive", "disabled"};
static const char *const firstboot_names[] = {NULL, "enable", "disable", "reconfig"};
static const char *const auth_names[] = {NULL, "authconfig", "authselect"};
static const char *const finish_names[] = {NULL, "reboot", "halt", "poweroff", "shutdown"};
static const char *const part_names[] = {
    "filesystem", "swap", "biosboot", "prepboot", "pv", "raid", "btrfs"};
static const char *const autopart_names[] = {NULL, "plain", "lvm", "btrfs", "thinp"};
static const char *const location_names[] = {NULL, "mbr", "partition", "boot", "none"};
static const char *const script_names[] = {"pre", "pre-install", "post", "onerror", "traceback"};
static const char *const package_names[] = {"package", "group", "environment"};

static const struct field system_fields[] = {
    FIELD(recipe, KIND_STRING, version),
    FIELD(recipe, KIND_STRING, lang),
    FIELD(recipe, KIND_LIST, lang_addsupport),
    FIELD(recipe, KIND_STRING, keymap),
    FIELD(recipe, KIND_LIST, xlayouts),
    FIELD(recipe, KIND_STRING, timezone),
    FIELD(recipe, KIND_BOOL, timezone_utc),
    FIELD(recipe, KIND_BOOL, nontp),
    FIELD(recipe, KIND_LIST, ntp_servers),
    FIELD(recipe, KIND_LIST, ntp_pools),
    FIELD(recipe, KIND_PASSWORD, rootpw),
    FIELD(recipe, KIND_SWITCH, rootpw_allow_ssh),
    FIELD(recipe, KIND_STRING, hostname),
    FIELD_ENUM(recipe, selinux, selinux_names),
    FIELD(recipe, KIND_LIST, services_enabled),
    FIELD(recipe, KIND_LIST, services_disabled),
    FIELD_ENUM(recipe, firstboot, firstboot_names),
    FIELD_ENUM(recipe, auth, auth_names),
    FIELD(recipe, KIND_LIST, auth_args),
    FIELD(recipe, KIND_BOOL, skipx),
    FIELD(recipe, KIND_STRING, default_desktop),
    FIELD_END,
};

static const struct field user_fields[] = {
    FIELD(recipe_user, KIND_STRING, name),
    FIELD(recipe_user, KIND_LIST, groups),
    FIELD(recipe_user, KIND_PASSWORD, password),
    FIELD(recipe_user, KIND_STRING, home),
    FIELD(recipe_user, KIND_STRING, shell),
    FIELD(recipe_user, KIND_STRING, gecos),
    FIELD_NUMBER(recipe_user, KIND_INT64, uid, -1),
    FIELD_NUMBER(recipe_user, KIND_INT64, gid, -1),
    FIELD(recipe_user, KIND_PLACE, place),
    FIELD_END,
};

static const struct field group_fields[] = {
    FIELD(recipe_group, KIND_STRING, name),
    FIELD_NUMBER(recipe_group, KIND_INT64, gid, -1),
    FIELD(recipe_group, KIND_PLACE, place),
    FIELD_END,
};

static const struct field sshkey_fields[] = {
    FIELD(recipe_sshkey, KIND_STRING, user),
    FIELD(recipe_sshkey, KIND_STRING, key),
    FIELD(recipe_sshkey, KIND_PLACE, place),
    FIELD_END,
};

static const struct field network_fields[] = {
    FIELD(recipe_network, KIND_STRING, device),
    FIELD_ENUM(recipe_network, bootproto, bootproto_names),
    FIELD(recipe_network, KIND_STRING, ip),
    FIELD(recipe_network, KIND_STRING, netmask),
    FIELD(recipe_network, KIND_STRING, gateway),
    FIELD(recipe_network, KIND_LIST, nameservers),
    FIELD(recipe_network, KIND_STRING, ipv6),
    FIELD(recipe_network, KIND_STRING, ipv6gateway),
    FIELD(recipe_network, KIND_STRING, hostname),
    FIELD(recipe_network, KIND_SWITCH, onboot),
    FIELD(recipe_network, KIND_SWITCH, activate),
    FIELD(recipe_network, KIND_BOOL, noipv4),
    FIELD(recipe_network, KIND_BOOL, noipv6),
    FIELD(recipe_network, KIND_BOOL, nodefroute),
    FIELD(recipe_network, KIND_BOOL, nodns),
    FIELD(recipe_network, KIND_INT, mtu),
    FIELD(recipe_network, KIND_STRING, ethtool),
    FIELD(recipe_network, KIND_STRING, dhcpclass),
    FIELD(recipe_network, KIND_STRING, bondslaves),
    FIELD(recipe_network, KIND_STRING, bondopts),
    FIELD(recipe_network, KIND_STRING, bridgeslaves),
    FIELD(recipe_network, KIND_STRING, bridgeopts),
    FIELD(recipe_network, KIND_STRING, teamslaves),
    FIELD(recipe_network, KIND_STRING, teamconfig),
    FIELD(recipe_network, KIND_STRING, vlanid),
    FIELD(recipe_network, KIND_STRING, interfacename),
    FIELD(recipe_network, KIND_PLACE, place),
    FIELD_END,
};

static const struct field firewall_fields[] = {
    FIELD(recipe_firewall, KIND_SWITCH, enabled),
    FIELD(recipe_firewall, KIND_LIST, services),
    FIELD(recipe_firewall, KIND_LIST, ports),
    FIELD(recipe_firewall, KIND_LIST, trusts),
    FIELD(recipe_firewall, KIND_LIST, remove_services),
    FIELD(recipe_firewall, KIND_BOOL, use_system_defaults),
    FIELD(recipe_firewall, KIND_PLACE, place),
    FIELD_END,
};

static const struct field repo_fields[] = {
    FIELD(recipe_repo, KIND_STRING, name),
    FIELD(recipe_repo, KIND_STRING, baseurl),
    FIELD(recipe_repo, KIND_STRING, mirrorlist),
    FIELD(recipe_repo, KIND_STRING, metalink),
    FIELD(recipe_repo, KIND_STRING, proxy),
    FIELD(recipe_repo, KIND_STRING, gpgkey),
    FIELD(recipe_repo, KIND_LIST, include_packages),
    FIELD(recipe_repo, KIND_LIST, exclude_packages),
    FIELD_NUMBER(recipe_repo, KIND_INT, cost, -1),
    FIELD_NUMBER(recipe_repo, KIND_INT, priority, -1),
    FIELD(recipe_repo, KIND_BOOL, noverifyssl),
    FIELD(recipe_repo, KIND_BOOL, ignoregroups),
    FIELD(recipe_repo, KIND_BOOL, install),
    FIELD(recipe_repo, KIND_PLACE, place),
    FIELD_END,
};

static const struct field part_fields[] = {
    FIELD(recipe_part, KIND_STRING, mountpoint),
    FIELD_ENUM(recipe_part, kind, part_names),
    FIELD(recipe_part, KIND_STRING, fstype),
    FIELD_NUMBER(recipe_part, KIND_SIZE, size_mib, -1),
    FIELD(recipe_part, KIND_SIZE, maxsize_mib),
    FIELD(recipe_part, KIND_BOOL, grow),
    FIELD(recipe_part, KIND_BOOL, asprimary),
    FIELD(recipe_part, KIND_BOOL, recommended),
    FIELD(recipe_part, KIND_BOOL, hibernation),
    FIELD(recipe_part, KIND_BOOL, noformat),
    FIELD(recipe_part, KIND_STRING, label),
    FIELD(recipe_part, KIND_STRING, fsoptions),
    FIELD(recipe_part, KIND_STRING, mkfsoptions),
    FIELD(recipe_part, KIND_STRING, fsprofile),
    FIELD(recipe_part, KIND_STRING, uuid),
    FIELD(recipe_part, KIND_STRING, ondisk),
    FIELD(recipe_part, KIND_STRING, onpart),
    FIELD(recipe_part, KIND_PLACE, place),
    FIELD_END,
};

static const struct field volgroup_fields[] = {
    FIELD(recipe_volgroup, KIND_STRING, name),
    FIELD(recipe_volgroup, KIND_LIST, pvs),
    FIELD(recipe_volgroup, KIND_SIZE, pesize_kib),
    FIELD(recipe_volgroup, KIND_PLACE, place),
    FIELD_END,
};

static const struct field logvol_fields[] = {
    FIELD(recipe_logvol, KIND_STRING, mountpoint),
    FIELD(recipe_logvol, KIND_STRING, name),
    FIELD(recipe_logvol, KIND_STRING, vgname),
    FIELD(recipe_logvol, KIND_STRING, fstype),
    FIELD(recipe_logvol, KIND_SIZE, size_mib),
    FIELD(recipe_logvol, KIND_SIZE, maxsize_mib),
    FIELD(recipe_logvol, KIND_INT, percent),
    FIELD(recipe_logvol, KIND_BOOL, grow),
    FIELD(recipe_logvol, KIND_BOOL, recommended),
    FIELD(recipe_logvol, KIND_BOOL, thin),
    FIELD(recipe_logvol, KIND_STRING, label),
    FIELD(recipe_logvol, KIND_STRING, fsoptions),
    FIELD(recipe_logvol, KIND_STRING, mkfsoptions),
    FIELD(recipe_logvol, KIND_PLACE, place),
    FIELD_END,
};

static const struct field autopart_fields[] = {
    FIELD(recipe_autopart, KIND_BOOL, set),
    FIELD_ENUM(recipe_autopart, type, autopart_names),
    FIELD(recipe_autopart, KIND_STRING, fstype),
    FIELD(recipe_autopart, KIND_BOOL, nohome),
    FIELD(recipe_autopart, KIND_BOOL, noswap),
    FIELD(recipe_autopart, KIND_BOOL, noboot),
    FIELD(recipe_autopart, KIND_PLACE, place),
    FIELD_END,
};

static const struct field disk_fields[] = {
    FIELD(recipe, KIND_STRING, disklabel),
    FIELD(recipe, KIND_BOOL, zerombr),
    FIELD(recipe, KIND_BOOL, reqpart),
    FIELD(recipe, KIND_BOOL, reqpart_add_boot),
    FIELD_END,
};

static const struct field bootloader_fields[] = {
    FIELD(recipe_bootloader, KIND_BOOL, set),
    FIELD_ENUM(recipe_bootloader, location, location_names),
    FIELD(recipe_bootloader, KIND_BOOL, disabled),
    FIELD(recipe_bootloader, KIND_STRING, append),
    FIELD_NUMBER(recipe_bootloader, KIND_INT, timeout, -1),
    FIELD(recipe_bootloader, KIND_SECRET, password),
    FIELD(recipe_bootloader, KIND_BOOL, password_is_crypted),
    FIELD(recipe_bootloader, KIND_STRING, boot_drive),
    FIELD(recipe_bootloader, KIND_BOOL, extlinux),
    FIELD(recipe_bootloader, KIND_BOOL, leavebootorder),
    FIELD(recipe_bootloader, KIND_BOOL, nombr),
    FIELD(recipe_bootloader, KIND_BOOL, sdboot),
    FIELD(recipe_bootloader, KIND_PLACE, place),
    FIELD_END,
};

static const struct field packages_fields[] = {
    FIELD(recipe_packages, KIND_BOOL, set),
    FIELD(recipe_packages, KIND_BOOL, excludedocs),
    FIELD(recipe_packages, KIND_BOOL, nobase),
    FIELD(recipe_packages, KIND_BOOL, nocore),
    FIELD(recipe_packages, KIND_BOOL, ignoremissing),
    FIELD(recipe_packages, KIND_BOOL, ignorebroken),
    FIELD(recipe_packages, KIND_BOOL, exclude_weakdeps),
    FIELD(recipe_packages, KIND_BOOL, use_default),
    FIELD(recipe_packages, KIND_BOOL, has_instlangs),
    FIELD(recipe_packages, KIND_LIST, instlangs),
    FIELD(recipe_packages, KIND_STRING, multilib),
    FIELD(recipe_packages, KIND_PLACE, place),
    FIELD_END,
};

static const struct field package_fields[] = {
    FIELD(recipe_package, KIND_STRING, name),
    FIELD_ENUM(recipe_package, kind, package_names),
    FIELD(recipe_package, KIND_BOOL, exclude),
    FIELD(recipe_package, KIND_BOOL, nodefaults),
    FIELD(recipe_package, KIND_BOOL, optional),
    FIELD(recipe_package, KIND_PLACE, place),
    FIELD_END,
};

static const struct field script_fields[] = {
    FIELD_ENUM(recipe_script, kind, script_names),
    FIELD(recipe_script, KIND_STRING, interpreter),
    FIELD(recipe_script, KIND_BOOL, erroronfail),
    FIELD(recipe_script, KIND_BOOL, nochroot),
    FIELD(recipe_script, KIND_STRING, log),
    FIELD(recipe_script, KIND_STRING, text),
    FIELD(recipe_script, KIND_PLACE, place),
    FIELD_END,
};

static const struct field addon_fields[] = {
    FIELD(recipe_addon, KIND_STRING, name),
    FIELD(recipe_addon, KIND_LIST, args),
    FIELD(recipe_addon, KIND_STRING, text),
    FIELD(recipe_addon, KIND_PLACE, place),
    FIELD_END,
};

static const struct field finish_fields[] = {
    FIELD_ENUM(recipe, finish, finish_names),
    FIELD(recipe, KIND_BOOL, method_unusable),
    FIELD_END,
};

static const struct field message_fields[] = {
    FIELD(recipe_warning, KIND_STRING, text),
    FIELD(recipe_warning, KIND_PLACE, place),
    FIELD_END,
};

static const struct field refusal_fields[] = {
    FIELD(recipe_refusal, KIND_STRING, text),
    FIELD(recipe_refusal, KIND_STRING, hint),
    FIELD(recipe_refusal, KIND_PLACE, place),
    FIELD_END,
};

static void add_packages(json_t *to, const struct recipe_packages *packages)
{
    if (!packages->set)
        return;
    json_t *object = object_json(packages_fields, packages);
    add_array(
        object, "items", package_fields, packages->items, packages->n, sizeof(*packages->items));
    json_object_set_new(to, "packages", object);
}

/* A part that was given a size of 0 differs from one that was given none. */
static void drop_absent_sizes(json_t *to, const struct recipe *recipe)
{
    json_t *parts = json_object_get(to, "parts");
    for (size_t i = 0; i < recipe->n_parts; i++)
        if (!recipe->parts[i].has_size)
            json_object_del(json_array_get(parts, i), "size_mib");
}

struct json_t *recipe_json(const struct recipe *recipe)
{
    json_t *to = json_object();
    json_object_set_new(to, "path", text(recipe->path));
    add_fields(to, system_fields, recipe);
    ADD_ARRAY(to, recipe, users, user_fields);
    ADD_ARRAY(to, recipe, groups, group_fields);
    ADD_ARRAY(to, recipe, sshkeys, sshkey_fields);
    ADD_ARRAY(to, recipe, networks, network_fields);
    if (recipe->firewall.enabled != RECIPE_UNSET)
        json_object_set_new(to, "firewall", object_json(firewall_fields, &recipe->firewall));
    ADD_ARRAY(to, recipe, repos, repo_fields);
    add_fields(to, disk_fields, recipe);
    if (recipe->autopart.set)
        json_object_set_new(to, "autopart", object_json(autopart_fields, &recipe->autopart));
    ADD_ARRAY(to, recipe, parts, part_fields);
    drop_absent_sizes(to, recipe);
    ADD_ARRAY(to, recipe, volgroups, volgroup_fields);
    ADD_ARRAY(to, recipe, logvols, logvol_fields);
    if (recipe->bootloader.set)
        json_object_set_new(to, "bootloader", object_json(bootloader_fields, &recipe->bootloader));
    add_packages(to, &recipe->packages);
    ADD_ARRAY(to, recipe, scripts, script_fields);
    ADD_ARRAY(to, recipe, addons, addon_fields);
    add_fields(to, finish_fields, recipe);
    ADD_ARRAY(to, recipe, notes, message_fields);
    ADD_ARRAY(to, recipe, warnings, message_fields);
    ADD_ARRAY(to, recipe, refusals, refusal_fields);
    return to;
}

void recipe_print_json(const struct recipe *recipe, FILE *out)
{
    json_t *object = recipe_json(recipe);
    json_dumpf(object, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(object);
}
