/* install-packages DIR SECONDS PACKAGE...: installs them into a new directory and prints the
 * report; for the tests in test-install.py. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "install/install.h"
#include "sandbox/sandbox.h"

static int fail(struct err *err)
{
    printf("error %d: %s\n", (int)err->kind, err->message);
    err_done(err);
    return 1;
}

static void print_report(const struct install_report *report)
{
    printf("%zu packages, %zu files\n", report->n_packages, report->n_files);
    for (size_t i = 0; i < report->n; i++) {
        const struct install_scriptlet *s = &report->scriptlets[i];
        printf("%s of %s: status %d%s: %s\n", s->scriptlet, s->package, s->status,
            s->timed_out ? ", timed out" : "", s->output);
    }
}

int main(int argc, char **argv)
{
    struct err err = {0};
    auto_cleanup(install_report_free) struct install_report *report = NULL;
    struct strv langs = {0};
    struct install_options options = {.langs = &langs, .install_time = 1700000000};
    if (argc < 4)
        return 2;
    for (const char *lang = getenv("LANGS"); lang && !langs.n;)
        strv_add(&langs, lang);
    options.excludedocs = getenv("EXCLUDEDOCS") != NULL;
    options.scriptlet_seconds = (unsigned)strtoul(argv[2], NULL, 10);
    const struct strv paths = {argv + 3, (size_t)argc - 3};
    if (sandbox_enter(&err) < 0)
        return fail(&err);
    auto_close int root = mkdir(argv[1], 0755) < 0 ? -1 : open(argv[1], O_PATH | O_DIRECTORY);
    if (root < 0)
        return 2;
    int r = install_packages(root, &paths, &options, NULL, &report, &err);
    strv_done(&langs);
    if (r < 0)
        return fail(&err);
    print_report(report);
    return 0;
}
