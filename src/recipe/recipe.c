/* The way in and out: reading a recipe, its messages, its end. */
#include "recipe/recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "recipe/internal.h"

#define RECIPE_MAX_BYTES ((size_t)16 << 20)

/* Control characters of a recipe must not reach a terminal raw. */
static char *without_controls(const char *s)
{
    struct strbuf b = {0};
    for (; *s; s++) {
        unsigned char ch = (unsigned char)*s;
        if (ch < 0x20 || ch == 0x7f)
            strbuf_printf(&b, "\\x%02x", ch);
        else
            strbuf_putc(&b, *s);
    }
    return strbuf_steal(&b);
}

static char *clean_text(struct arena *arena, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
static char *clean_text(struct arena *arena, const char *format, va_list ap)
{
    auto_free char *raw = xvprintf(format, ap);
    auto_free char *clean = without_controls(raw);
    return arena_strdup(arena, clean);
}

int recipe_error(struct err *err, struct recipe_place place, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *raw = xvprintf(format, ap);
    va_end(ap);
    auto_free char *text = without_controls(raw);
    if (place.line == 0)
        return err_set(err, ERR_RECIPE, -EINVAL, "%s%s%s", place.file ? place.file : "",
            place.file ? ": " : "", text);
    return err_set(err, ERR_RECIPE, -EINVAL, "%s:%u: %s", place.file, place.line, text);
}

int parser_error(
    struct parser *p, struct recipe_place place, const char *hint, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *text = clean_text(p->arena, format, ap);
    va_end(ap);
    int r = recipe_error(p->err, place, "%s", text);
    if (hint)
        err_hint(p->err, "%s", hint);
    return r;
}

void parser_warn(struct parser *p, struct recipe_place place, const char *format, ...)
{
    struct recipe_warning *w = arena_push(p->arena, p->recipe->warnings, p->recipe->n_warnings);
    va_list ap;
    va_start(ap, format);
    *w = (struct recipe_warning){place, clean_text(p->arena, format, ap)};
    va_end(ap);
}

void parser_note(struct parser *p, struct recipe_place place, const char *format, ...)
{
    struct recipe_warning *w = arena_push(p->arena, p->recipe->notes, p->recipe->n_notes);
    va_list ap;
    va_start(ap, format);
    *w = (struct recipe_warning){place, clean_text(p->arena, format, ap)};
    va_end(ap);
}

void parser_refuse(
    struct parser *p, struct recipe_place place, const char *hint, const char *format, ...)
{
    struct recipe_refusal *f = arena_push(p->arena, p->recipe->refusals, p->recipe->n_refusals);
    va_list ap;
    va_start(ap, format);
    *f = (struct recipe_refusal){
        place, clean_text(p->arena, format, ap), arena_strdup(p->arena, hint)};
    va_end(ap);
}

const char *place_from(struct arena *arena, struct recipe_place from, struct recipe_place place)
{
    if (from.file && place.file && strcmp(from.file, place.file) == 0)
        return arena_printf(arena, "line %u", place.line);
    return arena_printf(arena, "%s:%u", place.file, place.line);
}

static struct recipe *recipe_new(const char *name)
{
    struct arena *arena = arena_new();
    struct recipe *recipe = arena_alloc(arena, sizeof(*recipe));
    recipe->arena = arena;
    recipe->path = arena_strdup(arena, name);
    recipe->bootloader.timeout = -1;
    return recipe;
}

static int parse_source(struct recipe *recipe, struct source *source, const char *text, size_t size,
    const struct recipe_options *options, struct err *err)
{
    struct parser p = {.arena = recipe->arena, .recipe = recipe, .options = options, .err = err};
    int r = reader_text(&p, source, text, size);
    strbuf_done(&p.body);
    if (r < 0)
        return r;
    if (!p.has_anything)
        return parser_error(&p, (struct recipe_place){source->file, 1},
            "a recipe has at least a part line for / and a %packages section",
            "the recipe is empty");
    return check_recipe(&p);
}

static int parse_named(const char *name, const struct stat *st, const char *text, size_t size,
    const struct recipe_options *options, struct recipe **ret_recipe, struct err *err)
{
    auto_cleanup(recipe_free) struct recipe *recipe = recipe_new(name);
    struct source source = {.file = recipe->path};
    const char *slash = strrchr(name, '/');
    if (slash)
        source.dir = arena_strndup(recipe->arena, name, slash == name ? 1 : (size_t)(slash - name));
    if (st) {
        source.device = st->st_dev;
        source.inode = st->st_ino;
    }
    int r = parse_source(recipe, &source, text, size, options, err);
    if (r < 0)
        return r;
    *ret_recipe = steal(&recipe);
    return 0;
}

int recipe_parse(const char *name, const char *text, size_t size,
    const struct recipe_options *options, struct recipe **ret_recipe, struct err *err)
{
    return parse_named(name, NULL, text, size, options, ret_recipe, err);
}

static int read_error(struct err *err, int r, const char *path)
{
    if (r == -EFBIG)
        return err_set(err, ERR_RECIPE, -EFBIG, "%s: the recipe is larger than %zu MiB", path,
            RECIPE_MAX_BYTES >> 20);
    r = err_code(err, r, "cannot read the recipe '%s'", path);
    err->kind = ERR_RECIPE;
    return r;
}

int recipe_read(const char *path, const struct recipe_options *options, struct recipe **ret_recipe,
    struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    auto_free char *text = NULL;
    size_t size = 0;
    if (is_stdin) {
        int r = file_read_fd(STDIN_FILENO, RECIPE_MAX_BYTES, &text, &size);
        if (r < 0)
            return read_error(err, r, "standard input");
        return parse_named("<stdin>", NULL, text, size, options, ret_recipe, err);
    }
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return read_error(err, -errno, path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return read_error(err, -errno, path);
    int r = file_read_fd(fd, RECIPE_MAX_BYTES, &text, &size);
    if (r < 0)
        return read_error(err, r, path);
    return parse_named(path, &st, text, size, options, ret_recipe, err);
}

int recipe_check_supported(const struct recipe *recipe, struct err *err)
{
    if (recipe->n_refusals == 0)
        return 0;
    const struct recipe_refusal *first = &recipe->refusals[0];
    size_t more = recipe->n_refusals - 1;
    if (more > 0)
        recipe_error(err, first->place, "%s (and %zu more that can't be done)", first->text, more);
    else
        recipe_error(err, first->place, "%s", first->text);
    if (first->hint)
        err_hint(err, "%s", first->hint);
    return err->code;
}

void recipe_free(struct recipe *recipe)
{
    if (recipe)
        arena_free(recipe->arena);
}
