#include "plan/package.h"

#include <ctype.h>
#include <errno.h>
#include <solv/chksum.h>
#include <string.h>

#include "plan/internal.h"
#include "plan/solv.h"

#define MAX_DOWNLOAD_BYTES ((uint64_t)64 << 30)
#define MAX_INSTALLED_BYTES ((uint64_t)4 << 40)

static const struct {
    const char *name;
    size_t digits;
} checksums[] = {
    {"md5", 32}, {"sha1", 40}, {"sha224", 56}, {"sha256", 64}, {"sha384", 96}, {"sha512", 128}};

static bool is_checksum(const char *type, const char *checksum)
{
    for (size_t i = 0; i < ARRAY_SIZE(checksums); i++)
        if (strcmp(type, checksums[i].name) == 0)
            return strlen(checksum) == checksums[i].digits &&
                   strspn(checksum, "0123456789abcdef") == checksums[i].digits;
    return false;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static bool leaves(const char *location)
{
    if (location[0] == '/')
        return true;
    for (const char *p = location; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
            return true;
    }
    return false;
}

static bool is_word(const char *text)
{
    if (str_empty(text) || text[0] == '.' || text[0] == '-')
        return false;
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f || *text == '/')
            return false;
    return true;
}

const char *package_fault(const struct plan_package *p)
{
    if (!is_word(p->name) || !is_word(p->version) || !is_word(p->release) || !is_word(p->arch))
        return "its name or version is none";
    if (!p->checksum || !p->checksum_type)
        return "it has no checksum";
    if (!is_checksum(p->checksum_type, p->checksum))
        return "its checksum is none";
    if (str_empty(p->location))
        return "it has no location";
    if (has_control(p->location) || (p->base && has_control(p->base)))
        return "its location has control characters in it";
    if (leaves(p->location))
        return "its location is outside the repository";
    if (p->base && !str_starts(p->base, "http://") && !str_starts(p->base, "https://") &&
        !str_starts(p->base, "ftp://") && !str_starts(p->base, "file:///"))
        return "its base address is none";
    if (p->download_bytes > MAX_DOWNLOAD_BYTES || p->installed_bytes > MAX_INSTALLED_BYTES)
        return "its size is out of this world";
    return NULL;
}

/* "1:2-3" into its parts; a version without release (there should be none) gets an empty one. */
static void split_evr(struct arena *arena, const char *evr, struct plan_package *p)
{
    const char *colon = strchr(evr, ':');
    if (colon) {
        p->epoch = strtoull(evr, NULL, 10);
        evr = colon + 1;
    }
    const char *dash = strrchr(evr, '-');
    p->version = arena_strndup(arena, evr, dash ? (size_t)(dash - evr) : strlen(evr));
    p->release = arena_strdup(arena, dash ? dash + 1 : "");
}

/* A repository that is fetched must not point at files of this machine. */
static bool is_remote(const struct source *source)
{
    return !source->baseurls.n || !str_starts(source->baseurls.v[0], "file:");
}

int package_make(const struct catalog *c, int id, struct arena *arena,
    struct plan_package *ret_package, struct err *err)
{
    Solvable *s = pool_id2solvable(c->pool, id);
    auto_free char *nevra = catalog_nevra(c, id);
    struct plan_package p = {.source = catalog_source(c, id), .parent = PLAN_NO_PARENT};
    p.name = arena_strdup(arena, catalog_name(c, id));
    p.arch = arena_strdup(arena, catalog_arch(c, id));
    p.nevra = arena_strdup(arena, nevra);
    split_evr(arena, catalog_version(c, id), &p);
    Id type = 0;
    p.checksum = arena_strdup(arena, solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type));
    p.checksum_type = arena_strdup(arena, type ? solv_chksum_type2str(type) : NULL);
    p.download_bytes = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
    p.installed_bytes = solvable_lookup_num(s, SOLVABLE_INSTALLSIZE, 0);
    unsigned medium;
    p.location = arena_strdup(arena, solvable_lookup_location(s, &medium));
    p.base = arena_strdup(arena, solvable_lookup_str(s, SOLVABLE_MEDIABASE));
    const struct source *source = &c->sources->v[p.source];
    const char *fault = package_fault(&p);
    if (!fault && p.base && str_starts(p.base, "file:") && is_remote(source))
        fault = "its base address is a file of this machine";
    if (fault)
        return err_set(err, ERR_VERIFY, -EBADMSG, "repository '%s': package '%s': %s", source->name,
            nevra, fault);
    *ret_package = p;
    return 0;
}

int64_t package_build_time(const struct catalog *c, int id)
{
    Solvable *s = pool_id2solvable(c->pool, id);
    unsigned long long seconds = solvable_lookup_num(s, SOLVABLE_BUILDTIME, 0);
    return seconds <= UINT32_MAX ? (int64_t)seconds : 0;
}
