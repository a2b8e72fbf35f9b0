#include <crypt.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/file.h"
#include "configure/apply-parts.h"

#define MAX_LIBCRYPT_BYTES ((size_t)4 << 20)

char *settings_value(int root, const char *path, const char *key)
{
    struct err ignored = {0};
    auto_strv struct strv lines = {0};
    size_t n = strlen(key);
    char *value = NULL;
    if (root_read_lines(root, path, &lines, &ignored) < 0)
        err_done(&ignored);
    for (size_t i = 0; i < lines.n; i++) {
        const char *line = lines.v[i] + strspn(lines.v[i], " \t");
        if (strncmp(line, key, n) != 0 || !strchr(" \t=", line[n]) || !line[n])
            continue;
        line += n + strspn(line + n, " \t=\"");
        free(value);
        value = xstrndup(line, strcspn(line, " \t\r\"#"));
    }
    return value;
}

int64_t settings_number(int root, const char *path, const char *key, int64_t otherwise)
{
    auto_free char *value = settings_value(root, path, key);
    char *end = NULL;
    long long number = value ? strtoll(value, &end, value[0] == '0' ? 8 : 10) : -1;
    return value && *value && !*end && number >= 0 && number < UINT32_MAX ? number : otherwise;
}

/* Whether the image's own libcrypt can check a SHA-512 hash: EL5's first releases could not. */
static bool knows_sha512(int root)
{
    static const char *const paths[] = {"/lib64/libcrypt.so.1", "/lib/libcrypt.so.1",
        "/usr/lib64/libcrypt.so.1", "/usr/lib/libcrypt.so.1"};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        auto_free char *bytes = NULL;
        size_t size = 0;
        if (file_read_in(root, paths[i], MAX_LIBCRYPT_BYTES, &bytes, &size) == 0)
            return memmem(bytes, size, "$6$", 3);
    }
    return true;
}

static const char *prefix_of(int root)
{
    static const struct {
        const char *method, *prefix;
    } methods[] = {{"MD5", "$1$"}, {"SHA256", "$5$"}, {"SHA512", "$6$"}, {"YESCRYPT", "$y$"}};
    auto_free char *method = settings_value(root, "/etc/login.defs", "ENCRYPT_METHOD");
    for (size_t i = 0; method && i < ARRAY_SIZE(methods); i++)
        if (strcasecmp(method, methods[i].method) == 0)
            return methods[i].prefix;
    return knows_sha512(root) ? "$6$" : "$1$";
}

/* A salt that follows from the build's seed and the user's name, so that the same inputs give the
 * same hash; the password has no part in it, and tells nothing of itself by it. */
static void salt_of(const uint8_t *seed, const char *user, uint8_t ret[SHA256_BYTES])
{
    auto_strbuf struct strbuf b = {0};
    if (seed)
        strbuf_add(&b, seed, SHA256_BYTES);
    strbuf_printf(&b, "password salt of %s", user);
    digest_sha256(b.s, b.len, ret);
}

char *password_hash(
    int root, const struct configure_options *options, const char *user, const char *password)
{
    uint8_t salt[SHA256_BYTES];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    auto_free struct crypt_data *data = xcalloc(1, sizeof *data);
    salt_of(options->seed, user, salt);
    if (!crypt_gensalt_rn(prefix_of(root), 0, (const char *)salt, 16, setting, sizeof setting))
        return NULL;
    const char *hash = crypt_rn(password, setting, data, sizeof *data);
    char *copy = hash && *hash == '$' ? xstrdup(hash) : NULL;
    explicit_bzero(data, sizeof *data);
    return copy;
}
