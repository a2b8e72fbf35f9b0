#include <string.h>

#include "configure/parts.h"

void plan_services(struct planner *p)
{
    const struct recipe *r = p->recipe;
    p->place = r->services_place;
    for (size_t i = 0; i < r->services_disabled.n; i++)
        plan_service(p, OP_DISABLE, r->services_disabled.v[i]);
    for (size_t i = 0; i < r->services_enabled.n; i++)
        plan_service(p, OP_ENABLE, r->services_enabled.v[i]);
    p->place = plan_no_place();
}

/* Without a firstboot line nobody is asked anything at the first boot. */
void plan_firstboot(struct planner *p)
{
    static const char *const services[] = {"firstboot", "initial-setup"};
    enum recipe_firstboot wanted = p->recipe->firstboot;
    bool on = wanted == FIRSTBOOT_ENABLE || wanted == FIRSTBOOT_RECONFIG;
    for (size_t i = 0; i < ARRAY_SIZE(services); i++)
        plan_service(p, on ? OP_ENABLE : OP_DISABLE, services[i])->optional = true;
    if (plan_is_old(p))
        plan_write(
            p, "/etc/sysconfig/firstboot", 0644, on ? "RUN_FIRSTBOOT=YES\n" : "RUN_FIRSTBOOT=NO\n")
            ->only_if = plan_strdup(p, "/etc/rc.d/init.d/firstboot");
    if (wanted == FIRSTBOOT_RECONFIG)
        plan_write(p, "/etc/reconfigSys", 0644, "");
}

void plan_target(struct planner *p)
{
    if (p->recipe->skipx)
        plan_service(p, OP_DEFAULT_TARGET, plan_is_old(p) ? "3" : "multi-user.target");
}

/* Addons that do something in an image; others were refused or warned of by the recipe. */
void plan_addons(struct planner *p)
{
    for (size_t i = 0; i < p->recipe->n_addons; i++) {
        const struct recipe_addon *addon = &p->recipe->addons[i];
        if (strcmp(addon->name, "com_redhat_kdump") != 0)
            continue;
        p->place = addon->place;
        if (strv_has(&addon->args, "--disable"))
            plan_service(p, OP_DISABLE, "kdump")->optional = true;
        else if (strv_has(&addon->args, "--enable"))
            plan_service(p, OP_ENABLE, "kdump");
    }
    p->place = plan_no_place();
}

/* inittab(5): a line is id:runlevels:action:process. */
static void plan_inittab(struct planner *p, const char *console)
{
    struct operation *o = plan_set(
        p, "/etc/inittab", "co", "co:2345:respawn:/sbin/agetty -L 115200 %s vt100", console);
    o->only_if = plan_strdup(p, "/sbin/agetty");
    o = plan_set(p, "/etc/inittab", "co", "co:2345:respawn:/sbin/mingetty %s", console);
    o->only_if = plan_strdup(p, "/sbin/mingetty");
    o->unless = plan_strdup(p, "/sbin/agetty");
}

static void plan_upstart_job(struct planner *p, const char *console)
{
    auto_free char *path = xprintf("/etc/init/%s.conf", console);
    auto_free char *text = xprintf(
        "# %s - getty on the console\n\nstop on runlevel [S016]\nstart on runlevel [2345]\n\n"
        "respawn\nexec /sbin/agetty -L 115200 %s vt100\n",
        console, console);
    struct operation *o = plan_write(p, path, 0644, text);
    if (str_starts(console, "ttyS")) /* EL6 starts one on a serial console by itself */
        o->unless = plan_strdup(p, "/etc/init/serial.conf");
}

/* systemd's getty generator gives the kernel's console a login; others have to be told. */
void plan_console(struct planner *p)
{
    const char *console = p->options->console;
    if (!console || str_starts(console, "tty0") || strcmp(console, "tty1") == 0)
        return;
    if (p->era->init == INIT_SYSV)
        plan_inittab(p, console);
    else if (p->era->init == INIT_UPSTART)
        plan_upstart_job(p, console);
    plan_append(p, "/etc/securetty", console)->only_if = plan_strdup(p, "/etc/securetty");
}
