/* rootpw, user, group, sshkey. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

struct password_line {
    bool is_crypted, plaintext, lock, allow_ssh, has_text;
    char *text;
};

#define PASSWORD_OPTIONS(TYPE, AT)                                                                 \
    OPTION("iscrypted", OPTION_FLAG, offsetof(struct TYPE, AT is_crypted)),                        \
        OPTION("plaintext", OPTION_FLAG, offsetof(struct TYPE, AT plaintext)),                     \
        OPTION("lock", OPTION_FLAG, offsetof(struct TYPE, AT lock))

/* Could crypt(5) ever give this? A string that begins with '!' or '*' is a lock, and meant so. */
static bool is_possible_hash(const char *s)
{
    if (*s == '!' || *s == '*')
        return true;
    const char *alphabet = "./0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (*s == '$') {
        const char *second = strchr(s + 1, '$');
        const char *last = strrchr(s, '$');
        size_t digest = strlen(last + 1);
        return second && last > second && digest >= 20 &&
               last[1 + strspn(last + 1, alphabet)] == '\0';
    }
    return strlen(s) == 13 && s[strspn(s, alphabet)] == '\0';
}

static int fill_password(
    struct command *c, const struct password_line *line, struct recipe_password *password)
{
    if (line->is_crypted && line->plaintext)
        return command_error(c, "keep --iscrypted for a hash, --plaintext for the password itself",
            "--iscrypted and --plaintext contradict each other");
    if (line->text && line->text[0] == '\0' && !line->lock)
        return command_error(c, "write a password, or --lock", "the password is empty");
    if (line->text && line->is_crypted && strpbrk(line->text, ":\n"))
        return command_error(
            c, "write what 'openssl passwd -6' prints", "a password's hash can't have ':' in it");
    password->set = true;
    password->place = c->place;
    password->lock = line->lock;
    if (line->text) {
        password->text = line->text;
        password->is_crypted = line->is_crypted;
    }
    if (line->text && line->is_crypted && !line->lock && !is_possible_hash(line->text))
        command_warn(c, "the hash is none that a password could have: nobody can log in with it");
    return 0;
}

struct rootpw_line {
    struct password_line p;
};

static const struct option_spec rootpw_options[] = {
    PASSWORD_OPTIONS(rootpw_line, p.),
    OPTION("allow-ssh", OPTION_FLAG, offsetof(struct rootpw_line, p.allow_ssh)),
    {.name = "sshenabled",
        .type = OPTION_FLAG,
        .offset = offsetof(struct rootpw_line, p.allow_ssh),
        .class = CLASS_WARN,
        .note = "taken for --allow-ssh"},
    OPTION_END,
};

static int finish_rootpw(struct command *c)
{
    struct rootpw_line *line = c->target;
    struct recipe *recipe = c->parser->recipe;
    if (c->n_args == 0 && !line->p.lock)
        return command_error(c, "write rootpw PASSWORD, rootpw --iscrypted HASH, or rootpw --lock",
            "the password is missing");
    if (c->n_args > 1)
        return command_error(
            c, "quote a password that has blanks in it", "unexpected word behind the password");
    line->p.text = c->n_args ? c->args[0] : NULL;
    if (line->p.allow_ssh)
        recipe->rootpw_allow_ssh = RECIPE_ON;
    return fill_password(c, &line->p, &recipe->rootpw);
}

struct user_line {
    struct recipe_user user;
    struct password_line p;
};

#define U(field) offsetof(struct user_line, user.field)

static const struct option_spec user_options[] = {
    OPTION("name", OPTION_STRING, U(name)),
    OPTION("groups", OPTION_LIST, U(groups)),
    OPTION("homedir", OPTION_STRING, U(home)),
    OPTION("shell", OPTION_STRING, U(shell)),
    OPTION("gecos", OPTION_STRING, U(gecos)),
    OPTION("uid", OPTION_ID, U(uid)),
    OPTION("gid", OPTION_ID, U(gid)),
    OPTION("password", OPTION_STRING, offsetof(struct user_line, p.text)),
    PASSWORD_OPTIONS(user_line, p.),
    OPTION_END,
};

/* What useradd(8) takes, with '$' at the end; upper case is unwise and works. */
static bool is_account_name(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 32 || !(isalpha((unsigned char)*s) || *s == '_'))
        return false;
    for (size_t i = 1; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]) && !(s[i] == '$' && i == n - 1))
            return false;
    return true;
}

static int check_account(struct command *c, const char *what, const char *name)
{
    if (!name)
        return command_error(c, "write --name=NAME", "--name is missing");
    if (!is_account_name(name))
        return command_error(c, "begin with a letter; letters, digits, '_', '-' and '.' follow",
            "'%s' is no name of a %s", name, what);
    return 0;
}

static int check_passwd_field(struct command *c, const char *option, const char *value, bool path)
{
    if (value && (strpbrk(value, ":\n") || (path && value[0] != '/')))
        return command_error(c, path ? "write an absolute path" : "leave the ':' out",
            "'--%s=%s' can't stand in /etc/passwd", option, value);
    return 0;
}

static void add_group(struct command *c, const char *name, int64_t gid)
{
    struct recipe *recipe = c->parser->recipe;
    for (size_t i = 0; i < recipe->n_groups; i++)
        if (strcmp(recipe->groups[i].name, name) == 0)
            return;
    struct recipe_group *group = arena_push(c->parser->arena, recipe->groups, recipe->n_groups);
    *group = (struct recipe_group){arena_strdup(c->parser->arena, name), gid, c->place};
}

/* 'wheel' or 'mail(12)': the second makes the group with that gid. */
static int check_user_groups(struct command *c, struct strv *groups)
{
    for (size_t i = 0; i < groups->n; i++) {
        char *name = groups->v[i], *open = strchr(name, '(');
        if (open) {
            char *end;
            unsigned long gid = strtoul(open + 1, &end, 10);
            if (end == open + 1 || strcmp(end, ")") != 0 || gid >= UINT32_MAX)
                return command_error(c, "write NAME or NAME(GID)", "'%s' is no group", name);
            *open = '\0';
            add_group(c, name, (int64_t)gid);
        }
        if (!is_account_name(name))
            return command_error(c, NULL, "'%s' in --groups is no name of a group", name);
    }
    return 0;
}

static int finish_user(struct command *c)
{
    struct user_line *line = c->target;
    struct recipe_user *user = &line->user;
    struct recipe *recipe = c->parser->recipe;
    if (!command_has(c, "uid"))
        user->uid = -1;
    if (!command_has(c, "gid"))
        user->gid = -1;
    user->place = c->place;
    int r = check_account(c, "user", user->name);
    if (r == 0)
        r = check_passwd_field(c, "homedir", user->home, true);
    if (r == 0)
        r = check_passwd_field(c, "shell", user->shell, true);
    if (r == 0)
        r = check_passwd_field(c, "gecos", user->gecos, false);
    if (r == 0)
        r = check_user_groups(c, &user->groups);
    if (r < 0)
        return r;
    for (size_t i = 0; i < recipe->n_users; i++)
        if (strcmp(recipe->users[i].name, user->name) == 0)
            return command_error(c, "make one line of both", "'%s' is already a user, by %s",
                user->name, place_from(c->parser->arena, c->place, recipe->users[i].place));
    if (line->p.text || line->p.lock) {
        r = fill_password(c, &line->p, &user->password);
        if (r < 0)
            return r;
    }
    *arena_push(c->parser->arena, recipe->users, recipe->n_users) = *user;
    return 0;
}

static const struct option_spec group_options[] = {
    OPTION("name", OPTION_STRING, OFFSET(recipe_group, name)),
    OPTION("gid", OPTION_ID, OFFSET(recipe_group, gid)),
    OPTION_END,
};

static int finish_group(struct command *c)
{
    struct recipe_group *group = c->target;
    struct recipe *recipe = c->parser->recipe;
    int r = check_account(c, "group", group->name);
    if (r < 0)
        return r;
    if (!command_has(c, "gid"))
        group->gid = -1;
    group->place = c->place;
    for (size_t i = 0; i < recipe->n_groups; i++)
        if (strcmp(recipe->groups[i].name, group->name) == 0)
            return command_error(c, "make one line of both", "'%s' is already a group, by %s",
                group->name, place_from(c->parser->arena, c->place, recipe->groups[i].place));
    *arena_push(c->parser->arena, recipe->groups, recipe->n_groups) = *group;
    return 0;
}

static const struct option_spec sshkey_options[] = {
    OPTION("username", OPTION_STRING, OFFSET(recipe_sshkey, user)),
    OPTION_END,
};

static int finish_sshkey(struct command *c)
{
    struct recipe_sshkey *key = c->target;
    struct recipe *recipe = c->parser->recipe;
    if (!key->user)
        return command_error(
            c, "write sshkey --username=root \"ssh-ed25519 AAAA...\"", "--username is missing");
    if (!is_account_name(key->user))
        return command_error(c, NULL, "'%s' is no name of a user", key->user);
    auto_strbuf struct strbuf text = {0};
    for (size_t i = 0; i < c->n_args; i++)
        strbuf_printf(&text, "%s%s", i ? " " : "", c->args[i]);
    if (c->n_args > 1)
        command_warn(c, "the key's %zu words are taken for one key: quote it", c->n_args);
    if (!strchr(text.s, ' '))
        command_warn(
            c, "'%.20s...' does not look like a key, which has a type, a blank and data", text.s);
    key->key = arena_strdup(c->parser->arena, text.s);
    key->place = c->place;
    *arena_push(c->parser->arena, recipe->sshkeys, recipe->n_sshkeys) = *key;
    return 0;
}

const struct command_spec account_commands[] = {
    {.name = "rootpw",
        .options = rootpw_options,
        .finish = finish_rootpw,
        .scratch_bytes = sizeof(struct rootpw_line),
        .max_args = 1000,
        .says_again = true},
    {.name = "user",
        .options = user_options,
        .finish = finish_user,
        .scratch_bytes = sizeof(struct user_line),
        .usage = "user --name=NAME --groups=wheel --plaintext --password=PASSWORD"},
    {.name = "group",
        .options = group_options,
        .finish = finish_group,
        .scratch_bytes = sizeof(struct recipe_group),
        .usage = "group --name=NAME --gid=N"},
    {.name = "sshkey",
        .options = sshkey_options,
        .finish = finish_sshkey,
        .scratch_bytes = sizeof(struct recipe_sshkey),
        .min_args = 1,
        .max_args = 1000,
        .argument = "the key",
        .usage = "sshkey --username=root \"ssh-ed25519 AAAA...\""},
    {.name = NULL},
};
