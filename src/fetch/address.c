#include "fetch/address.h"

#include <ctype.h>
#include <string.h>

bool address_is_local(const char *url)
{
    return str_starts(url, "file:");
}

bool address_can_be_asked(const char *url)
{
    return str_starts(url, "http://") || str_starts(url, "https://") || str_starts(url, "ftp://");
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *address_path(const char *url)
{
    if (!address_is_local(url))
        return NULL;
    const char *p = url + strlen("file:");
    if (str_starts(p, "//"))
        p += 2;
    if (str_starts(p, "localhost/"))
        p += strlen("localhost");
    if (*p != '/')
        return NULL;
    auto_strbuf struct strbuf path = {0};
    for (; *p; p++) {
        int high = *p == '%' ? hex_digit(p[1]) : -1;
        int low = high >= 0 ? hex_digit(p[2]) : -1;
        if (low < 0) {
            strbuf_putc(&path, *p);
            continue;
        }
        if (high == 0 && low == 0)
            return NULL;
        strbuf_putc(&path, (char)(high * 16 + low));
        p += 2;
    }
    return strbuf_steal(&path);
}

char *address_join(const char *base, const char *location)
{
    auto_strbuf struct strbuf url = {0};
    size_t length = strcspn(base, "?#");
    strbuf_add(&url, base, length);
    if (!length || base[length - 1] != '/')
        strbuf_putc(&url, '/');
    for (const char *p = location; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (isalnum(c) || strchr("-._~/", c))
            strbuf_putc(&url, *p);
        else
            strbuf_printf(&url, "%%%02X", c);
    }
    if (base[length] == '?')
        strbuf_puts(&url, base + length);
    return strbuf_steal(&url);
}

bool address_is_inside(const char *location)
{
    if (str_empty(location) || location[0] == '/')
        return false;
    for (const char *p = location; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return false;
    for (const char *p = location; *p;) {
        size_t length = strcspn(p, "/");
        if (length == 2 && p[0] == '.' && p[1] == '.')
            return false;
        p += length + (p[length] == '/');
    }
    return true;
}

const char *address_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash ? slash + 1 : location;
}

char *address_for_people(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url + strlen(url);
    const char *at = memrchr(host, '@', strcspn(host, "/?#"));
    const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
    char *shown = colon ? xprintf("%.*s:***%s", (int)(colon - url), url, at) : xstrdup(url);
    for (char *p = shown; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            *p = '?';
    return shown;
}
