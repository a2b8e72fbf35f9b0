#include "base/nearest.h"

#include <string.h>
#include <strings.h>

#include "plan/internal.h"

#define MAX_SHOWN 3

/* "httpd" in "httpd-server": a longer name that begins with what was written. */
static bool is_beginning(const char *wanted, const char *name)
{
    size_t length = strlen(wanted);
    return length >= 4 && strncasecmp(name, wanted, length) == 0 && name[length] &&
           strchr("-_.", name[length]);
}

static bool is_shown(const char *const *shown, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(shown[i], name) == 0)
            return true;
    return false;
}

char *nearest_names(const char *wanted, const char *const *names, size_t n)
{
    const char *shown[MAX_SHOWN] = {0};
    size_t n_shown = 0;
    while (n_shown < MAX_SHOWN) {
        struct nearest nearest = nearest_to(wanted);
        for (size_t i = 0; i < n; i++)
            if (!is_shown(shown, n_shown, names[i]))
                nearest_offer(&nearest, names[i]);
        for (size_t i = 0; i < n && !nearest.best; i++)
            if (is_beginning(wanted, names[i]) && !is_shown(shown, n_shown, names[i]))
                nearest.best = names[i];
        if (!nearest.best)
            break;
        shown[n_shown++] = nearest.best;
    }
    auto_strbuf struct strbuf text = {0};
    for (size_t i = 0; i < n_shown; i++)
        strbuf_printf(&text, "%s'%s'", i ? " or " : "", shown[i]);
    return n_shown ? strbuf_steal(&text) : NULL;
}
