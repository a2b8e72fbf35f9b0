/* primary.xml and comps.xml as a repository may serve them: the bytes before the first line that
 * is '=' are the one, those behind it the other. */
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "fuzz.h"
#include "plan/plan.h"

static const char recipe_text[] = "repo --name=os --baseurl=http://x.test/\n"
                                  "%packages\na\n*-tools\n/usr/share/b\n%end\n";

static char *in_memory(const void *bytes, size_t size, int *ret_fd)
{
    *ret_fd = memfd_create("metadata", MFD_CLOEXEC);
    if (*ret_fd < 0 || file_write_all(*ret_fd, bytes, size) < 0)
        abort();
    return xprintf("/proc/self/fd/%d", *ret_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    auto_cleanup(sources_free) struct sources *sources = NULL;
    auto_cleanup(plan_free) struct plan *plan = NULL;
    auto_close int primary = -1, group = -1;
    struct source_options options = {.arch = "x86_64"};
    struct err err = {0};
    if (recipe_parse("in.ks", recipe_text, strlen(recipe_text), NULL, &recipe, &err) < 0 ||
        sources_make(recipe, &options, &sources, &err) < 0)
        fprintf(stderr, "%s\n", err.message), abort();
    const uint8_t *cut = memmem(data, size, "\n=\n", 3);
    size_t first = cut ? (size_t)(cut - data) : size;
    auto_free char *primary_path = in_memory(data, first, &primary);
    auto_free char *group_path = NULL;
    if (cut)
        group_path = in_memory(cut + 3, size - first - 3, &group);
    struct metadata metadata = {
        .source = &sources->v[0], .primary = primary_path, .group = group_path};
    if (plan_make(recipe, sources, &metadata, 1, NULL, &plan, &err) == 0) {
        FILE *out = fopen("/dev/null", "we");
        plan_print(plan, sources, out);
        plan_print_json(plan, sources, out);
        fclose(out);
    }
    err_done(&err);
    return 0;
}
