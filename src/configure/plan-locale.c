#include <string.h>

#include "configure/parts.h"

/* Trees of Debian's packages keep these in files of their own. */
#define DEBIAN_MARK "/etc/debian_version"

static void plan_clock(struct planner *p)
{
    auto_strbuf struct strbuf b = {0};
    const struct recipe *r = p->recipe;
    const char *mode = r->timezone_utc ? "UTC" : "LOCAL";
    if (plan_is_old(p)) {
        strbuf_printf(&b, "ZONE=\"%s\"\n", r->timezone);
        if (p->era->init == INIT_SYSV)
            strbuf_printf(&b, "UTC=%s\nARC=false\n", r->timezone_utc ? "true" : "false");
        plan_write(p, "/etc/sysconfig/clock", 0644, b.s);
    }
    if (plan_is_old(p) || !r->timezone_utc) {
        auto_free char *adjtime = xprintf("0.0 0 0.0\n0\n%s\n", mode);
        plan_write(p, "/etc/adjtime", 0644, adjtime);
    }
}

static void plan_time_servers(struct planner *p)
{
    static const char *const files[] = {
        "/etc/chrony.conf", "/etc/chrony/chrony.conf", "/etc/ntp.conf"};
    const struct recipe *r = p->recipe;
    auto_strbuf struct strbuf b = {0};
    for (size_t i = 0; i < r->ntp_pools.n; i++)
        strbuf_printf(&b, "%spool %s iburst", b.len ? "\n" : "", r->ntp_pools.v[i]);
    for (size_t i = 0; i < r->ntp_servers.n; i++)
        strbuf_printf(&b, "%sserver %s iburst", b.len ? "\n" : "", r->ntp_servers.v[i]);
    for (size_t i = 0; b.len && i < ARRAY_SIZE(files); i++)
        plan_set(p, files[i], "pool|server", "%s", b.s)->only_if = plan_strdup(p, files[i]);
    static const char *const services[] = {"chronyd", "ntpd", "systemd-timesyncd"};
    for (size_t i = 0; r->nontp && i < ARRAY_SIZE(services); i++)
        plan_service(p, OP_DISABLE, services[i])->optional = true;
}

static void plan_debian_timezone(struct planner *p)
{
    auto_free char *line = xprintf("%s\n", p->recipe->timezone);
    if (!plan_is_old(p))
        plan_write(p, "/etc/timezone", 0644, line)->only_if = plan_strdup(p, DEBIAN_MARK);
}

void plan_timezone(struct planner *p)
{
    const struct recipe *r = p->recipe;
    p->place = r->timezone_place;
    if (r->timezone) {
        plan_service(p, OP_TIMEZONE, r->timezone);
        plan_clock(p);
        plan_debian_timezone(p);
    }
    plan_time_servers(p);
    p->place = plan_no_place();
}

/* "en_US" means UTF-8, as it does in the installer; "C" is what it is. */
static char *full_locale(const char *lang)
{
    bool plain = strchr(lang, '_') && !strpbrk(lang, ".@");
    return xprintf("%s%s", lang, plain ? ".UTF-8" : "");
}

static void plan_lang(struct planner *p)
{
    if (!p->recipe->lang)
        return;
    auto_free char *locale = full_locale(p->recipe->lang);
    auto_free char *line = xprintf("LANG=\"%s\"\n", locale);
    if (plan_is_old(p)) {
        auto_free char *text = xprintf("%sSYSFONT=\"latarcyrheb-sun16\"\n", line);
        plan_write(p, "/etc/sysconfig/i18n", 0644, text);
        return;
    }
    plan_write(p, "/etc/locale.conf", 0644, line);
    plan_write(p, "/etc/default/locale", 0644, line)->only_if = plan_strdup(p, DEBIAN_MARK);
}

/* "cz (qwerty)": layout and variant. */
static void split_layout(const char *text, char **ret_layout, char **ret_variant)
{
    size_t length = strcspn(text, " (");
    const char *open = strchr(text, '(');
    *ret_layout = xstrndup(text, length);
    *ret_variant = open ? xstrndup(open + 1, strcspn(open + 1, ")")) : xstrdup("");
}

static void join_layouts(
    const struct strv *xlayouts, struct strbuf *layouts, struct strbuf *variants)
{
    for (size_t i = 0; i < xlayouts->n; i++) {
        auto_free char *layout = NULL, *variant = NULL;
        split_layout(xlayouts->v[i], &layout, &variant);
        strbuf_printf(layouts, "%s%s", i ? "," : "", layout);
        strbuf_printf(variants, "%s%s", i ? "," : "", variant);
    }
}

static void plan_xkb(struct planner *p, const char *keymap)
{
    auto_strbuf struct strbuf layouts = {0}, variants = {0}, b = {0};
    join_layouts(&p->recipe->xlayouts, &layouts, &variants);
    const char *variant = variants.s && strspn(variants.s, ",") < variants.len ? variants.s : "";
    strbuf_printf(&b,
        "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"%s\"\nXKBVARIANT=\"%s\"\nXKBOPTIONS=\"\"\n"
        "BACKSPACE=\"guess\"\n",
        layouts.len ? layouts.s : keymap, variant);
    plan_write(p, "/etc/default/keyboard", 0644, b.s)->only_if = plan_strdup(p, DEBIAN_MARK);
    if (!layouts.len)
        return;
    auto_strbuf struct strbuf x = {0};
    strbuf_printf(&x,
        "Section \"InputClass\"\n        Identifier \"system-keyboard\"\n"
        "        MatchIsKeyboard \"on\"\n        Option \"XkbLayout\" \"%s\"\n",
        layouts.s);
    if (*variant)
        strbuf_printf(&x, "        Option \"XkbVariant\" \"%s\"\n", variant);
    strbuf_puts(&x, "EndSection\n");
    plan_write(p, "/etc/X11/xorg.conf.d/00-keyboard.conf", 0644, x.s)->only_if =
        plan_strdup(p, "/etc/X11");
}

static void plan_keyboard(struct planner *p)
{
    const struct recipe *r = p->recipe;
    auto_free char *layout = NULL, *variant = NULL;
    if (!r->keymap && r->xlayouts.n)
        split_layout(r->xlayouts.v[0], &layout, &variant);
    const char *keymap = r->keymap ? r->keymap : layout;
    if (!keymap)
        return;
    if (plan_is_old(p)) {
        auto_free char *text = xprintf("KEYBOARDTYPE=\"pc\"\nKEYTABLE=\"%s\"\n", keymap);
        plan_write(p, "/etc/sysconfig/keyboard", 0644, text);
        return;
    }
    auto_free char *text = xprintf("KEYMAP=\"%s\"\n", keymap);
    plan_write(p, "/etc/vconsole.conf", 0644, text);
    plan_xkb(p, keymap);
}

void plan_language(struct planner *p)
{
    plan_lang(p);
    plan_keyboard(p);
}
