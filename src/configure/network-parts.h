/* One network interface, and the files that configure it in each style. */
#pragma once

#include "configure/parts.h"

struct nic {
    const struct recipe_network *network;
    const char *name; /* NULL: the first one, whatever its name */
    bool is_static, onboot;
    int prefix; /* of the IPv4 address */
};

struct operation *plan_ifcfg(struct planner *p, const struct nic *nic);
struct operation *plan_keyfile(struct planner *p, const struct nic *nic);
void plan_networkd(struct planner *p, const struct nic *nic);
void plan_ifupdown(struct planner *p, const struct nic *nics, size_t n);
