#include <string.h>

#include "configure/network-parts.h"

static void add_ipv4(struct strbuf *b, const struct nic *nic, const char *name)
{
    const struct recipe_network *n = nic->network;
    bool has_address = nic->is_static && !str_empty(n->ip);
    if (n->noipv4 || (nic->is_static && !has_address))
        return;
    strbuf_printf(b, "iface %s inet %s\n", name, has_address ? "static" : "dhcp");
    if (has_address)
        strbuf_printf(b, "    address %s/%d\n", n->ip, nic->prefix);
    if (has_address && !str_empty(n->gateway) && !n->nodefroute)
        strbuf_printf(b, "    gateway %s\n", n->gateway);
    if (!has_address && !str_empty(n->dhcpclass))
        strbuf_printf(b, "    vendor %s\n", n->dhcpclass);
    if (n->nameservers.n) {
        strbuf_puts(b, "    dns-nameservers");
        for (size_t i = 0; i < n->nameservers.n; i++)
            strbuf_printf(b, " %s", n->nameservers.v[i]);
        strbuf_putc(b, '\n');
    }
    if (n->mtu > 0)
        strbuf_printf(
            b, "    %s %d\n", has_address ? "mtu" : "post-up ip link set $IFACE mtu", n->mtu);
    if (!str_empty(n->ethtool))
        strbuf_printf(b, "    post-up ethtool -s $IFACE %s\n", n->ethtool);
}

static void add_ipv6(struct strbuf *b, const struct nic *nic, const char *name)
{
    const struct recipe_network *n = nic->network;
    if (n->noipv6 || str_empty(n->ipv6))
        return;
    if (!strchr(n->ipv6, ':')) {
        strbuf_printf(b, "iface %s inet6 %s\n", name, n->ipv6);
        return;
    }
    strbuf_printf(b, "iface %s inet6 static\n    address %s\n", name, n->ipv6);
    if (!str_empty(n->ipv6gateway) && !n->nodefroute)
        strbuf_printf(b, "    gateway %s\n", n->ipv6gateway);
}

/* interfaces(5). The first NIC is found by a pattern, which matches only what is there when ifup
 * runs; so networking.service waits until udev has seen all devices. */
void plan_ifupdown(struct planner *p, const struct nic *nics, size_t n)
{
    auto_strbuf struct strbuf b = {0};
    bool by_pattern = false;
    strbuf_puts(&b, "# interfaces(5) file used by ifup(8) and ifdown(8)\n"
                    "source /etc/network/interfaces.d/*\n\n"
                    "auto lo\niface lo inet loopback\n");
    for (size_t i = 0; i < n; i++) {
        const char *name = nics[i].name ? nics[i].name : "wired";
        by_pattern = by_pattern || !nics[i].name;
        strbuf_putc(&b, '\n');
        if (nics[i].onboot)
            strbuf_printf(&b, "auto %s%s\n", nics[i].name ? "" : "/e*=", name);
        add_ipv4(&b, &nics[i], name);
        add_ipv6(&b, &nics[i], name);
    }
    plan_write(p, "/etc/network/interfaces", 0644, b.s);
    if (by_pattern && p->era->init == INIT_SYSTEMD)
        plan_write(p, "/etc/systemd/system/networking.service.d/wait-for-devices.conf", 0644,
            "[Unit]\nWants=systemd-udev-settle.service\nAfter=systemd-udev-settle.service\n");
}
