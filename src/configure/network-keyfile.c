#include <string.h>

#include "base/digest.h"
#include "configure/network-parts.h"

static void add_servers(struct strbuf *b, const struct strv *servers, bool is_ipv6)
{
    bool any = false;
    for (size_t i = 0; i < servers->n; i++) {
        if (!strchr(servers->v[i], ':') == is_ipv6)
            continue;
        strbuf_printf(b, "%s%s;", any ? "" : "dns=", servers->v[i]);
        any = true;
    }
    if (any)
        strbuf_putc(b, '\n');
}

static void add_ipv4(struct strbuf *b, const struct nic *nic)
{
    const struct recipe_network *n = nic->network;
    bool has_address = nic->is_static && !str_empty(n->ip);
    strbuf_printf(b, "\n[ipv4]\nmethod=%s\n",
        has_address                   ? "manual"
        : n->noipv4 || nic->is_static ? "disabled"
                                      : "auto");
    if (has_address)
        strbuf_printf(b, "address1=%s/%d%s%s\n", n->ip, nic->prefix,
            str_empty(n->gateway) ? "" : ",", str_empty(n->gateway) ? "" : n->gateway);
    if (has_address || !n->noipv4) /* a method that is off may not have servers */
        add_servers(b, &n->nameservers, false);
    if (n->nodns)
        strbuf_puts(b, "ignore-auto-dns=true\n");
    if (n->nodefroute)
        strbuf_puts(b, "never-default=true\n");
    if (!str_empty(n->dhcpclass))
        strbuf_printf(b, "dhcp-vendor-class-identifier=%s\n", n->dhcpclass);
}

static void add_ipv6(struct strbuf *b, const struct nic *nic, bool is_el7)
{
    const struct recipe_network *n = nic->network;
    bool has_address = !str_empty(n->ipv6) && strchr(n->ipv6, ':');
    strbuf_printf(b, "\n[ipv6]\nmethod=%s\n",
        n->noipv6     ? (is_el7 ? "ignore" : "disabled") /* "disabled" came with 1.20 */
        : has_address ? "manual"
        : !str_empty(n->ipv6) && strcmp(n->ipv6, "dhcp") == 0 ? "dhcp"
                                                              : "auto");
    if (has_address && !n->noipv6)
        strbuf_printf(b, "address1=%s%s%s\n", n->ipv6, str_empty(n->ipv6gateway) ? "" : ",",
            str_empty(n->ipv6gateway) ? "" : n->ipv6gateway);
    if (!n->noipv6)
        add_servers(b, &n->nameservers, true);
}

/* nm-settings-keyfile(5). Without interface-name it is for the first NIC there is. */
struct operation *plan_keyfile(struct planner *p, const struct nic *nic)
{
    static const uint8_t no_seed[SHA256_BYTES] = {0};
    auto_strbuf struct strbuf b = {0};
    char uuid[37];
    uint8_t bytes[16];
    const char *id = nic->name ? nic->name : "wired";
    auto_free char *name = xprintf("connection %s", id);
    digest_uuid(p->options->seed ? p->options->seed : no_seed, name, bytes);
    digest_uuid_text(bytes, uuid);
    strbuf_printf(&b, "[connection]\nid=%s\nuuid=%s\ntype=ethernet\n", id, uuid);
    if (nic->name)
        strbuf_printf(&b, "interface-name=%s\n", nic->name);
    if (!nic->onboot)
        strbuf_puts(&b, "autoconnect=false\n");
    strbuf_puts(&b, "\n[ethernet]\n");
    if (nic->network->mtu > 0)
        strbuf_printf(&b, "mtu=%d\n", nic->network->mtu);
    add_ipv4(&b, nic);
    add_ipv6(&b, nic, p->era->network == NETWORK_IFCFG);
    auto_free char *path = xprintf("/etc/NetworkManager/system-connections/%s.nmconnection", id);
    if (!str_empty(nic->network->ethtool))
        plan_warn(p, "network: --ethtool has no effect with NetworkManager's own files");
    return plan_write(p, path, 0600, b.s);
}
