/* A plan for people: the table of packages, and why one of them is there. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "plan/internal.h"

char *size_text(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024)
        return xprintf("%" PRIu64 " B", bytes);
    size_t unit = 1;
    while (unit + 1 < ARRAY_SIZE(units) && bytes >= (uint64_t)1024 * 1024) {
        bytes /= 1024;
        unit++;
    }
    uint64_t tenths = (bytes * 10 + 512) / 1024;
    return xprintf("%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
}

static int wider(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

static const char *source_name(const struct sources *sources, size_t source)
{
    return source < sources->n ? sources->v[source].name : "?";
}

void plan_print(const struct plan *plan, const struct sources *sources, FILE *out)
{
    int name = 7, source = 10;
    for (size_t i = 0; i < plan->n; i++) {
        name = wider(name, plan->packages[i].nevra);
        source = wider(source, source_name(sources, plan->packages[i].source));
    }
    fprintf(
        out, "%-*s  %10s  %-*s  %s\n", name, "package", "installed", source, "repository", "why");
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_package *p = &plan->packages[i];
        auto_free char *size = size_text(p->installed_bytes);
        fprintf(out, "%-*s  %10s  %-*s  %s\n", name, p->nevra, size, source,
            source_name(sources, p->source), p->because);
    }
    auto_free char *download = size_text(plan->download_bytes);
    auto_free char *installed = size_text(plan->installed_bytes);
    fprintf(out, "%zu package%s, %s to download, %s installed\n", plan->n, plan->n == 1 ? "" : "s",
        download, installed);
}

static const struct plan_package *find(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_package *p = &plan->packages[i];
        size_t length = strlen(p->name);
        bool is_name = strcmp(p->name, name) == 0 || strcmp(p->nevra, name) == 0;
        bool is_name_arch = strncmp(name, p->name, length) == 0 && name[length] == '.' &&
                            strcmp(name + length + 1, p->arch) == 0;
        if (is_name || is_name_arch)
            return p;
    }
    return NULL;
}

static int not_found(const struct plan *plan, const char *name, struct err *err)
{
    const char **names = xcalloc(plan->n, sizeof *names);
    for (size_t i = 0; i < plan->n; i++)
        names[i] = plan->packages[i].name;
    auto_free char *nearest = nearest_names(name, names, plan->n);
    free(names);
    int r = err_set(err, ERR_USAGE, -ENOENT, "package '%s' is not in the plan", name);
    if (nearest)
        err_hint(err, "it has %s", nearest);
    return r;
}

static void print_root(const struct plan_package *p, FILE *out)
{
    switch (p->reason) {
    case REASON_USER:
        fprintf(out, "%s asks for %s\n", p->because, p->name);
        break;
    case REASON_GROUP:
        fprintf(out, "%s has %s\n", p->because, p->name);
        break;
    case REASON_IMPLICIT:
        fprintf(out, "%s is added without being named: %s\n", p->name, p->because);
        break;
    case REASON_DEPENDENCY:
    case REASON_WEAK:
        fprintf(out, "%s is %s\n", p->name, p->because);
        break;
    }
}

static void print_link(
    const struct plan_package *parent, const struct plan_package *child, FILE *out)
{
    if (str_starts(child->because, "supplements ")) {
        fprintf(out, "%s supplements %s\n", child->name, parent->name);
        return;
    }
    fprintf(out, "%s %s ", parent->name, child->reason == REASON_WEAK ? "recommends" : "requires");
    if (child->dep && strcmp(child->dep, child->name) != 0)
        fprintf(out, "'%s', which is in ", child->dep);
    fprintf(out, "%s\n", child->name);
}

int plan_why(const struct plan *plan, const char *name, FILE *out, struct err *err)
{
    const struct plan_package *p = find(plan, name);
    if (!p)
        return not_found(plan, name, err);
    const struct plan_package **chain = NULL;
    size_t n = 0;
    for (; n < plan->n; p = &plan->packages[p->parent]) {
        *array_push(chain, n) = p;
        if (p->parent >= plan->n)
            break;
    }
    print_root(chain[n - 1], out);
    for (size_t i = n - 1; i > 0; i--) {
        fprintf(out, "%*s", (int)(n - i) * 2, "");
        print_link(chain[i], chain[i - 1], out);
    }
    fprintf(out, "%s: %s\n", chain[0]->name, chain[0]->nevra);
    free(chain);
    return 0;
}
