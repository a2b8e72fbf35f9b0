#include <string.h>

#include "fuzz.h"
#include "plan/lock.h"

static const char recipe_text[] = "repo --name=os --baseurl=http://x.test/\n"
                                  "%packages --nocore\na\n%end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_cleanup(recipe_free) struct recipe *recipe = NULL;
    auto_cleanup(sources_free) struct sources *sources = NULL;
    auto_cleanup(plan_free) struct plan *plan = NULL;
    struct source_options options = {.arch = "x86_64"};
    struct err err = {0};
    if (recipe_parse("in.ks", recipe_text, strlen(recipe_text), NULL, &recipe, &err) < 0 ||
        sources_make(recipe, &options, &sources, &err) < 0)
        abort();
    if (plan_lock_parse("plan.lock", (const char *)data, size, recipe, sources, &plan, &err) == 0 &&
        plan->n) {
        FILE *out = fopen("/dev/null", "we");
        plan_print(plan, sources, out);
        plan_print_json(plan, sources, out);
        plan_why(plan, plan->packages[plan->n - 1].name, out, &err);
        fclose(out);
    }
    err_done(&err);
    return 0;
}
