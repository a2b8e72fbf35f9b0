/* network and firewall. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

static const struct choice bootprotos[] = {
    {"dhcp", BOOTPROTO_DHCP},
    {"bootp", BOOTPROTO_BOOTP},
    {"static", BOOTPROTO_STATIC},
    {"query", BOOTPROTO_QUERY},
    {"ibft", BOOTPROTO_IBFT},
    {NULL, 0},
};

#define NOT_WRITTEN "it is not written to the image's configuration; write the file in %post"
#define N(field) OFFSET(recipe_network, field)

static const struct option_spec network_options[] = {
    OPTION("device", OPTION_STRING, N(device)),
    OPTION_ONE_OF("bootproto", N(bootproto), bootprotos),
    OPTION("ip", OPTION_STRING, N(ip)),
    OPTION("netmask", OPTION_STRING, N(netmask)),
    OPTION("gateway", OPTION_STRING, N(gateway)),
    OPTION("nameserver", OPTION_LIST, N(nameservers)),
    OPTION("ipv6", OPTION_STRING, N(ipv6)),
    OPTION("ipv6gateway", OPTION_STRING, N(ipv6gateway)),
    OPTION("hostname", OPTION_STRING, N(hostname)),
    OPTION("onboot", OPTION_SWITCH, N(onboot)),
    OPTION_SET("activate", N(activate), RECIPE_ON),
    OPTION_SET("no-activate", N(activate), RECIPE_OFF),
    OPTION("noipv4", OPTION_FLAG, N(noipv4)),
    OPTION("noipv6", OPTION_FLAG, N(noipv6)),
    OPTION("nodefroute", OPTION_FLAG, N(nodefroute)),
    OPTION("nodns", OPTION_FLAG, N(nodns)),
    OPTION("mtu", OPTION_INT, N(mtu)),
    OPTION("ethtool", OPTION_STRING, N(ethtool)),
    OPTION("dhcpclass", OPTION_STRING, N(dhcpclass)),
    OPTION("class", OPTION_STRING, N(dhcpclass)),
    OPTION("bondslaves", OPTION_STRING, N(bondslaves)),
    OPTION("bondopts", OPTION_STRING, N(bondopts)),
    OPTION("bridgeslaves", OPTION_STRING, N(bridgeslaves)),
    OPTION("bridgeopts", OPTION_STRING, N(bridgeopts)),
    OPTION("teamslaves", OPTION_STRING, N(teamslaves)),
    OPTION("teamconfig", OPTION_STRING, N(teamconfig)),
    OPTION("vlanid", OPTION_STRING, N(vlanid)),
    OPTION("interfacename", OPTION_STRING, N(interfacename)),
    OPTION_QUIET("notksdevice", OPTION_NONE),
    OPTION_QUIET("bindto", OPTION_VALUE),
    OPTION_WARNED("essid", OPTION_VALUE, NOT_WRITTEN),
    OPTION_WARNED("wepkey", OPTION_VALUE, NOT_WRITTEN),
    OPTION_WARNED("wpakey", OPTION_VALUE, NOT_WRITTEN),
    OPTION_WARNED("ipv4-dns-search", OPTION_VALUE, NOT_WRITTEN),
    OPTION_WARNED("ipv6-dns-search", OPTION_VALUE, NOT_WRITTEN),
    OPTION_WARNED("ipv4-ignore-auto-dns", OPTION_NONE, NOT_WRITTEN),
    OPTION_WARNED("ipv6-ignore-auto-dns", OPTION_NONE, NOT_WRITTEN),
    OPTION_END,
};

static bool is_ipv4(const char *s)
{
    struct in_addr a;
    return inet_pton(AF_INET, s, &a) == 1;
}

static int check_address(struct command *c, const char *option, const char *value)
{
    if (!value || is_ipv4(value))
        return 0;
    bool is_mask = strcmp(option, "netmask") == 0;
    return command_error(c, is_mask ? "write it as 255.255.255.0" : "write it as 192.0.2.10",
        "'--%s=%s' is no IPv4 address", option, value);
}

static int check_nameservers(struct command *c, const struct strv *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct in6_addr six;
        if (!is_ipv4(list->v[i]) && inet_pton(AF_INET6, list->v[i], &six) != 1)
            return command_error(c, "write addresses with commas between, as 192.0.2.1,2001:db8::1",
                "'--nameserver=%s' is no IP address", list->v[i]);
    }
    return 0;
}

static int check_static(struct command *c, const struct recipe_network *n)
{
    if (n->bootproto != BOOTPROTO_STATIC)
        return 0;
    if (!n->ip && !n->noipv4 && !n->ipv6)
        return command_error(c,
            "add --ip=ADDRESS --netmask=MASK --gateway=ADDRESS, or write "
            "--bootproto=dhcp",
            "--bootproto=static without --ip");
    if (n->ip && !n->netmask)
        return command_error(c, "add --netmask=255.255.255.0", "--ip=%s without --netmask", n->ip);
    return 0;
}

static bool is_hostname(const char *s)
{
    return *s != '\0' && strlen(s) <= 253 && *s != '-' && *s != '.' &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] ==
               '\0';
}

static int finish_network(struct command *c)
{
    struct recipe_network *n = c->target;
    struct recipe *recipe = c->parser->recipe;
    n->place = c->place;
    int r = check_static(c, n);
    if (r == 0)
        r = check_address(c, "ip", n->ip);
    if (r == 0)
        r = check_address(c, "netmask", n->netmask);
    if (r == 0)
        r = check_address(c, "gateway", n->gateway);
    if (r == 0)
        r = check_nameservers(c, &n->nameservers);
    if (r < 0)
        return r;
    if (n->hostname && !is_hostname(n->hostname))
        return command_error(
            c, "use letters, digits, '-' and '.'", "'--hostname=%s' is no host name", n->hostname);
    if (n->device && (strchr(n->device, '/') || strpbrk(n->device, " \t")))
        return command_error(c, "write a name as eth0, or link for the first that has a link",
            "'--device=%s' is no network device", n->device);
    if (n->hostname)
        recipe->hostname = n->hostname;
    bool only_hostname = n->hostname && (c->given & (c->given - 1)) == 0;
    if (only_hostname)
        return 0;
    *arena_push(c->parser->arena, recipe->networks, recipe->n_networks) = *n;
    return 0;
}

/* A firewall line is read into a copy of what there is, so that it can be checked as a whole. */
struct firewall_line {
    struct recipe_firewall firewall;
    struct strv ports;
};

#define F(field) offsetof(struct firewall_line, firewall.field)
#define FIREWALL_SERVICE(N)                                                                        \
    {                                                                                              \
        .name = (N), .type = OPTION_ITEM, .offset = F(services), .item = (N)                       \
    }

static const struct option_spec firewall_options[] = {
    OPTION_SET("enabled", F(enabled), RECIPE_ON),
    OPTION_SET("enable", F(enabled), RECIPE_ON),
    OPTION_SET("disabled", F(enabled), RECIPE_OFF),
    OPTION_SET("disable", F(enabled), RECIPE_OFF),
    OPTION("service", OPTION_LIST, F(services)),
    OPTION("port", OPTION_LIST, OFFSET(firewall_line, ports)),
    OPTION("trust", OPTION_LIST, F(trusts)),
    OPTION("remove-service", OPTION_LIST, F(remove_services)),
    OPTION("use-system-defaults", OPTION_FLAG, F(use_system_defaults)),
    FIREWALL_SERVICE("ssh"),
    FIREWALL_SERVICE("http"),
    FIREWALL_SERVICE("smtp"),
    FIREWALL_SERVICE("ftp"),
    FIREWALL_SERVICE("telnet"),
    OPTION_WARNED("high", OPTION_NONE, "an old level; the firewall is just enabled"),
    OPTION_WARNED("medium", OPTION_NONE, "an old level; the firewall is just enabled"),
    OPTION_END,
};

static const struct {
    const char *name;
    const char *port;
} known_ports[] = {{"ssh", "22"}, {"http", "80"}, {"https", "443"}, {"smtp", "25"}, {"ftp", "21"},
    {"telnet", "23"}, {"domain", "53"}, {"dns", "53"}, {"ntp", "123"}, {"pop3", "110"},
    {"imap", "143"}, {"imaps", "993"}, {"pop3s", "995"}, {"nfs", "2049"}, {"ldap", "389"},
    {"ldaps", "636"}, {"mysql", "3306"}, {"postgresql", "5432"}, {"rsync", "873"},
    {"kerberos", "88"}, {"snmp", "161"}, {"syslog", "514"}, {"tftp", "69"}, {"bootps", "67"}};

static const char *port_of_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(known_ports); i++)
        if (strcmp(known_ports[i].name, name) == 0)
            return known_ports[i].port;
    return NULL;
}

static bool is_port_number(const char *s)
{
    size_t n = strspn(s, "0123456789");
    if (n == 0 || n > 5 || strtoul(s, NULL, 10) > 65535 || strtoul(s, NULL, 10) == 0)
        return false;
    return s[n] == '\0' || (s[n] == '-' && is_port_number(s + n + 1));
}

static int add_port(struct command *c, struct recipe_firewall *firewall, const char *text)
{
    struct arena *arena = c->parser->arena;
    const char *colon = strchr(text, ':');
    const char *proto = colon ? colon + 1 : "tcp";
    char *port = arena_strndup(arena, text, colon ? (size_t)(colon - text) : strlen(text));
    const char *number = port_of_name(port);
    if (colon && number)
        port = arena_strdup(arena, number);
    if (!is_port_number(port)) {
        const char *hint =
            number ? arena_printf(arena, "write --service=%s or --port=%s:tcp", port, number)
                   : "write PORT:PROTOCOL, as --port=8080:tcp, or --service=NAME";
        return command_error(c, hint, "'--port=%s' is no port", text);
    }
    if (strcmp(proto, "tcp") != 0 && strcmp(proto, "udp") != 0 && strcmp(proto, "sctp") != 0 &&
        strcmp(proto, "dccp") != 0)
        return command_error(
            c, "the protocol is tcp or udp", "'--port=%s' has no protocol known", text);
    char *whole = arena_printf(arena, "%s:%s", port, proto);
    if (!strv_has(&firewall->ports, whole))
        strv_arena_add(arena, &firewall->ports, whole);
    return 0;
}

static void extend(struct arena *arena, struct strv *list, const struct strv *more)
{
    for (size_t i = 0; i < more->n; i++)
        if (!strv_has(list, more->v[i]))
            strv_arena_add(arena, list, more->v[i]);
}

static int finish_firewall(struct command *c)
{
    struct firewall_line *line = c->target;
    struct recipe_firewall *firewall = &c->parser->recipe->firewall;
    struct arena *arena = c->parser->arena;
    bool on = command_has(c, "enabled") || command_has(c, "enable");
    bool off = command_has(c, "disabled") || command_has(c, "disable");
    if (on && off)
        return command_error(c, "keep one", "--enabled and --disabled contradict each other");
    if (on || off)
        firewall->enabled = line->firewall.enabled;
    else if (firewall->enabled == RECIPE_UNSET)
        firewall->enabled = RECIPE_ON;
    firewall->use_system_defaults |= line->firewall.use_system_defaults;
    extend(arena, &firewall->services, &line->firewall.services);
    extend(arena, &firewall->trusts, &line->firewall.trusts);
    extend(arena, &firewall->remove_services, &line->firewall.remove_services);
    firewall->place = c->place;
    for (size_t i = 0; i < line->ports.n; i++) {
        int r = add_port(c, firewall, line->ports.v[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

const struct command_spec network_commands[] = {
    {.name = "network",
        .options = network_options,
        .finish = finish_network,
        .scratch_bytes = sizeof(struct recipe_network),
        .usage = "network --bootproto=dhcp --device=eth0"},
    {.name = "firewall",
        .options = firewall_options,
        .finish = finish_firewall,
        .scratch_bytes = sizeof(struct firewall_line),
        .usage = "firewall --enabled --service=ssh, or firewall --disabled"},
    {.name = NULL},
};
