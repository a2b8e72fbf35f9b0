#include <inttypes.h>
#include <string.h>

#include "configure/parts.h"

static const char *const kinds[] = {
    [OP_WRITE] = "write",
    [OP_APPEND] = "append",
    [OP_SET] = "set",
    [OP_SYMLINK] = "symlink",
    [OP_DIRECTORY] = "directory",
    [OP_REMOVE] = "remove",
    [OP_DEVICE] = "device",
    [OP_GROUP] = "group",
    [OP_USER] = "user",
    [OP_PASSWORD] = "password",
    [OP_SSHKEY] = "sshkey",
    [OP_ENABLE] = "enable",
    [OP_DISABLE] = "disable",
    [OP_MASK] = "mask",
    [OP_DEFAULT_TARGET] = "default-target",
    [OP_RUN] = "run",
    [OP_TIMEZONE] = "timezone",
    [OP_WARN] = "warning",
};

static bool is_text_below(const struct operation *o)
{
    return o->kind == OP_WRITE || o->kind == OP_APPEND || o->kind == OP_SET;
}

/* What a password is, never what it says. */
static const char *password_kind(const struct recipe_password *password)
{
    return !password->set || (password->lock && !password->text) ? "locked"
           : password->lock                                      ? "locked, text given"
           : password->is_crypted                                ? "crypted"
                                                                 : "plain";
}

static void add_user(struct strbuf *b, const struct recipe_user *user)
{
    if (user->uid >= 0)
        strbuf_printf(b, " uid %" PRId64, user->uid);
    if (user->gid >= 0)
        strbuf_printf(b, " gid %" PRId64, user->gid);
    for (size_t i = 0; i < user->groups.n; i++)
        strbuf_printf(b, "%s%s", i ? "," : " groups ", user->groups.v[i]);
    if (user->home)
        strbuf_printf(b, " home %s", user->home);
    if (user->shell)
        strbuf_printf(b, " shell %s", user->shell);
}

static void add_what(struct strbuf *b, const struct operation *o)
{
    if (o->path)
        strbuf_printf(b, " %s", o->path);
    if (o->name)
        strbuf_printf(b, " %s", o->name);
    if (o->key)
        strbuf_printf(b, " %s", o->key);
    if (o->kind == OP_SYMLINK)
        strbuf_printf(b, " -> %s", o->text);
    if (o->kind == OP_DEVICE || o->kind == OP_SSHKEY)
        strbuf_printf(b, " %s", o->text);
    if (o->kind == OP_WARN)
        strbuf_printf(b, " %s", o->text);
    if (o->kind == OP_WRITE || o->kind == OP_DIRECTORY || o->kind == OP_DEVICE)
        strbuf_printf(b, " %04o", (unsigned)o->mode);
    if (o->kind == OP_GROUP && o->id >= 0)
        strbuf_printf(b, " gid %" PRId64, o->id);
    if (o->user)
        add_user(b, o->user);
    if (o->password)
        strbuf_printf(b, " %s", password_kind(o->password));
    for (size_t i = 0; i < o->argv.n; i++)
        strbuf_printf(b, " %s", o->argv.v[i]);
}

static void add_conditions(struct strbuf *b, const struct operation *o)
{
    if (o->optional)
        strbuf_puts(b, " (if there)");
    if (o->only_if)
        strbuf_printf(b, " (if %s)", o->only_if);
    if (o->unless)
        strbuf_printf(b, " (unless %s)", o->unless);
    if (o->place.line)
        strbuf_printf(b, "  # %s:%u", o->place.file, o->place.line);
}

static void add_below(struct strbuf *b, const char *text)
{
    while (*text) {
        const char *end = strchrnul(text, '\n');
        strbuf_printf(b, "    %.*s\n", (int)(end - text), text);
        text = *end ? end + 1 : end;
    }
}

void operations_print(const struct operations *operations, FILE *out)
{
    for (size_t i = 0; i < operations->n; i++) {
        const struct operation *o = &operations->v[i];
        auto_strbuf struct strbuf b = {0};
        strbuf_puts(&b, kinds[o->kind]);
        add_what(&b, o);
        add_conditions(&b, o);
        strbuf_putc(&b, '\n');
        if (is_text_below(o))
            add_below(&b, o->text);
        fwrite(b.s, 1, b.len, out);
    }
}

static void add_string(struct strbuf *b, const char *key, const char *value)
{
    if (!value)
        return;
    strbuf_printf(b, ", \"%s\": ", key);
    strbuf_json(b, value);
}

static void add_list(struct strbuf *b, const char *key, const struct strv *list)
{
    if (!list->n)
        return;
    strbuf_printf(b, ", \"%s\": [", key);
    for (size_t i = 0; i < list->n; i++) {
        strbuf_puts(b, i ? ", " : "");
        strbuf_json(b, list->v[i]);
    }
    strbuf_putc(b, ']');
}

static void add_json_user(struct strbuf *b, const struct recipe_user *user)
{
    if (user->gid >= 0)
        strbuf_printf(b, ", \"gid\": %" PRId64, user->gid);
    add_list(b, "groups", &user->groups);
    add_string(b, "home", user->home);
    add_string(b, "shell", user->shell);
    add_string(b, "gecos", user->gecos);
}

static void add_json(struct strbuf *b, const struct operation *o)
{
    strbuf_printf(b, "{\"kind\": \"%s\"", kinds[o->kind]);
    add_string(b, "path", o->path);
    add_string(b, "name", o->name);
    add_string(b, "key", o->key);
    add_string(b, "text", o->text);
    if (o->mode)
        strbuf_printf(b, ", \"mode\": \"%04o\"", (unsigned)o->mode);
    if (o->id >= 0)
        strbuf_printf(b, ", \"id\": %" PRId64, o->id);
    if (o->user)
        add_json_user(b, o->user);
    if (o->password)
        add_string(b, "password", password_kind(o->password));
    add_list(b, "argv", &o->argv);
    add_string(b, "only_if", o->only_if);
    add_string(b, "unless", o->unless);
    add_string(b, "otherwise", o->otherwise);
    if (o->optional)
        strbuf_puts(b, ", \"optional\": true");
    if (o->place.line) {
        add_string(b, "file", o->place.file);
        strbuf_printf(b, ", \"line\": %u", o->place.line);
    }
    strbuf_putc(b, '}');
}

void operations_print_json(const struct operations *operations, FILE *out)
{
    auto_strbuf struct strbuf b = {0};
    strbuf_puts(&b, "[");
    for (size_t i = 0; i < operations->n; i++) {
        strbuf_puts(&b, i ? ",\n " : "");
        add_json(&b, &operations->v[i]);
    }
    strbuf_puts(&b, "]\n");
    fwrite(b.s, 1, b.len, out);
}
