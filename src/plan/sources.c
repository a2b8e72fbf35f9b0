#include "plan/sources.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "plan/internal.h"

#define DEFAULT_COST 1000
#define DEFAULT_PRIORITY 99

/* A machine's name as uname(2) and rpm have it, and what repositories call its family. */
static const struct {
    const char *arch, *basearch, *canonical;
} machines[] = {
    {"x86_64", "x86_64", "x86_64"},
    {"i386", "i386", "i386"},
    {"i486", "i386", "i386"},
    {"i586", "i386", "i386"},
    {"i686", "i386", "i386"},
    {"aarch64", "aarch64", "aarch64"},
    {"ppc64le", "ppc64le", "ppc64le"},
    {"s390x", "s390x", "s390x"},
    {"riscv64", "riscv64", "riscv64"},
};

int plan_error(
    struct err *err, enum err_kind kind, struct recipe_place place, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    if (place.file && place.line)
        return err_set(err, kind, -EINVAL, "%s:%u: %s", place.file, place.line, text);
    return err_set(err, kind, -EINVAL, "%s", text);
}

char *sources_releasever_of_version(const char *version)
{
    if (!version)
        return NULL;
    size_t letters = strcspn(version, "0123456789");
    size_t digits = strspn(version + letters, "0123456789");
    if (!digits || letters + digits != strlen(version))
        return NULL;
    return xstrdup(version + letters);
}

static int set_arch(struct sources *s, const char *arch, struct err *err)
{
    struct utsname machine;
    if (!arch) {
        if (uname(&machine) < 0)
            return err_errno(err, "cannot tell what machine this is");
        arch = machine.machine;
    }
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
        if (strcmp(machines[i].arch, arch) != 0)
            continue;
        s->arch = arena_strdup(s->arena, machines[i].canonical);
        s->basearch = arena_strdup(s->arena, machines[i].basearch);
        return 0;
    }
    int r = err_set(err, ERR_USAGE, -EINVAL, "'%s' is not an architecture known here", arch);
    if (strcmp(arch, "amd64") == 0)
        return err_hint(err, "write x86_64");
    if (strcmp(arch, "arm64") == 0)
        return err_hint(err, "write aarch64");
    err_hint(err, "known are x86_64, i386, aarch64, ppc64le, s390x and riscv64");
    return r;
}

/* The value of variable 'name'; NULL: not known, or not known yet (releasever). The caller frees.
 * The CentOS ones have the values that its release packages ship. */
static char *variable(const struct sources *s, const char *name)
{
    const char *releasever = s->releasever;
    if (strcmp(name, "basearch") == 0)
        return xstrdup(s->basearch);
    if (strcmp(name, "arch") == 0)
        return xstrdup(strcmp(s->arch, "i386") == 0 ? "i686" : s->arch);
    if (strcmp(name, "infra") == 0)
        return xstrdup("stock");
    if (strcmp(name, "contentdir") == 0)
        return xstrdup("centos");
    if (strcmp(name, "rltype") == 0)
        return xstrdup("");
    if (!releasever)
        return NULL;
    size_t major = strcspn(releasever, ".");
    if (strcmp(name, "releasever") == 0)
        return xstrdup(releasever);
    if (strcmp(name, "releasever_major") == 0)
        return xstrndup(releasever, major);
    if (strcmp(name, "releasever_minor") == 0)
        return xstrdup(releasever[major] ? releasever + major + 1 : "");
    if (strcmp(name, "stream") == 0)
        return xprintf("%.*s-stream", (int)major, releasever);
    return NULL;
}

static int unknown_variable(
    const struct sources *s, struct recipe_place place, const char *name, struct err *err)
{
    if (!s->releasever && (str_starts(name, "releasever") || strcmp(name, "stream") == 0)) {
        int r =
            plan_error(err, ERR_RECIPE, place, "'$%s' needs a release, and none is given", name);
        err_hint(err, "say it by --releasever, or by a line '#version=RHEL9' in the recipe");
        return r;
    }
    int r = plan_error(err, ERR_RECIPE, place, "'$%s' is not a variable known here", name);
    err_hint(err, "known are $releasever, $releasever_major, $releasever_minor, $basearch, $arch, "
                  "$infra, $stream, $contentdir and $rltype");
    return r;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Replace $name and ${name} in 'text'; a '$' before anything else stays. */
static int expand(const struct sources *s, struct recipe_place place, const char *text,
    char **ret_text, struct err *err)
{
    auto_strbuf struct strbuf out = {0};
    for (const char *p = text; *p;) {
        bool brace = p[0] == '$' && p[1] == '{';
        const char *name = p + 1 + brace;
        size_t length = 0;
        while (*p == '$' && is_name_char(name[length]))
            length++;
        if (!length || (brace && name[length] != '}')) {
            strbuf_putc(&out, *p++);
            continue;
        }
        auto_free char *wanted = xstrndup(name, length);
        auto_free char *value = variable(s, wanted);
        if (!value)
            return unknown_variable(s, place, wanted, err);
        strbuf_puts(&out, value);
        p = name + length + brace;
    }
    *ret_text = strbuf_steal(&out);
    return 0;
}

static bool has_scheme(const char *url)
{
    size_t n = 0;
    while (isalpha((unsigned char)url[n]))
        n++;
    return n && str_starts(url + n, ":/");
}

static const char *url_fault(const char *url)
{
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return "has a space or a control character in it";
    if (str_starts(url, "file:///"))
        return NULL;
    static const char *const schemes[] = {"http://", "https://", "ftp://"};
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (str_starts(url, schemes[i]))
            return url[strlen(schemes[i])] && url[strlen(schemes[i])] != '/' ? NULL
                                                                             : "names no host";
    return "is not a file://, http://, https:// or ftp:// address";
}

/* Percent-encode what a path may hold and a URL may not. */
static char *url_of_path(const char *path)
{
    auto_strbuf struct strbuf out = {0};
    strbuf_puts(&out, "file://");
    for (const char *p = path; *p; p++) {
        if ((unsigned char)*p <= ' ' || strchr("%?#\x7f", *p))
            strbuf_printf(&out, "%%%02X", (unsigned char)*p);
        else
            strbuf_putc(&out, *p);
    }
    return strbuf_steal(&out);
}

/* An address as it was written, variables filled in, checked, on the arena. */
static int make_url(struct sources *s, struct recipe_place place, const char *owner,
    const char *written, char **ret_url, struct err *err)
{
    auto_free char *url = NULL;
    enum err_kind kind = place.line ? ERR_RECIPE : ERR_USAGE;
    int r = expand(s, place, written, &url, err);
    if (r < 0)
        return r;
    if (!has_scheme(url)) {
        auto_free char *path = realpath(url, NULL);
        if (!path) {
            r = plan_error(err, kind, place,
                "repository '%s': '%s' is no address, and there is no "
                "such directory",
                owner, url);
            err_hint(err, "give a file://, http://, https:// or ftp:// address, or a directory");
            return r;
        }
        free(url);
        url = url_of_path(path);
    }
    const char *fault = url_fault(url);
    if (fault)
        return plan_error(err, kind, place, "repository '%s': '%s' %s", owner, url, fault);
    *ret_url = arena_strdup(s->arena, url);
    return 0;
}

static struct source *add_source(struct sources *s, const char *name, struct recipe_place place)
{
    struct source *source = arena_push(s->arena, s->v, s->n);
    *source = (struct source){.name = arena_strdup(s->arena, name),
        .cost = DEFAULT_COST,
        .priority = DEFAULT_PRIORITY,
        .gpgcheck = true,
        .sslverify = true,
        .place = place};
    return source;
}

static void copy_globs(struct sources *s, struct strv *to, const struct strv *from)
{
    for (size_t i = 0; i < from->n; i++)
        strv_arena_split(s->arena, to, from->v[i], ", ");
}

/* Addresses of mirror lists are what yum took them for: a metalink when they say so. */
static int set_addresses(
    struct sources *s, struct source *to, const struct recipe_repo *repo, struct err *err)
{
    char *url = NULL;
    const char *lists[] = {repo->mirrorlist, repo->metalink};
    int r;
    if (repo->baseurl) {
        if ((r = make_url(s, repo->place, repo->name, repo->baseurl, &url, err)) < 0)
            return r;
        strv_arena_add(s->arena, &to->baseurls, url);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        if (!lists[i])
            continue;
        if ((r = make_url(s, repo->place, repo->name, lists[i], &url, err)) < 0)
            return r;
        if (i == 1 || strstr(url, "/metalink?"))
            to->metalink = url;
        else
            to->mirrorlist = url;
    }
    if (to->baseurls.n || to->mirrorlist || to->metalink)
        return 0;
    r = plan_error(err, ERR_RECIPE, repo->place, "repo '%s' has no address", repo->name);
    err_hint(err, "write --baseurl=, or say --repo %s=URL", repo->name);
    return r;
}

static int set_gpgkeys(
    struct sources *s, struct source *to, const struct recipe_repo *repo, struct err *err)
{
    if (!repo->gpgkey)
        return 0;
    auto_free char *keys = NULL;
    int r = expand(s, repo->place, repo->gpgkey, &keys, err);
    if (r < 0)
        return r;
    strv_arena_split(s->arena, &to->gpgkeys, keys, ", ");
    return 0;
}

/* The part of NAME=URL behind the '=' whose NAME is 'name'; NULL: none. */
static const char *override_of(const struct source_options *options, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; options->repos && i < options->repos->n; i++) {
        const char *text = options->repos->v[i];
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return text + length + 1;
    }
    return NULL;
}

static int add_recipe_repo(struct sources *s, const struct recipe_repo *repo,
    const struct source_options *options, struct err *err)
{
    const char *override = override_of(options, repo->name);
    if (!override && options->only_command_line)
        return 0;
    struct source *to = add_source(s, repo->name, repo->place);
    int r;
    if (override) {
        char *url = NULL;
        r = make_url(s, (struct recipe_place){0}, repo->name, override, &url, err);
        if (r == 0)
            strv_arena_add(s->arena, &to->baseurls, url);
    } else {
        r = set_addresses(s, to, repo, err);
    }
    /* Keys of the command line are those of the repositories that it names. */
    bool has_own_keys = override && options->gpgkeys && options->gpgkeys->n;
    if (r == 0 && !has_own_keys)
        r = set_gpgkeys(s, to, repo, err);
    if (r < 0)
        return r;
    to->proxy = arena_strdup(s->arena, repo->proxy);
    copy_globs(s, &to->include_packages, &repo->include_packages);
    copy_globs(s, &to->exclude_packages, &repo->exclude_packages);
    if (repo->cost >= 0)
        to->cost = repo->cost;
    if (repo->priority >= 0)
        to->priority = repo->priority;
    to->sslverify = !repo->noverifyssl;
    to->ignoregroups = repo->ignoregroups;
    return 0;
}

static bool is_source_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._:+@ -", name[i]))
            return false;
    return length > 0;
}

static int add_command_line_repo(struct sources *s, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || !is_source_name(text, (size_t)(equals - text)) || !equals[1]) {
        int r = err_set(err, ERR_USAGE, -EINVAL, "--repo: '%s' is not NAME=URL", text);
        err_hint(err, "for example --repo lab=file:///srv/lab");
        return r;
    }
    auto_free char *name = xstrndup(text, (size_t)(equals - text));
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].name, name) == 0)
            return s->v[i].overridden++
                       ? err_set(err, ERR_USAGE, -EINVAL, "--repo: '%s' is given twice", name)
                       : 0;
    char *url = NULL;
    int r = make_url(s, (struct recipe_place){0}, name, equals + 1, &url, err);
    if (r < 0)
        return r;
    struct source *to = add_source(s, name, (struct recipe_place){0});
    to->overridden = 1;
    strv_arena_add(s->arena, &to->baseurls, url);
    return 0;
}

static int no_source(const struct recipe *recipe, struct err *err)
{
    struct recipe_place place = recipe->method_place;
    int r;
    if (recipe->method_unusable && place.line)
        r = plan_error(err, ERR_RECIPE, place,
            "packages from a medium can't be used here, and there is no repository");
    else
        r = err_set(err, ERR_RECIPE, -EINVAL, "%s: there is no repository to take packages from",
            recipe->path ? recipe->path : "the recipe");
    err_hint(err, "write a 'url --url=' or 'repo --name= --baseurl=' line, or say --repo NAME=URL");
    return r;
}

int sources_make(const struct recipe *recipe, const struct source_options *options,
    struct sources **ret_sources, struct err *err)
{
    static const struct source_options none = {0};
    if (!options)
        options = &none;
    struct arena *arena = arena_new();
    auto_cleanup(sources_free) struct sources *s = arena_alloc(arena, sizeof *s);
    s->arena = arena;
    int r = set_arch(s, options->arch, err);
    if (r < 0)
        return r;
    auto_free char *by_version = sources_releasever_of_version(recipe->version);
    s->releasever = arena_strdup(arena, options->releasever ? options->releasever : by_version);
    for (size_t i = 0; i < recipe->n_repos; i++)
        if ((r = add_recipe_repo(s, &recipe->repos[i], options, err)) < 0)
            return r;
    for (size_t i = 0; options->repos && i < options->repos->n; i++)
        if ((r = add_command_line_repo(s, options->repos->v[i], err)) < 0)
            return r;
    if (!s->n)
        return no_source(recipe, err);
    for (size_t i = 0; i < s->n; i++) {
        s->v[i].gpgcheck = !options->no_gpgcheck;
        for (size_t k = 0; options->gpgkeys && k < options->gpgkeys->n; k++)
            strv_arena_add(arena, &s->v[i].gpgkeys, options->gpgkeys->v[k]);
    }
    *ret_sources = steal(&s);
    return 0;
}

void sources_free(struct sources *sources)
{
    if (sources)
        arena_free(sources->arena);
}
