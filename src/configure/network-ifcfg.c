#include <string.h>

#include "configure/network-parts.h"

/* A value of a file that a shell reads. */
static void add_value(struct strbuf *b, const char *key, const char *value)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+,=-";
    strbuf_printf(b, "%s=", key);
    if (!value[strspn(value, plain)]) {
        strbuf_printf(b, "%s\n", value);
        return;
    }
    strbuf_putc(b, '"');
    for (; *value; value++) {
        if (strchr("\"\\$`", *value))
            strbuf_putc(b, '\\');
        strbuf_putc(b, *value);
    }
    strbuf_puts(b, "\"\n");
}

static void add_if(struct strbuf *b, const char *key, const char *value)
{
    if (!str_empty(value))
        add_value(b, key, value);
}

static void add_ipv4(struct strbuf *b, const struct nic *nic, bool is_old)
{
    const struct recipe_network *n = nic->network;
    if (!nic->is_static || str_empty(n->ip))
        return;
    add_value(b, "IPADDR", n->ip);
    if (is_old)
        add_value(b, "NETMASK", str_empty(n->netmask) ? "255.255.255.0" : n->netmask);
    else
        strbuf_printf(b, "PREFIX=%d\n", nic->prefix);
    if (!n->nodefroute)
        add_if(b, "GATEWAY", n->gateway);
}

static void add_ipv6(struct strbuf *b, const struct nic *nic, bool is_el5)
{
    const struct recipe_network *n = nic->network;
    bool wanted = !n->noipv6 && (!is_el5 || !str_empty(n->ipv6));
    strbuf_printf(b, "IPV6INIT=%s\n", wanted ? "yes" : "no");
    if (!wanted || str_empty(n->ipv6) || strcmp(n->ipv6, "auto") == 0)
        return;
    if (strcmp(n->ipv6, "dhcp") == 0) {
        strbuf_puts(b, "DHCPV6C=yes\n");
        return;
    }
    strbuf_puts(b, "IPV6_AUTOCONF=no\n");
    add_value(b, "IPV6ADDR", n->ipv6);
    add_if(b, "IPV6_DEFAULTGW", n->ipv6gateway);
}

/* sysconfig.txt of initscripts. No HWADDR: an image runs on many machines. */
struct operation *plan_ifcfg(struct planner *p, const struct nic *nic)
{
    const struct recipe_network *n = nic->network;
    bool is_el5 = p->era->init == INIT_SYSV;
    auto_strbuf struct strbuf b = {0};
    add_value(&b, "DEVICE", nic->name);
    strbuf_printf(&b, "BOOTPROTO=%s\n", nic->is_static || n->noipv4 ? "none" : "dhcp");
    strbuf_printf(&b, "ONBOOT=%s\n", nic->onboot ? "yes" : "no");
    strbuf_puts(&b, "TYPE=Ethernet\n");
    if (is_el5)
        strbuf_puts(&b, "USERCTL=yes\n");
    strbuf_printf(&b, "PEERDNS=%s\n", n->nodns ? "no" : "yes");
    add_ipv6(&b, nic, is_el5);
    add_ipv4(&b, nic, plan_is_old(p));
    for (size_t i = 0; i < n->nameservers.n; i++) {
        auto_free char *key = xprintf("DNS%zu", i + 1);
        add_value(&b, key, n->nameservers.v[i]);
    }
    if (n->nodefroute)
        strbuf_puts(&b, "DEFROUTE=no\n");
    if (n->mtu > 0)
        strbuf_printf(&b, "MTU=%d\n", n->mtu);
    add_if(&b, "ETHTOOL_OPTS", n->ethtool);
    add_if(&b, "DHCP_VENDOR_CLASS", n->dhcpclass);
    auto_free char *path = xprintf("/etc/sysconfig/network-scripts/ifcfg-%s", nic->name);
    return plan_write(p, path, 0644, b.s);
}
