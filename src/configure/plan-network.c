#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "configure/network-parts.h"

/* Names of interfaces go into file names and are at most IFNAMSIZ - 1 long. */
static bool is_interface_name(const char *s)
{
    size_t length = strlen(s);
    if (length == 0 || length > 15 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("._-@", *s))
            return false;
    return true;
}

static bool is_address(int family, const char *s)
{
    unsigned char bytes[16];
    return inet_pton(family, s, bytes) == 1;
}

static int check_address(
    const struct recipe_network *n, int family, const char *what, const char *s, struct err *err)
{
    if (str_empty(s) || is_address(family, s))
        return 0;
    return recipe_error(err, n->place, "network: '--%s=%s' is not an IPv%d address", what, s,
        family == AF_INET ? 4 : 6);
}

/* Length of a netmask's prefix; "24" is taken as it is; -1: it is none. */
static int prefix_of(const char *netmask)
{
    struct in_addr a;
    char *end;
    long number = strtol(netmask, &end, 10);
    if (!*end && end != netmask)
        return number >= 0 && number <= 32 ? (int)number : -1;
    if (inet_pton(AF_INET, netmask, &a) != 1)
        return -1;
    uint32_t mask = ntohl(a.s_addr), inverse = ~mask;
    if (inverse & (inverse + 1))
        return -1;
    return mask ? 32 - __builtin_ctz(mask) : 0;
}

static int check_static(const struct recipe_network *n, struct nic *nic, struct err *err)
{
    if (str_empty(n->ip)) {
        recipe_error(err, n->place, "network: '--bootproto=static' without an address");
        return err_hint(err, "add --ip, --netmask and --gateway, or write --bootproto=dhcp");
    }
    int r = check_address(n, AF_INET, "ip", n->ip, err);
    if (r == 0)
        r = check_address(n, AF_INET, "gateway", n->gateway, err);
    if (r < 0)
        return r;
    nic->prefix = prefix_of(str_empty(n->netmask) ? "255.255.255.0" : n->netmask);
    if (nic->prefix < 0)
        return recipe_error(
            err, n->place, "network: '--netmask=%s' is not a network mask", n->netmask);
    return 0;
}

static int check_ipv6(const struct recipe_network *n, struct err *err)
{
    if (str_empty(n->ipv6) || strcmp(n->ipv6, "auto") == 0 || strcmp(n->ipv6, "dhcp") == 0)
        return check_address(n, AF_INET6, "ipv6gateway", n->ipv6gateway, err);
    const char *slash = strchrnul(n->ipv6, '/');
    auto_free char *address = xstrndup(n->ipv6, (size_t)(slash - n->ipv6));
    int r = check_address(n, AF_INET6, "ipv6", address, err);
    return r < 0 ? r : check_address(n, AF_INET6, "ipv6gateway", n->ipv6gateway, err);
}

static int check_nameservers(const struct recipe_network *n, struct err *err)
{
    for (size_t i = 0; i < n->nameservers.n; i++)
        if (!is_address(AF_INET, n->nameservers.v[i]) && !is_address(AF_INET6, n->nameservers.v[i]))
            return recipe_error(
                err, n->place, "network: '--nameserver=%s' is not an address", n->nameservers.v[i]);
    return 0;
}

static int refuse_composed(const struct recipe_network *n, struct err *err)
{
    const char *what = n->bondslaves     ? "a bond"
                       : n->bridgeslaves ? "a bridge"
                       : n->teamslaves   ? "a team"
                       : n->vlanid       ? "a VLAN"
                                         : NULL;
    if (!what)
        return 0;
    recipe_error(err, n->place, "network: %s is not supported yet", what);
    return err_hint(err, "write its files in %%post");
}

/* The installer gives lines without --device, or with a MAC address, to the NIC it booted from;
 * an image has no MAC address yet, so both mean the first one. */
static bool means_first(const char *device)
{
    return str_empty(device) || strcmp(device, "link") == 0 || strcmp(device, "bootif") == 0 ||
           strchr(device, ':');
}

/* Does the system call its NICs eth0, eth1? Before udev's predictable names, and without them. */
static bool has_kernel_names(const struct planner *p)
{
    const char *append = p->recipe->bootloader.append;
    return plan_is_old(p) || (append && strstr(append, "net.ifnames=0"));
}

static int make_nic(
    struct planner *p, const struct recipe_network *n, struct nic *nic, struct err *err)
{
    *nic = (struct nic){.network = n, .onboot = n->onboot != RECIPE_OFF};
    nic->is_static =
        n->bootproto == BOOTPROTO_STATIC || (n->bootproto == BOOTPROTO_UNSET && !str_empty(n->ip));
    int r = refuse_composed(n, err);
    if (r == 0 && nic->is_static && !n->noipv4 && (str_empty(n->ipv6) || !str_empty(n->ip)))
        r = check_static(n, nic, err);
    if (r == 0)
        r = check_ipv6(n, err);
    if (r == 0)
        r = check_nameservers(n, err);
    if (r < 0)
        return r;
    nic->name = means_first(n->device) ? NULL : n->device;
    if (nic->name && !is_interface_name(nic->name))
        return recipe_error(
            err, n->place, "network: '--device=%s' is not the name of an interface", n->device);
    if (nic->name && strcmp(nic->name, "eth0") == 0 && !has_kernel_names(p))
        nic->name = NULL;
    if (!nic->name && has_kernel_names(p))
        nic->name = "eth0";
    if (n->bootproto == BOOTPROTO_QUERY || n->bootproto == BOOTPROTO_IBFT)
        plan_warn(p, "network: nobody can be asked and there is no iBFT while an image is built: "
                     "DHCP is used");
    return 0;
}

/* EL7's network scripts need a name, which NetworkManager does not: where both can be there, it
 * gets a file of its own. */
static void plan_ifcfg_without_name(struct planner *p, const struct nic *nic)
{
    struct nic named = *nic;
    named.name = "eth0";
    plan_keyfile(p, nic)->only_if = plan_strdup(p, "/usr/sbin/NetworkManager");
    plan_ifcfg(p, &named)->unless = plan_strdup(p, "/usr/sbin/NetworkManager");
    struct operation *o = plan_operation(p, OP_WARN);
    o->text = plan_strdup(p,
        "network: nothing says how this system will call its first interface, and its network "
        "scripts need to know; it is taken for eth0: write bootloader --append=net.ifnames=0");
    o->unless = plan_strdup(p, "/usr/sbin/NetworkManager");
}

static void plan_nic(struct planner *p, const struct nic *nic)
{
    switch (p->era->network) {
    case NETWORK_IFCFG:
        if (nic->name)
            plan_ifcfg(p, nic);
        else
            plan_ifcfg_without_name(p, nic);
        break;
    case NETWORK_NETWORKMANAGER:
        plan_keyfile(p, nic);
        break;
    case NETWORK_NETWORKD:
        plan_networkd(p, nic);
        break;
    case NETWORK_IFUPDOWN: /* one file for all of them, made by the caller */
    case NETWORK_NONE:
        break;
    }
}

static void plan_hostname(struct planner *p)
{
    const char *name = p->recipe->hostname;
    if (!name || plan_is_old(p))
        return;
    auto_free char *line = xprintf("%s\n", name);
    plan_write(p, "/etc/hostname", 0644, line);
}

/* /etc/sysconfig/network, which the network scripts will not start without. */
static void plan_sysconfig(struct planner *p, const struct nic *nics, size_t n)
{
    if (p->era->network != NETWORK_IFCFG && !plan_is_old(p))
        return;
    auto_strbuf struct strbuf b = {0};
    bool ipv6 = n == 0;
    strbuf_puts(&b, "NETWORKING=yes\n");
    for (size_t i = 0; i < n; i++)
        ipv6 = ipv6 || !nics[i].network->noipv6;
    if (!ipv6)
        strbuf_puts(&b, "NETWORKING_IPV6=no\n");
    if (p->recipe->hostname && plan_is_old(p))
        strbuf_printf(&b, "HOSTNAME=%s\n", p->recipe->hostname);
    for (size_t i = 0; plan_is_old(p) && i < n; i++)
        if (nics[i].is_static && !str_empty(nics[i].network->gateway) &&
            !nics[i].network->nodefroute) {
            strbuf_printf(&b, "GATEWAY=%s\n", nics[i].network->gateway);
            break;
        }
    plan_write(p, "/etc/sysconfig/network", 0644, b.s);
}

/* Who writes resolv.conf when no DHCP client or daemon does. */
static void plan_resolver(struct planner *p, const struct nic *nics, size_t n)
{
    auto_strbuf struct strbuf b = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < nics[i].network->nameservers.n; j++)
            strbuf_printf(&b, "nameserver %s\n", nics[i].network->nameservers.v[j]);
    if (!b.len || p->era->network == NETWORK_NETWORKMANAGER)
        return;
    struct operation *o = plan_write(p, "/etc/resolv.conf", 0644, b.s);
    if (p->era->network == NETWORK_NETWORKD)
        o->unless = plan_strdup(p, "/usr/lib/systemd/systemd-resolved");
}

/* A line that only names the host is no interface. */
static bool is_interface(const struct recipe_network *n)
{
    return n->device || n->bootproto != BOOTPROTO_UNSET || n->ip || n->ipv6 ||
           n->onboot != RECIPE_UNSET || !n->hostname;
}

/* A recipe without a network line gets what an image is expected to do: DHCP on its first NIC. */
static int make_nics(struct planner *p, struct nic **ret_nics, size_t *ret_n, struct err *err)
{
    static const struct recipe_network by_default = {.bootproto = BOOTPROTO_DHCP};
    auto_free struct nic *nics = NULL;
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < p->recipe->n_networks; i++) {
        p->place = p->recipe->networks[i].place;
        if (is_interface(&p->recipe->networks[i]))
            r = make_nic(p, &p->recipe->networks[i], array_push(nics, n), err);
    }
    if (r == 0 && n == 0)
        r = make_nic(p, &by_default, array_push(nics, n), err);
    if (r < 0)
        return r;
    *ret_nics = steal(&nics);
    *ret_n = n;
    return 0;
}

int plan_network(struct planner *p, struct err *err)
{
    auto_free struct nic *nics = NULL;
    size_t n = 0;
    int r = make_nics(p, &nics, &n, err);
    if (r < 0)
        return r;
    p->place = plan_no_place();
    plan_hostname(p);
    plan_sysconfig(p, nics, n);
    for (size_t i = 0; i < n; i++) {
        p->place = nics[i].network->place;
        plan_nic(p, &nics[i]);
    }
    p->place = nics[0].network->place;
    if (p->era->network == NETWORK_IFUPDOWN)
        plan_ifupdown(p, nics, n);
    if (p->era->network == NETWORK_NETWORKD)
        plan_service(p, OP_ENABLE, "systemd-networkd");
    if (p->era->network == NETWORK_NONE)
        plan_warn(p, "network: nothing in these packages configures a network; add "
                     "NetworkManager or the like to %%packages");
    plan_resolver(p, nics, n);
    p->place = plan_no_place();
    return 0;
}
