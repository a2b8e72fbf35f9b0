#include "configure/systemd-unit.h"

#include <string.h>

#define MAX_LINKS 8

static const char *const directories[] = {
    UNIT_CONFIG, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};

/* Where in a name "@" and the type's "." stand: getty@tty1.service. */
static const char *at_sign(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *at = strchr(name, '@');
    return at && dot && at < dot ? at : NULL;
}

static char *template_of(const char *name)
{
    const char *at = at_sign(name);
    return at ? xprintf("%.*s@%s", (int)(at - name), name, strrchr(name, '.')) : xstrdup(name);
}

/* The template's unit for that instance; 'name' itself when it is no template or 'instance' NULL.
 */
static char *instance_of(const char *name, const char *instance)
{
    const char *at = at_sign(name);
    if (!at || at[1] != '.' || !instance)
        return xstrdup(name);
    return xprintf("%.*s%s%s", (int)(at + 1 - name), name, instance, at + 1);
}

/* Like what a shell strips: quotes are rare here and only around whole words. */
static void read_value(struct unit *unit, struct strv *list, const char *value)
{
    if (!*value)
        *list = (struct strv){0};
    strv_arena_split(unit->arena, list, value, " \t\"'");
}

static void read_setting(struct unit *unit, const char *key, const char *value)
{
    const struct {
        const char *key;
        struct strv *list;
    } lists[] = {{"Alias", &unit->alias}, {"WantedBy", &unit->wanted_by},
        {"RequiredBy", &unit->required_by}, {"UpheldBy", &unit->upheld_by}, {"Also", &unit->also}};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (strcmp(key, lists[i].key) == 0)
            read_value(unit, lists[i].list, value);
    if (strcmp(key, "DefaultInstance") == 0)
        unit->default_instance = *value ? arena_strdup(unit->arena, value) : NULL;
}

static void trim_end(char *s)
{
    size_t n = strlen(s);
    while (n && strchr(" \t\r", s[n - 1]))
        s[--n] = '\0';
}

/* One line with those it goes on in; *i is left on the last of them. */
static char *whole_line(const struct strv *lines, size_t *i)
{
    auto_strbuf struct strbuf b = {0};
    for (;; (*i)++) {
        trim_end(lines->v[*i]);
        strbuf_puts(&b, lines->v[*i]);
        if (b.len == 0 || b.s[b.len - 1] != '\\' || *i + 1 >= lines->n)
            return strbuf_steal(&b);
        b.s[b.len - 1] = ' ';
    }
}

static void read_install(struct unit *unit, const struct strv *lines)
{
    bool inside = false;
    for (size_t i = 0; i < lines->n; i++) {
        auto_free char *whole = whole_line(lines, &i);
        char *line = whole + strspn(whole, " \t"), *value = strchr(line, '=');
        if (*line == '[')
            inside = strcmp(line, "[Install]") == 0;
        if (!inside || *line == '#' || *line == ';' || !value)
            continue;
        *value++ = '\0';
        trim_end(line);
        read_setting(unit, line, value + strspn(value, " \t"));
    }
}

static int read_drop_ins(int root, struct unit *unit, const char *name, struct err *err)
{
    for (size_t i = ARRAY_SIZE(directories); i-- > 0;) {
        auto_free char *directory = xprintf("%s/%s.d", directories[i], name);
        auto_strv struct strv names = {0};
        int r = root_list(root, directory, &names, err);
        for (size_t k = 0; r == 0 && k < names.n; k++) {
            auto_free char *path = xprintf("%s/%s", directory, names.v[k]);
            auto_strv struct strv lines = {0};
            r = str_ends(path, ".conf") ? root_read_lines(root, path, &lines, err) : 0;
            if (r > 0)
                read_install(unit, &lines);
            r = r < 0 ? r : 0;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* Where the file of that name is, or NULL. */
static char *find_path(int root, const char *name, struct stat *st, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        auto_free char *path = xprintf("%s/%s", directories[i], name);
        if (root_lstat(root, path, st, err) > 0)
            return steal(&path);
        err_done(err);
    }
    return NULL;
}

static bool is_unit_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && strchr(name, '.') && strlen(name) < 256;
}

static void set_name(struct unit *unit, const char *name)
{
    const char *at = at_sign(name), *dot = strrchr(name, '.');
    unit->name = arena_strdup(unit->arena, name);
    unit->is_template = at && at + 1 == dot;
    unit->instance = at && !unit->is_template
                         ? arena_strndup(unit->arena, at + 1, (size_t)(dot - at - 1))
                         : NULL;
}

/* The file that a name stands for: through alias symlinks, and from an instance to its template. */
static char *resolve(int root, struct unit *unit, const char *name, struct err *err)
{
    auto_free char *current = xstrdup(name);
    for (int depth = 0; depth < MAX_LINKS; depth++) {
        struct stat st;
        auto_free char *path = find_path(root, current, &st, err);
        auto_free char *template = template_of(current);
        if (!path && strcmp(template, current) != 0)
            path = find_path(root, template, &st, err);
        if (!path)
            return NULL;
        set_name(unit, current);
        if (!S_ISLNK(st.st_mode))
            return steal(&path);
        auto_free char *target = root_readlink(root, path);
        const char *slash = target ? strrchr(target, '/') : NULL;
        unit->is_masked = target && strcmp(target, "/dev/null") == 0;
        if (unit->is_masked)
            return steal(&path);
        const char *next = slash ? slash + 1 : target ? target : "";
        if (strcmp(next, current) == 0 || strcmp(next, template) == 0 || !is_unit_name(next))
            return steal(&path); /* a unit kept elsewhere */
        char *unit_name = instance_of(next, unit->instance);
        free(current);
        current = unit_name;
    }
    return NULL;
}

int unit_read(int root, const char *name, struct unit *unit, struct err *err)
{
    if (!is_unit_name(name))
        return 0;
    unit->arena = arena_new();
    auto_free char *path = resolve(root, unit, name, err);
    if (!path)
        return 0;
    unit->path = arena_strdup(unit->arena, path);
    if (unit->is_masked)
        return 1;
    auto_strv struct strv lines = {0};
    int r = root_read_lines(root, path, &lines, err);
    if (r <= 0)
        return r;
    read_install(unit, &lines);
    auto_free char *template = template_of(unit->name);
    r = read_drop_ins(root, unit, template, err);
    if (r == 0 && strcmp(template, unit->name) != 0)
        r = read_drop_ins(root, unit, unit->name, err);
    return r < 0 ? r : 1;
}

static int has_alias(int root, const char *path, const char *name, struct err *err)
{
    auto_strv struct strv lines = {0};
    auto_unit struct unit unit = {.arena = arena_new()};
    struct stat st;
    int r = root_lstat(root, path, &st, err);
    if (r > 0)
        r = S_ISREG(st.st_mode) ? root_read_lines(root, path, &lines, err) : 0;
    if (r <= 0)
        return r;
    read_install(&unit, &lines);
    return strv_has(&unit.alias, name);
}

int unit_find_alias(int root, const char *name, char **ret_name, struct err *err)
{
    const char *type = strrchr(name, '.');
    for (size_t i = 0; type && i < ARRAY_SIZE(directories); i++) {
        auto_strv struct strv names = {0};
        int r = root_list(root, directories[i], &names, err);
        for (size_t k = 0; r == 0 && k < names.n; k++) {
            auto_free char *path = xprintf("%s/%s", directories[i], names.v[k]);
            r = str_ends(path, type) ? has_alias(root, path, name, err) : 0;
            if (r > 0)
                *ret_name = xstrdup(names.v[k]);
        }
        if (r != 0)
            return r;
    }
    return 0;
}

void unit_done(struct unit *unit)
{
    arena_free(unit->arena);
    *unit = (struct unit){0};
}

char *unit_expand(const struct unit *unit, const char *text)
{
    auto_strbuf struct strbuf b = {0};
    const char *at = at_sign(unit->name), *dot = strrchr(unit->name, '.');
    size_t prefix = (size_t)((at ? at : dot) - unit->name);
    for (; *text; text++) {
        if (*text != '%' || !text[1]) {
            strbuf_putc(&b, *text);
            continue;
        }
        switch (*++text) {
        case 'n':
            strbuf_puts(&b, unit->name);
            break;
        case 'N':
            strbuf_add(&b, unit->name, (size_t)(dot - unit->name));
            break;
        case 'p':
            strbuf_add(&b, unit->name, prefix);
            break;
        case 'i':
        case 'I':
            strbuf_puts(&b, unit->instance ? unit->instance : "");
            break;
        default:
            strbuf_putc(&b, *text);
        }
    }
    return strbuf_steal(&b);
}
