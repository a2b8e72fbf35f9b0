/* Files, lines and %include: feeds each line to the section that is open. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "recipe/internal.h"

#define RECIPE_MAX_BYTES ((size_t)16 << 20)
#define RECIPE_MAX_FILES 500
#define INCLUDE_MAX_DEPTH 20

struct recipe_place parser_place(const struct parser *p)
{
    return (struct recipe_place){p->source->file, p->source->line};
}

static int lex_or_error(struct parser *p, const char *line, struct words *words)
{
    struct lex_fault fault;
    bool hash_in_word = false;
    if (lex_line(p->arena, line, words, &fault, &hash_in_word) < 0)
        return parser_error(p, parser_place(p), fault.hint, "%s%s%s",
            words->n ? words->v[0].text : "", words->n ? ": " : "", fault.text);
    if (hash_in_word)
        parser_warn(p, parser_place(p),
            "the '#' in a word begins a comment: quote the word if it belongs to it");
    return 0;
}

static int include_line(struct parser *p, const char *line)
{
    struct words words;
    int r = lex_or_error(p, line, &words);
    if (r < 0)
        return r;
    if (words.n == 1)
        return parser_error(p, parser_place(p),
            "write %include FILE; a name without '/' in front "
            "is looked for beside this file",
            "%%include: the name of a file is missing");
    if (words.n > 2)
        return parser_error(p, parser_place(p),
            "one %include line a file; quote a name with blanks",
            "%%include: unexpected '%s' behind '%s'", words.v[2].text, words.v[1].text);
    p->has_anything = true;
    return include_file(p, words.v[1].text);
}

/* The first word if it begins with '%' and means something in any section, else NULL. */
static char *special_word(const char *line)
{
    if (line[0] != '%')
        return NULL;
    char *word = xstrndup(line, strcspn(line, " \t#"));
    if (strcmp(word, "%end") == 0 || strcmp(word, "%include") == 0 ||
        strcmp(word, "%ksappend") == 0 || section_is_registered(word))
        return word;
    free(word);
    return NULL;
}

static int unknown_section(struct parser *p, const char *name)
{
    static const char *const names[] = {"%packages", "%post", "%pre", "%pre-install", "%addon",
        "%onerror", "%traceback", "%anaconda", "%end", "%include"};
    const char *near = suggest_name(name, names, ARRAY_SIZE(names));
    auto_free char *hint = near ? xprintf("did you mean '%s'?", near)
                                : xstrdup("the sections are %packages, %post, %pre, %addon");
    return parser_error(p, parser_place(p), hint, "unknown section '%s'", name);
}

static int open_heredoc_error(struct parser *p, const char *name)
{
    char *open = script_open_heredoc(p->arena, p->body.s ? p->body.s : "");
    if (!open)
        return 0;
    auto_free char *hint = xprintf(
        "if it is text for the here-document, begin the line otherwise "
        "(for example with a blank); if it is a section, end the document with '%s' and the "
        "script with %%end before it",
        open);
    return parser_error(p, parser_place(p), hint,
        "'%s' begins a section inside the here-document '<<%s' of the %s at line %u", name, open,
        p->section_name, p->section_place.line);
}

static int begin_section(struct parser *p, const char *line)
{
    struct words words;
    int r = lex_or_error(p, line, &words);
    if (r < 0)
        return r;
    if (p->section != SECTION_COMMANDS) {
        r = p->section == SECTION_SCRIPT ? open_heredoc_error(p, words.v[0].text) : 0;
        if (r < 0)
            return r;
        parser_warn(p, parser_place(p), "the %s of %s has no %%end; %s ends it", p->section_name,
            place_from(p->arena, parser_place(p), p->section_place), words.v[0].text);
        r = section_end(p);
        if (r < 0)
            return r;
    }
    p->has_anything = true;
    return section_begin(p, &words);
}

static int special_line(struct parser *p, const char *line, const char *word)
{
    if (strcmp(word, "%include") == 0)
        return include_line(p, line);
    if (strcmp(word, "%ksappend") == 0) {
        parser_refuse(p, parser_place(p), "write %include FILE, with the file beside the recipe",
            "%%ksappend: another file is not fetched for a recipe");
        return 0;
    }
    if (strcmp(word, "%end") != 0)
        return begin_section(p, line);
    if (p->section == SECTION_COMMANDS)
        return parser_error(p, parser_place(p),
            "leave it out, or write the section's first line (%packages, %post ...) before it",
            "%%end: no section is open here");
    return section_end(p);
}

static int command_line(struct parser *p, const char *line)
{
    struct words words;
    if (str_starts(line, "#version=")) {
        p->recipe->version = arena_strndup(p->arena, line + 9, strcspn(line + 9, " \t"));
        return 0;
    }
    int r = lex_or_error(p, line, &words);
    if (r < 0 || words.n == 0)
        return r;
    if (words.v[0].text[0] == '%')
        return unknown_section(p, words.v[0].text);
    return grammar_run(p, &words);
}

static int feed_line(struct parser *p, const char *line)
{
    bool indent_counts = p->section == SECTION_SCRIPT || p->section == SECTION_ADDON;
    const char *text = indent_counts ? line : line + strspn(line, " \t");
    auto_free char *word = special_word(text);
    if (word)
        return special_line(p, text, word);
    switch (p->section) {
    case SECTION_COMMANDS:
        return command_line(p, text);
    case SECTION_PACKAGES:
        if (text[0] == '%')
            return unknown_section(p, text);
        return packages_line(p, text);
    case SECTION_SCRIPT:
    case SECTION_ADDON:
        strbuf_puts(&p->body, line);
        strbuf_putc(&p->body, '\n');
        return 0;
    case SECTION_SKIPPED:
        return 0;
    }
    return 0;
}

/* Text that isn't: NUL bytes, or UTF-16. */
static int check_text(struct parser *p, struct source *source, const char *text, size_t size)
{
    const char *nul = memchr(text, '\0', size);
    if (!nul)
        return 0;
    struct recipe_place place = {source->file, 1};
    for (const char *s = text; s < nul; s++)
        place.line += *s == '\n';
    bool utf16 = size >= 2 && ((text[0] == '\xff' && text[1] == '\xfe') ||
                                  (text[0] == '\xfe' && text[1] == '\xff'));
    return parser_error(p, place,
        utf16 ? "the file is UTF-16: save it as UTF-8" : "a kickstart file is plain text",
        "there is a NUL byte in this line");
}

/* A section that is open where its file ends. */
static int end_of_source(struct parser *p, const struct source *source)
{
    if (p->section == SECTION_COMMANDS || p->section_source != source)
        return 0;
    parser_warn(p, p->section_place, "%s: no %%end before the end of the file", p->section_name);
    return section_end(p);
}

int reader_text(struct parser *p, struct source *source, const char *text, size_t size)
{
    int r = check_text(p, source, text, size);
    if (r < 0)
        return r;
    p->bytes_read += size;
    if (p->bytes_read > RECIPE_MAX_BYTES)
        return parser_error(p, (struct recipe_place){source->file, 1}, NULL,
            "the recipe and what it includes is larger than %zu MiB", RECIPE_MAX_BYTES >> 20);
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    source->parent = p->source;
    p->source = source;
    const char *end = text + size;
    while (r >= 0 && text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        size_t kept = length;
        while (kept > 0 && text[kept - 1] == '\r')
            kept--;
        auto_free char *line = xstrndup(text, kept);
        source->line++;
        r = feed_line(p, line);
        text += length + (newline != NULL);
    }
    if (r >= 0)
        r = end_of_source(p, source);
    p->source = source->parent;
    return r;
}

static int loop_error(struct parser *p, const struct source *again, const char *name)
{
    auto_strbuf struct strbuf chain = {0};
    size_t n = 0;
    const struct source *sources[INCLUDE_MAX_DEPTH + 2];
    for (const struct source *s = p->source; s && n < ARRAY_SIZE(sources); s = s->parent) {
        sources[n++] = s;
        if (s == again)
            break;
    }
    while (n-- > 0)
        strbuf_printf(&chain, "%s:%u includes ", sources[n]->file, sources[n]->line);
    strbuf_puts(&chain, name);
    return parser_error(p, parser_place(p), "take one of these %include lines out",
        "%%include: the files include one another: %s", chain.s);
}

static void note_missing(struct parser *p, const char *path, const char *reason)
{
    struct missing_include *m = arena_push(p->arena, p->missing, p->n_missing);
    m->place = parser_place(p);
    m->path = arena_strdup(p->arena, path);
    m->reason = arena_strdup(p->arena, reason);
}

/* Open a regular file; returns a descriptor or a reason why not. */
static int open_included(const char *path, struct stat *st, const char **ret_reason)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *ret_reason = strerror(errno);
        return -1;
    }
    if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
        *ret_reason = S_ISDIR(st->st_mode) ? "Is a directory" : "not a regular file";
        close(fd);
        return -1;
    }
    return fd;
}

static const char *directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    return arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

int include_file(struct parser *p, const char *path)
{
    const char *full = path;
    if (path[0] != '/' && p->source->dir)
        full = arena_printf(p->arena, "%s/%s", p->source->dir, path);
    struct stat st = {0};
    const char *reason = NULL;
    auto_close int fd = open_included(full, &st, &reason);
    if (fd < 0) {
        note_missing(p, path, reason);
        return 0;
    }
    unsigned depth = 0;
    for (const struct source *s = p->source; s; s = s->parent, depth++)
        if (s->inode && s->inode == st.st_ino && s->device == st.st_dev)
            return loop_error(p, s, full);
    if (depth > INCLUDE_MAX_DEPTH)
        return parser_error(
            p, parser_place(p), NULL, "%%include: more than %d files deep", INCLUDE_MAX_DEPTH);
    if (++p->files_read > RECIPE_MAX_FILES)
        return parser_error(p, parser_place(p), NULL, "%%include: more than %d files are included",
            RECIPE_MAX_FILES);
    auto_free char *text = NULL;
    size_t size = 0;
    int r = file_read_fd(fd, RECIPE_MAX_BYTES, &text, &size);
    if (r < 0) {
        note_missing(p, path, strerror(-r));
        return 0;
    }
    struct source *source = arena_alloc(p->arena, sizeof(*source));
    source->file = arena_strdup(p->arena, full);
    source->dir = directory_of(p->arena, full);
    source->device = st.st_dev;
    source->inode = st.st_ino;
    return reader_text(p, source, text, size);
}
