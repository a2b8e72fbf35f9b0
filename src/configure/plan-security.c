#include <stdlib.h>
#include <string.h>

#include "configure/parts.h"

void plan_selinux(struct planner *p)
{
    static const char *const modes[] = {
        [SELINUX_ENFORCING] = "enforcing",
        [SELINUX_PERMISSIVE] = "permissive",
        [SELINUX_DISABLED] = "disabled",
    };
    const char *file = "/etc/selinux/config";
    enum recipe_selinux mode = p->recipe->selinux;
    p->place = plan_no_place();
    if (mode != SELINUX_UNSET) {
        struct operation *o = plan_set(p, file, "SELINUX", "SELINUX=%s", modes[mode]);
        o->only_if = plan_strdup(p, file);
        if (mode == SELINUX_ENFORCING)
            o->otherwise = plan_strdup(
                p, "selinux: '--enforcing' is asked for, but no SELinux policy is installed");
    }
    /* Files get their labels at the first boot: the policy's tools can't set them here. */
    if (p->era->has_selinux && mode != SELINUX_DISABLED)
        plan_write(p, "/.autorelabel", 0644, "")->only_if = plan_strdup(p, file);
}

static void add_port_rule(struct strbuf *b, const char *port, const char *chain)
{
    const char *colon = strchrnul(port, ':');
    auto_free char *number = xstrndup(port, (size_t)(colon - port));
    for (char *c = number; *c; c++) /* 6000-6010 */
        if (*c == '-')
            *c = ':';
    const char *protocol = *colon ? colon + 1 : "tcp";
    strbuf_printf(b, "-A %s -m state --state NEW -m %s -p %s --dport %s -j ACCEPT\n", chain,
        protocol, protocol, number);
}

/* What lokkit knows by name. */
static const char *port_of(const char *service)
{
    static const struct {
        const char *name, *port;
    } table[] = {{"ssh", "22:tcp"}, {"http", "80:tcp"}, {"https", "443:tcp"}, {"ftp", "21:tcp"},
        {"telnet", "23:tcp"}, {"smtp", "25:tcp"}, {"dns", "53:udp"}, {"mdns", "5353:udp"},
        {"nfs", "2049:tcp"}, {"samba", "445:tcp"}, {"imaps", "993:tcp"}, {"pop3s", "995:tcp"},
        {"ipp", "631:tcp"}, {"dhcpv6-client", "546:udp"}};
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (strcmp(table[i].name, service) == 0)
            return table[i].port;
    return NULL;
}

/* The rules of EL6's lokkit: what belongs to a connection, ICMP, loopback, the doors; no more. */
static char *iptables_rules(const struct recipe_firewall *firewall, bool is_ipv6)
{
    auto_strbuf struct strbuf b = {0};
    strbuf_puts(&b, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                    "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n");
    strbuf_printf(&b, "-A INPUT -p %s -j ACCEPT\n", is_ipv6 ? "ipv6-icmp" : "icmp");
    strbuf_puts(&b, "-A INPUT -i lo -j ACCEPT\n");
    for (size_t i = 0; i < firewall->trusts.n; i++)
        strbuf_printf(&b, "-A INPUT -i %s -j ACCEPT\n", firewall->trusts.v[i]);
    if (!strv_has(&firewall->remove_services, "ssh"))
        add_port_rule(&b, "22:tcp", "INPUT");
    for (size_t i = 0; i < firewall->services.n; i++) {
        const char *service = firewall->services.v[i], *port = port_of(service);
        if (port && strcmp(service, "ssh") != 0 && !strv_has(&firewall->remove_services, service))
            add_port_rule(&b, port, "INPUT");
    }
    for (size_t i = 0; i < firewall->ports.n; i++)
        add_port_rule(&b, firewall->ports.v[i], "INPUT");
    const char *reject = is_ipv6 ? "icmp6-adm-prohibited" : "icmp-host-prohibited";
    strbuf_printf(&b,
        "-A INPUT -j REJECT --reject-with %s\n-A FORWARD -j REJECT --reject-with %s\nCOMMIT\n",
        reject, reject);
    return strbuf_steal(&b);
}

static void plan_iptables(struct planner *p)
{
    static const char *const names[] = {"iptables", "ip6tables"};
    const struct recipe_firewall *f = &p->recipe->firewall;
    for (size_t i = 0; i < f->services.n; i++)
        if (!port_of(f->services.v[i]))
            plan_warn(p, "firewall: the ports of service '%s' are not known: write --port",
                f->services.v[i]);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        auto_free char *rules = iptables_rules(f, i == 1);
        auto_free char *path = xprintf("/etc/sysconfig/%s", names[i]);
        auto_free char *script = xprintf("/etc/rc.d/init.d/%s", names[i]);
        plan_write(p, path, 0600, rules)->only_if = plan_strdup(p, script);
        plan_service(p, OP_ENABLE, names[i])->optional = true;
    }
}

static void add_arguments(
    struct arena *arena, struct strv *argv, const char *option, const struct strv *values)
{
    for (size_t i = 0; i < values->n; i++) {
        const char *argument = arena_printf(arena, "--%s=%s", option, values->v[i]);
        if (!strv_has(argv, argument))
            strv_arena_add(arena, argv, argument);
    }
}

static void plan_firewalld(struct planner *p)
{
    static const char *const argv[] = {"/usr/bin/firewall-offline-cmd", "--enabled", NULL};
    const struct recipe_firewall *f = &p->recipe->firewall;
    struct arena *arena = p->operations->arena;
    struct operation *o = plan_run(p, argv, NULL);
    bool asked = f->services.n || f->ports.n || f->trusts.n || f->remove_services.n;
    if (!strv_has(&f->remove_services, "ssh"))
        strv_arena_add(arena, &o->argv, "--service=ssh");
    add_arguments(arena, &o->argv, "service", &f->services);
    add_arguments(arena, &o->argv, "port", &f->ports);
    add_arguments(arena, &o->argv, "trust", &f->trusts);
    add_arguments(arena, &o->argv, "remove-service", &f->remove_services);
    if (asked)
        o->otherwise =
            plan_strdup(p, "firewall: no firewalld is installed, so nothing is opened or closed");
    plan_service(p, OP_ENABLE, "firewalld")->optional = true;
}

void plan_firewall(struct planner *p)
{
    static const char *const services[] = {"firewalld", "iptables", "ip6tables"};
    const struct recipe_firewall *f = &p->recipe->firewall;
    p->place = f->place;
    if (f->enabled == RECIPE_OFF)
        for (size_t i = 0; i < ARRAY_SIZE(services); i++)
            plan_service(p, OP_DISABLE, services[i])->optional = true;
    else if (plan_is_old(p))
        plan_iptables(p);
    else if (f->enabled == RECIPE_ON && !f->use_system_defaults)
        plan_firewalld(p);
    p->place = plan_no_place();
}

/* Hashes are slipway's own business (shadow files, SHA-512); the rest needs the image's tool. */
static bool is_about_hashes(const char *argument)
{
    static const char *const harmless[] = {"--enableshadow", "--useshadow", "--passalgo",
        "--enablemd5", "--disablemd5", "--kickstart", "--update", "--nostart"};
    for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
        if (str_starts(argument, harmless[i]))
            return true;
    return false;
}

static const char *hash_asked(const struct strv *args)
{
    for (size_t i = 0; i < args->n; i++)
        if (str_starts(args->v[i], "--passalgo="))
            return args->v[i] + strlen("--passalgo=");
    for (size_t i = 0; i < args->n; i++)
        if (strcmp(args->v[i], "--passalgo") == 0 && i + 1 < args->n)
            return args->v[i + 1];
    return strv_has(args, "--enablemd5") ? "md5" : NULL;
}

static void plan_encryption(struct planner *p, const char *tool)
{
    const char *hash = hash_asked(&p->recipe->auth_args);
    if (!hash)
        return;
    auto_free char *upper = xstrdup(hash);
    for (char *c = upper; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    struct operation *o =
        plan_set(p, "/etc/login.defs", "ENCRYPT_METHOD", "ENCRYPT_METHOD %s", upper);
    o->only_if = plan_strdup(p, "/etc/login.defs");
    o->unless = plan_strdup(p, tool);
}

void plan_authentication(struct planner *p)
{
    const struct recipe *r = p->recipe;
    static const char *const authconfig[] = {"/usr/sbin/authconfig", "--update", "--nostart", NULL};
    static const char *const authselect[] = {"/usr/bin/authselect", NULL};
    if (r->auth == AUTH_UNSET)
        return;
    p->place = r->auth_place;
    bool matters = r->auth == AUTH_AUTHSELECT;
    for (size_t i = 0; i < r->auth_args.n; i++)
        if (r->auth_args.v[i][0] == '-' && !is_about_hashes(r->auth_args.v[i]))
            matters = true;
    const char *const *tool = r->auth == AUTH_AUTHSELECT ? authselect : authconfig;
    struct operation *o = plan_run(p, tool, &r->auth_args);
    if (matters)
        o->otherwise = arena_printf(p->operations->arena,
            "'%s' is not installed, so how users log in stays as the packages have it", tool[0]);
    if (r->auth == AUTH_AUTHCONFIG)
        plan_encryption(p, tool[0]);
    p->place = plan_no_place();
}
