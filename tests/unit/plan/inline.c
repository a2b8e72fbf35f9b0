#include "inline.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"

#define NAMESPACES                                                                                 \
    "xmlns=\"http://linux.duke.edu/metadata/common\" "                                             \
    "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\""

static _Noreturn void give_up(const char *what, const char *about)
{
    fprintf(stderr, "bad case: %s: %s\n", what, about);
    exit(99);
}

static char *trimmed(char *s)
{
    s += strspn(s, " \t");
    size_t n = strlen(s);
    while (n && strchr(" \t\n", s[n - 1]))
        s[--n] = '\0';
    return s;
}

static void add_xml(struct strbuf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            strbuf_puts(b, "&lt;");
        else if (*text == '>')
            strbuf_puts(b, "&gt;");
        else if (*text == '&')
            strbuf_puts(b, "&amp;");
        else
            strbuf_putc(b, *text);
    }
}

/* A package while its lines are read. */
struct package {
    char *name, *epoch, *version, *release, *arch;
    char *deps[7];
    char *files, *filelist, *location, *checksum, *base, *size;
};

static const char *const kinds[] = {
    "provides", "requires", "recommends", "suggests", "supplements", "conflicts", "obsoletes"};

static void start_package(struct package *p, char *nevra)
{
    *p = (struct package){.epoch = xstrdup("0")};
    char *dot = strrchr(nevra, '.');
    char *release = dot ? (*dot = '\0', strrchr(nevra, '-')) : NULL;
    char *version = release ? (*release = '\0', strrchr(nevra, '-')) : NULL;
    if (!version)
        give_up("not a name-version-release.arch", nevra);
    *version++ = '\0';
    char *colon = strchr(version, ':');
    if (colon) {
        *colon = '\0';
        free(p->epoch);
        p->epoch = xstrdup(version);
        version = colon + 1;
    }
    p->arch = xstrdup(dot + 1);
    p->release = xstrdup(release + 1);
    p->version = xstrdup(version);
    p->name = xstrdup(nevra);
}

static void add_entry(struct strbuf *b, char *text)
{
    static const char *const signs[][2] = {
        {">=", "GE"}, {"<=", "LE"}, {"=", "EQ"}, {"<", "LT"}, {">", "GT"}};
    char *space = text[0] == '(' ? NULL : strchr(text, ' ');
    strbuf_puts(b, "<rpm:entry name=\"");
    if (space)
        *space = '\0';
    add_xml(b, text);
    strbuf_putc(b, '"');
    for (size_t i = 0; space && i < ARRAY_SIZE(signs); i++) {
        size_t length = strlen(signs[i][0]);
        char *sign = trimmed(space + 1);
        if (strncmp(sign, signs[i][0], length) != 0)
            continue;
        char *version = trimmed(sign + length), *release = strchr(version, '-');
        if (release)
            *release++ = '\0';
        char *colon = strchr(version, ':');
        if (colon)
            *colon = '\0';
        strbuf_printf(b, " flags=\"%s\" epoch=\"%s\" ver=\"%s\"", signs[i][1],
            colon ? version : "0", colon ? colon + 1 : version);
        if (release)
            strbuf_printf(b, " rel=\"%s\"", release);
        break;
    }
    strbuf_puts(b, "/>");
}

static void add_deps(struct strbuf *b, const char *kind, char *text)
{
    strbuf_printf(b, "<rpm:%s>", kind);
    for (char *save = NULL, *word = strtok_r(text, ",", &save); word;
         word = strtok_r(NULL, ",", &save))
        add_entry(b, trimmed(word));
    strbuf_printf(b, "</rpm:%s>\n", kind);
}

static void add_files(struct strbuf *b, const char *list)
{
    auto_free char *text = xstrdup(list ? list : "");
    for (char *save = NULL, *word = strtok_r(text, ",", &save); word;
         word = strtok_r(NULL, ",", &save)) {
        strbuf_puts(b, "<file>");
        add_xml(b, trimmed(word));
        strbuf_puts(b, "</file>");
    }
}

static void end_package(struct inline_repo *repo, struct package *p)
{
    if (!p->name)
        return;
    struct strbuf *b = &repo->primary, *f = &repo->filelists;
    auto_free char *nevra =
        xprintf("%s-%s:%s-%s.%s", p->name, p->epoch, p->version, p->release, p->arch);
    auto_free char *file = xprintf("%s-%s-%s.%s.rpm", p->name, p->version, p->release, p->arch);
    auto_free char *seed = xprintf("%s %s", repo->name, nevra);
    uint8_t digest[SHA256_BYTES];
    digest_sha256(seed, strlen(seed), digest);
    auto_free char *hex = p->checksum ? xstrdup(p->checksum) : digest_hex(digest, sizeof digest);
    strbuf_printf(b, "<package type=\"rpm\"><name>%s</name><arch>%s</arch>\n", p->name, p->arch);
    strbuf_printf(
        b, "<version epoch=\"%s\" ver=\"%s\" rel=\"%s\"/>\n", p->epoch, p->version, p->release);
    if (*hex)
        strbuf_printf(b, "<checksum type=\"sha256\" pkgid=\"YES\">%s</checksum>\n", hex);
    char *installed = p->size ? strchr(p->size, ' ') : NULL;
    strbuf_printf(b,
        "<time file=\"1700000000\" build=\"1600000000\"/><size package=\"%.*s\" "
        "installed=\"%s\" archive=\"1\"/>\n",
        installed ? (int)(installed - p->size) : 4, installed ? p->size : "1000",
        installed ? installed + 1 : "2048");
    strbuf_printf(b, "<location%s%s%s href=\"%s\"/>\n<format>\n", p->base ? " xml:base=\"" : "",
        p->base ? p->base : "", p->base ? "\"" : "", p->location ? p->location : file);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (p->deps[i])
            add_deps(b, kinds[i], p->deps[i]);
    add_files(b, p->files);
    strbuf_puts(b, "</format></package>\n");
    strbuf_printf(f,
        "<package pkgid=\"%s\" name=\"%s\" arch=\"%s\"><version epoch=\"%s\" ver=\"%s\" "
        "rel=\"%s\"/>",
        hex, p->name, p->arch, p->epoch, p->version, p->release);
    add_files(f, p->files);
    add_files(f, p->filelist);
    strbuf_puts(f, "</package>\n");
    repo->n_packages++;
    char *all[] = {p->name, p->epoch, p->version, p->release, p->arch, p->files, p->filelist,
        p->location, p->checksum, p->base, p->size};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        free(all[i]);
    for (size_t i = 0; i < ARRAY_SIZE(p->deps); i++)
        free(p->deps[i]);
    *p = (struct package){0};
}

static void package_line(struct package *p, char *line)
{
    char *colon = strchr(line, ':');
    if (!p->name || !colon)
        give_up("not a line of a package", line);
    *colon = '\0';
    char *value = xstrdup(trimmed(colon + 1));
    const struct {
        const char *key;
        char **to;
    } keys[] = {{"files", &p->files}, {"filelist", &p->filelist}, {"location", &p->location},
        {"checksum", &p->checksum}, {"base", &p->base}, {"size", &p->size}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i], line) == 0) {
            p->deps[i] = value;
            return;
        }
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i].key, line) == 0) {
            *keys[i].to = value;
            return;
        }
    give_up("not a key of a package", line);
}

static void start_repo(struct inline_case *c, char *words)
{
    struct inline_repo *repo = array_push(c->repos, c->n_repos);
    for (char *save = NULL, *word = strtok_r(words, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        if (!repo->name)
            repo->name = xstrdup(word);
        else if (str_starts(word, "priority="))
            repo->priority = atoi(word + 9);
        else if (str_starts(word, "cost="))
            repo->cost = atoi(word + 5);
        else if (str_starts(word, "broken="))
            repo->broken = xstrdup(word + 7);
        else if (str_starts(word, "directory="))
            repo->directory = xstrdup(word + 10);
        else
            give_up("not an option of =repo", word);
    }
}

static void body_line(struct inline_case *c, const char *section, struct package *p, char *line)
{
    struct inline_repo *repo = c->n_repos ? &c->repos[c->n_repos - 1] : NULL;
    if (str_starts(section, "=recipe"))
        strbuf_puts(&c->recipe, line);
    else if (str_starts(section, "=comps"))
        strbuf_puts(&repo->comps, line);
    else if (str_starts(section, "=modules"))
        strbuf_puts(&repo->modules, line);
    else if (!*trimmed(line) || *trimmed(line) == '#')
        return;
    else if (str_starts(section, "=options"))
        strv_add(&c->options, trimmed(line));
    else if (str_starts(line, "pkg ")) {
        end_package(repo, p);
        start_package(p, trimmed(line + 4));
    } else
        package_line(p, trimmed(line));
}

void inline_read(struct inline_case *c, const char *path)
{
    *c = (struct inline_case){.arena = arena_new()};
    FILE *file = fopen(path, "re");
    if (!file)
        give_up("cannot open", path);
    auto_free char *line = NULL;
    auto_free char *section = xstrdup("");
    size_t size = 0;
    struct package package = {0};
    while (getline(&line, &size, file) >= 0) {
        if (line[0] != '=') {
            body_line(c, section, &package, line);
            continue;
        }
        if (c->n_repos)
            end_package(&c->repos[c->n_repos - 1], &package);
        free(section);
        section = xstrdup(trimmed(line));
        if (str_starts(section, "=repo ")) {
            auto_free char *words = xstrdup(section + 6);
            start_repo(c, words);
        }
    }
    if (c->n_repos)
        end_package(&c->repos[c->n_repos - 1], &package);
    fclose(file);
}

const char *inline_option(const struct inline_case *c, const char *name, size_t n)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < c->options.n; i++) {
        const char *text = c->options.v[i];
        if (strncmp(text, name, length) == 0 && (!text[length] || text[length] == ' ') && n-- == 0)
            return text[length] ? text + length + 1 : "";
    }
    return NULL;
}

int inline_sources(const struct inline_case *c, const struct recipe *recipe,
    struct sources **ret_sources, struct err *err)
{
    struct strv repos = {0};
    for (size_t i = 0; i < c->n_repos; i++) {
        auto_free char *text =
            xprintf("%s=http://mirror.test/%s", c->repos[i].name, c->repos[i].name);
        strv_add(&repos, text);
    }
    const char *repo;
    for (size_t i = 0; (repo = inline_option(c, "repo", i)) != NULL; i++)
        strv_add(&repos, repo);
    const char *arch = inline_option(c, "arch", 0);
    struct source_options options = {.arch = arch ? arch : "x86_64",
        .releasever = inline_option(c, "releasever", 0),
        .repos = &repos};
    int r = sources_make(recipe, &options, ret_sources, err);
    strv_done(&repos);
    for (size_t i = 0; r == 0 && i < c->n_repos; i++)
        for (size_t k = 0; k < (*ret_sources)->n; k++) {
            struct source *s = &(*ret_sources)->v[k];
            if (strcmp(s->name, c->repos[i].name) != 0)
                continue;
            s->priority = c->repos[i].priority ? c->repos[i].priority : s->priority;
            s->cost = c->repos[i].cost ? c->repos[i].cost : s->cost;
        }
    return r;
}

/* A broken one ends in the middle. */
static char *write_file(
    struct inline_case *c, const struct inline_repo *repo, const char *what, const char *text)
{
    size_t size = strlen(text);
    if (repo->broken && strcmp(repo->broken, what) == 0)
        size = size * 2 / 3;
    auto_free char *path = xprintf("%s/%s-%s.xml", c->directory, repo->name, what);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || file_write_all(fd, text, size) < 0)
        give_up("cannot write", path);
    close(fd);
    return arena_strdup(c->arena, path);
}

static char *find(struct inline_case *c, const char *directory, const char *pattern)
{
    auto_free char *path = xprintf("%s/repodata/%s", directory, pattern);
    glob_t found;
    if (glob(path, 0, NULL, &found) != 0)
        return NULL;
    char *first = arena_strdup(c->arena, found.gl_pathv[0]);
    globfree(&found);
    return first;
}

static void fill(struct inline_case *c, const struct inline_repo *repo, struct metadata *m)
{
    if (repo->directory) {
        m->primary = find(c, repo->directory, "*primary.xml*");
        m->filelists = find(c, repo->directory, "*filelists.xml*");
        m->group = find(c, repo->directory, "*comps*.xml*");
        return;
    }
    auto_free char *primary = xprintf("<metadata " NAMESPACES " packages=\"%zu\">\n%s</metadata>\n",
        repo->n_packages, repo->primary.s ? repo->primary.s : "");
    auto_free char *filelists =
        xprintf("<filelists xmlns=\"http://linux.duke.edu/metadata/filelists\">\n%s</filelists>\n",
            repo->filelists.s ? repo->filelists.s : "");
    m->primary = write_file(c, repo, "primary", primary);
    m->filelists = write_file(c, repo, "filelists", filelists);
    if (repo->comps.len)
        m->group = write_file(c, repo, "group", repo->comps.s);
    if (repo->modules.len)
        m->modules = write_file(c, repo, "modules", repo->modules.s);
}

void inline_metadata(struct inline_case *c, const struct sources *sources)
{
    strcpy(c->directory, "/tmp/slipway-plan-XXXXXX");
    if (!mkdtemp(c->directory))
        give_up("cannot make a directory", c->directory);
    c->metadata = xcalloc(sources->n, sizeof *c->metadata);
    for (size_t i = 0; i < sources->n; i++) {
        c->metadata[i].source = &sources->v[i];
        for (size_t k = 0; k < c->n_repos; k++)
            if (strcmp(c->repos[k].name, sources->v[i].name) == 0)
                fill(c, &c->repos[k], &c->metadata[i]);
    }
}

void inline_free(struct inline_case *c)
{
    if (*c->directory)
        file_remove_tree(AT_FDCWD, c->directory);
    for (size_t i = 0; i < c->n_repos; i++) {
        struct inline_repo *r = &c->repos[i];
        strbuf_done(&r->primary);
        strbuf_done(&r->filelists);
        strbuf_done(&r->comps);
        strbuf_done(&r->modules);
        free(r->name);
        free(r->broken);
        free(r->directory);
    }
    free(c->repos);
    free(c->metadata);
    strbuf_done(&c->recipe);
    strv_done(&c->options);
    arena_free(c->arena);
}
