#include "made-root.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/err.h"
#include "base/file.h"
#include "configure/root-files.h"
#include "sandbox/sandbox.h"

#define MAX_SHOWN 4096

static void make_parent(int root, const char *path)
{
    const char *slash = strrchr(path, '/');
    auto_free char *parent = xstrndup(path, slash ? (size_t)(slash - path) : 0);
    if (file_make_directories_in(root, parent, 0755) < 0)
        errx(1, "cannot make '%s'", parent);
}

static void make_file(int root, const char *path, mode_t mode, const char *bytes, size_t size)
{
    int r = file_write_in(root, path, bytes, size, mode);
    if (r < 0)
        errx(1, "cannot write '%s': %s", path, strerror(-r));
}

static void make_binary(int root, const char *path, mode_t mode)
{
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    make_file(root, path, mode, bytes, sizeof bytes);
}

static void make_huge(int root, const char *path)
{
    make_file(root, path, 0644, "", 0);
    auto_close int fd = file_open_in(root, path, O_WRONLY, 0);
    if (ftruncate(fd, (off_t)1 << 30) < 0)
        err(1, "cannot make '%s' large", path);
}

static void make_fifo(int root, const char *path)
{
    if (mkfifoat(root, path + (*path == '/'), 0644) < 0)
        err(1, "cannot make the fifo '%s'", path);
}

static void copy_in(int root, const char *path, const char *source)
{
    auto_free char *bytes = NULL;
    size_t size = 0;
    make_parent(root, path);
    if (file_read(source, (size_t)64 << 20, &bytes, &size) < 0)
        errx(77, "skipped: there is no '%s' here", source);
    make_file(root, path, 0755, bytes, size);
}

/* The libraries are the paths that ldd(1) prints. */
static void copy_program(int root, const char *path, const char *source)
{
    char word[1024];
    copy_in(root, path, source);
    auto_free char *command = xprintf("ldd %s", source);
    FILE *ldd = popen(command, "r");
    while (ldd && fscanf(ldd, "%1023s", word) == 1)
        if (*word == '/')
            copy_in(root, word, word);
    if (!ldd || pclose(ldd) != 0)
        errx(77, "skipped: ldd does not know '%s'", source);
}

static void make_link(int root, const char *path, const char *target)
{
    struct err e = {0};
    if (root_symlink(root, path, target, &e) < 0)
        errx(1, "%s", e.message);
}

/* The text of a file: the lines from *text on that begin with '|'. */
static char *take_text(const char **text)
{
    auto_strbuf struct strbuf b = {0};
    while (**text == '|') {
        const char *end = strchrnul(*text, '\n');
        strbuf_add(&b, *text + 1, (size_t)(end - *text) - 1);
        strbuf_putc(&b, '\n');
        *text = *end ? end + 1 : end;
    }
    return strbuf_steal(&b);
}

static void make_line(int root, const char *line, const char **text)
{
    char first[1024] = "", second[1024] = "";
    if (sscanf(line + 1, " %1023s %1023s", first, second) < 1)
        errx(1, "not understood: '%s'", line);
    bool has_mode = strchr("dfb", *line);
    mode_t mode = (mode_t)strtoul(first, NULL, 8);
    const char *path = has_mode ? second : first;
    make_parent(root, path);
    if (*line == 'd' && file_make_directories_in(root, path, mode) < 0)
        errx(1, "cannot make '%s'", path);
    if (*line == 'f') {
        auto_free char *content = take_text(text);
        make_file(root, path, mode, content, strlen(content));
    }
    if (*line == 'b')
        make_binary(root, path, mode);
    if (*line == 'h')
        make_huge(root, path);
    if (*line == 'p')
        make_fifo(root, path);
    if (*line == 'x')
        copy_program(root, path, second);
    if (*line == 'l')
        make_link(root, path, second);
}

void made_root_fill(int root, const char *text)
{
    while (*text) {
        const char *end = strchrnul(text, '\n');
        auto_free char *line = xstrndup(text, (size_t)(end - text));
        text = *end ? end + 1 : end;
        if (*line && *line != '#')
            make_line(root, line, &text);
    }
}

static void dump_text(struct strbuf *b, int root, const char *path)
{
    auto_free char *bytes = NULL;
    size_t size = 0;
    if (file_read_in(root, path, MAX_SHOWN, &bytes, &size) < 0)
        return;
    for (size_t i = 0; i < size; i++)
        if (!isprint((unsigned char)bytes[i]) && !isspace((unsigned char)bytes[i])) {
            strbuf_printf(b, "    %zu bytes that are not text\n", size);
            return;
        }
    for (const char *line = bytes; *line;) {
        const char *end = strchrnul(line, '\n');
        strbuf_printf(b, "    |%.*s%s\n", (int)(end - line), line, *end ? "" : "(no newline)");
        line = *end ? end + 1 : end;
    }
}

static void dump_node(struct strbuf *b, int root, const char *path)
{
    char value[64] = "";
    auto_close int fd = file_open_in(root, path, O_RDONLY | O_NONBLOCK, 0);
    if (fd >= 0 && fgetxattr(fd, SANDBOX_NODE_XATTR, value, sizeof value - 1) > 0)
        strbuf_printf(b, " stands for device %s", value);
}

static void dump(struct strbuf *b, int root, const char *directory)
{
    struct err e = {0};
    auto_strv struct strv names = {0};
    if (root_list(root, directory, &names, &e) < 0)
        errx(1, "%s", e.message);
    for (size_t i = 0; i < names.n; i++) {
        auto_free char *path = xprintf("%s/%s", directory, names.v[i]);
        struct stat st;
        if (root_lstat(root, path, &st, &e) <= 0)
            errx(1, "'%s' is not to be seen", path);
        char type = S_ISREG(st.st_mode)    ? 'f'
                    : S_ISDIR(st.st_mode)  ? 'd'
                    : S_ISLNK(st.st_mode)  ? 'l'
                    : S_ISFIFO(st.st_mode) ? 'p'
                                           : '?';
        strbuf_printf(
            b, "%c %04o %u:%u %s", type, (unsigned)st.st_mode & 07777, st.st_uid, st.st_gid, path);
        auto_free char *target = root_readlink(root, path);
        if (target)
            strbuf_printf(b, " -> %s", target);
        if (type == 'f')
            dump_node(b, root, path);
        strbuf_putc(b, '\n');
        if (type == 'f')
            dump_text(b, root, path);
        if (type == 'd')
            dump(b, root, path);
    }
}

char *made_root_dump(int root)
{
    auto_strbuf struct strbuf b = {0};
    dump(&b, root, "");
    return strbuf_steal(&b);
}

/* The size of the paragraph at 's': its first line and the indented ones below. */
static size_t paragraph(const char *s)
{
    const char *end = strchrnul(s, '\n');
    while (*end && end[1] == ' ')
        end = strchrnul(end + 1, '\n');
    return (size_t)(end - s) + (*end ? 1 : 0);
}

static bool has_paragraph(const char *all, const char *wanted, size_t size)
{
    for (size_t n; *all; all += n) {
        n = paragraph(all);
        if (n == size && memcmp(all, wanted, n) == 0)
            return true;
    }
    return false;
}

/* The path in a paragraph's first line, with a space on both sides or a line's end behind it. */
static char *path_of(const char *s)
{
    const char *slash = strchr(s, '/');
    return xstrndup(slash, strcspn(slash, " \n"));
}

static bool has_path(const char *all, const char *path)
{
    for (; *all; all += paragraph(all)) {
        auto_free char *other = path_of(all);
        if (strcmp(other, path) == 0)
            return true;
    }
    return false;
}

void made_root_print_changes(const char *before, const char *after)
{
    for (const char *s = after; *s; s += paragraph(s))
        if (!has_paragraph(before, s, paragraph(s)))
            printf("%.*s", (int)paragraph(s), s);
    for (const char *s = before; *s; s += paragraph(s)) {
        auto_free char *path = path_of(s);
        if (!has_path(after, path))
            printf("gone %s\n", path);
    }
}
