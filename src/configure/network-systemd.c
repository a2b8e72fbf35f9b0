#include <string.h>

#include "configure/network-parts.h"

static void add_dhcp(struct strbuf *b, const struct nic *nic)
{
    const struct recipe_network *n = nic->network;
    bool v4 = !nic->is_static && !n->noipv4, v6 = !n->noipv6;
    bool static_v6 = !str_empty(n->ipv6) && strchr(n->ipv6, ':');
    strbuf_printf(b, "DHCP=%s\n",
        v4 && v6 && !static_v6 ? "yes"
        : v4                   ? "ipv4"
        : v6 && !static_v6     ? "ipv6"
                               : "no");
    if (!v6)
        strbuf_puts(b, "IPv6AcceptRA=no\nLinkLocalAddressing=no\n");
}

/* systemd.network(5). Matched by name, because Type=ether would also be bridges and the like. */
void plan_networkd(struct planner *p, const struct nic *nic)
{
    const struct recipe_network *n = nic->network;
    auto_strbuf struct strbuf b = {0};
    strbuf_printf(&b, "[Match]\nName=%s\n", nic->name ? nic->name : "en* eth*");
    if (n->mtu > 0 || !nic->onboot)
        strbuf_puts(&b, "\n[Link]\n");
    if (n->mtu > 0)
        strbuf_printf(&b, "MTUBytes=%d\n", n->mtu);
    if (!nic->onboot)
        strbuf_puts(&b, "ActivationPolicy=manual\n");
    strbuf_puts(&b, "\n[Network]\n");
    add_dhcp(&b, nic);
    if (nic->is_static && !str_empty(n->ip)) {
        strbuf_printf(&b, "Address=%s/%d\n", n->ip, nic->prefix);
        if (!str_empty(n->gateway) && !n->nodefroute)
            strbuf_printf(&b, "Gateway=%s\n", n->gateway);
    }
    if (!str_empty(n->ipv6) && strchr(n->ipv6, ':') && !n->noipv6) {
        strbuf_printf(&b, "Address=%s\n", n->ipv6);
        if (!str_empty(n->ipv6gateway))
            strbuf_printf(&b, "Gateway=%s\n", n->ipv6gateway);
    }
    for (size_t i = 0; i < n->nameservers.n; i++)
        strbuf_printf(&b, "DNS=%s\n", n->nameservers.v[i]);
    if (n->nodns || n->nodefroute || !str_empty(n->dhcpclass))
        strbuf_puts(&b, "\n[DHCPv4]\n");
    if (n->nodns)
        strbuf_puts(&b, "UseDNS=no\n");
    if (n->nodefroute)
        strbuf_puts(&b, "UseGateway=no\n");
    if (!str_empty(n->dhcpclass))
        strbuf_printf(&b, "VendorClassIdentifier=%s\n", n->dhcpclass);
    auto_free char *path =
        xprintf("/etc/systemd/network/10-%s.network", nic->name ? nic->name : "wired");
    plan_write(p, path, 0644, b.s);
}
