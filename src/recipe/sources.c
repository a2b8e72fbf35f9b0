/* url, repo, and the installation media that an image build does not have. */
#include <errno.h>
#include <string.h>

#include "recipe/internal.h"

#define S(field) OFFSET(recipe_repo, field)
#define CERTIFICATE_NOTE "it has no effect: the machine's own certificates are used"

static const struct option_spec url_options[] = {
    OPTION("url", OPTION_STRING, S(baseurl)),
    OPTION("mirrorlist", OPTION_STRING, S(mirrorlist)),
    OPTION("metalink", OPTION_STRING, S(metalink)),
    OPTION("proxy", OPTION_STRING, S(proxy)),
    OPTION("noverifyssl", OPTION_FLAG, S(noverifyssl)),
    OPTION_WARNED("sslcacert", OPTION_VALUE, CERTIFICATE_NOTE),
    OPTION_WARNED("sslclientcert", OPTION_VALUE, CERTIFICATE_NOTE),
    OPTION_WARNED("sslclientkey", OPTION_VALUE, CERTIFICATE_NOTE),
    OPTION_END,
};

static const struct option_spec repo_options[] = {
    OPTION("name", OPTION_STRING, S(name)),
    OPTION("baseurl", OPTION_STRING, S(baseurl)),
    OPTION("mirrorlist", OPTION_STRING, S(mirrorlist)),
    OPTION("metalink", OPTION_STRING, S(metalink)),
    OPTION("cost", OPTION_INT, S(cost)),
    OPTION("priority", OPTION_INT, S(priority)),
    OPTION("includepkgs", OPTION_LIST, S(include_packages)),
    OPTION("excludepkgs", OPTION_LIST, S(exclude_packages)),
    OPTION("proxy", OPTION_STRING, S(proxy)),
    OPTION("gpgkey", OPTION_STRING, S(gpgkey)),
    OPTION("noverifyssl", OPTION_FLAG, S(noverifyssl)),
    OPTION("ignoregroups", OPTION_BOOL, S(ignoregroups)),
    {.name = "install",
        .type = OPTION_FLAG,
        .offset = S(install),
        .class = CLASS_WARN,
        .note = "the image does not get the repository; write its file in %post"},
    OPTION_WARNED("sslcacert", OPTION_VALUE, CERTIFICATE_NOTE),
    OPTION_WARNED("sslclientcert", OPTION_VALUE, CERTIFICATE_NOTE),
    OPTION_WARNED("sslclientkey", OPTION_VALUE, CERTIFICATE_NOTE),
    OPTION_END,
};

static int check_address(struct command *c, char **address)
{
    static const char *const known[] = {"http://", "https://", "ftp://", "file:"};
    if (!*address)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (str_starts(*address, known[i]))
            return 0;
    if (str_starts(*address, "nfs:") || str_starts(*address, "hd:") ||
        str_starts(*address, "cdrom:")) {
        command_refuse(c, "write an http, https or file address",
            "'%s' is read by an installer only", *address);
        return 0;
    }
    if (strstr(*address, "://") || (*address)[0] == '\0')
        return command_error(c, "write an http, https, ftp or file address",
            "'%s' is no address of a repository", *address);
    if ((*address)[0] == '/') {
        *address = arena_printf(c->parser->arena, "file://%s", *address);
        return 0;
    }
    command_warn(c, "'%s' names no protocol; http:// is taken", *address);
    *address = arena_printf(c->parser->arena, "http://%s", *address);
    return 0;
}

/* The addresses given: none, or one; more are an error. */
static int check_addresses(struct command *c, struct recipe_repo *repo, const char *base)
{
    int n = (repo->baseurl != NULL) + (repo->mirrorlist != NULL) + (repo->metalink != NULL);
    if (n > 1)
        return command_error(c, "keep one of them",
            "only one of --%s, --mirrorlist and --metalink can be given", base);
    int r = check_address(c, &repo->baseurl);
    if (r == 0)
        r = check_address(c, &repo->mirrorlist);
    if (r == 0)
        r = check_address(c, &repo->metalink);
    return r < 0 ? r : n;
}

static struct recipe_repo *find_repo(struct recipe *recipe, const char *name)
{
    for (size_t i = 0; i < recipe->n_repos; i++)
        if (strcmp(recipe->repos[i].name, name) == 0)
            return &recipe->repos[i];
    return NULL;
}

static int finish_url(struct command *c)
{
    struct recipe_repo *repo = c->target;
    struct recipe *recipe = c->parser->recipe;
    repo->name = arena_strdup(c->parser->arena, "url");
    repo->cost = repo->priority = -1;
    repo->place = c->place;
    int n = check_addresses(c, repo, "url");
    if (n < 0)
        return n;
    if (n == 0)
        return command_error(c, "write url --url=http://...",
            "one of --url, --mirrorlist and "
            "--metalink is missing");
    struct recipe_repo *old = find_repo(recipe, "url");
    if (old) {
        *old = *repo;
        return 0;
    }
    arena_push(c->parser->arena, recipe->repos, recipe->n_repos);
    memmove(recipe->repos + 1, recipe->repos, (recipe->n_repos - 1) * sizeof(*repo));
    recipe->repos[0] = *repo;
    return 0;
}

static int finish_repo(struct command *c)
{
    struct recipe_repo *repo = c->target;
    struct recipe *recipe = c->parser->recipe;
    repo->place = c->place;
    if (!command_has(c, "cost"))
        repo->cost = -1;
    if (!command_has(c, "priority"))
        repo->priority = -1;
    if (!repo->name || !*repo->name)
        return command_error(c, "write repo --name=NAME --baseurl=URL", "--name is missing");
    if (strpbrk(repo->name, "/=\\") || repo->name[0] == '.')
        return command_error(c, "use letters, digits, '-', '_' and '.'",
            "'%s' is no name of a repository", repo->name);
    int n = check_addresses(c, repo, "baseurl");
    if (n < 0)
        return n;
    if (n == 0)
        command_warn(c,
            "'%s' has no address: add --baseurl=URL, --mirrorlist=URL or "
            "--metalink=URL here, or give --repo %s=URL to slipway",
            repo->name, repo->name);
    const struct recipe_repo *old = find_repo(recipe, repo->name);
    if (old)
        return command_error(c, "give each repository its own name",
            "there is already a repository '%s', by %s", repo->name,
            place_from(c->parser->arena, c->place, old->place));
    *arena_push(c->parser->arena, recipe->repos, recipe->n_repos) = *repo;
    return 0;
}

static const struct option_spec medium_options[] = {
    OPTION_QUIET("partition", OPTION_VALUE),
    OPTION_QUIET("biospart", OPTION_VALUE),
    OPTION_QUIET("dir", OPTION_VALUE),
    OPTION_END,
};

static int finish_medium(struct command *c)
{
    c->parser->recipe->method_unusable = true;
    c->parser->recipe->method_place = c->place;
    const struct recipe_repo *url = find_repo(c->parser->recipe, "url");
    if (url)
        command_warn(c, "there is no installation medium; the url of %s is used",
            place_from(c->parser->arena, c->place, url->place));
    else
        command_warn(c, "there is no installation medium; packages come from url and repo lines, "
                        "or from --repo NAME=URL");
    return 0;
}

const struct command_spec source_commands[] = {
    {.name = "url",
        .options = url_options,
        .finish = finish_url,
        .scratch_bytes = sizeof(struct recipe_repo),
        .says_again = true},
    {.name = "repo",
        .options = repo_options,
        .finish = finish_repo,
        .scratch_bytes = sizeof(struct recipe_repo)},
    {.name = "cdrom", .finish = finish_medium},
    {.name = "harddrive", .options = medium_options, .finish = finish_medium},
    {.name = NULL},
};
