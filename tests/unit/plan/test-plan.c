#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "inline.h"
#include "plan/comps.h"
#include "plan/internal.h"
#include "plan/lock.h"

static struct recipe *recipe_of(const char *text)
{
    struct err err = {0};
    struct recipe *recipe = NULL;
    int r = recipe_parse("in.ks", text, strlen(text), NULL, &recipe, &err);
    if (r < 0)
        fail_msg("%s", err.message);
    return recipe;
}

/* Sources of a recipe, or NULL and the message (and hint) in 'text'. */
static struct sources *sources_of(
    const char *recipe_text, const struct source_options *options, char **ret_text)
{
    struct err err = {0};
    struct sources *sources = NULL;
    auto_cleanup(recipe_free) struct recipe *recipe = recipe_of(recipe_text);
    *ret_text = NULL;
    if (sources_make(recipe, options, &sources, &err) < 0) {
        *ret_text = xprintf("%d %s|%s", (int)err.kind, err.message, err.hint ? err.hint : "");
        err_done(&err);
        return NULL;
    }
    return sources;
}

static void assert_fault(
    const char *recipe_text, const struct source_options *options, const char *expected)
{
    auto_free char *text = NULL;
    auto_cleanup(sources_free) struct sources *sources = sources_of(recipe_text, options, &text);
    assert_null(sources);
    assert_string_equal(text, expected);
}

static void variables_are_filled_in(void **state)
{
    (void)state;
    auto_free char *text = NULL;
    struct source_options options = {.arch = "i386", .releasever = "9.4"};
    auto_cleanup(sources_free) struct sources *s =
        sources_of("repo --name=a --baseurl=http://x.test/$releasever/$releasever_major/"
                   "${releasever_minor}/$basearch/$arch/$infra/$stream/$/\n",
            &options, &text);
    assert_non_null(s);
    assert_string_equal(s->v[0].baseurls.v[0], "http://x.test/9.4/9/4/i386/i686/stock/9-stream/$/");
    assert_int_equal(s->v[0].cost, 1000);
    assert_int_equal(s->v[0].priority, 99);
    assert_true(s->v[0].gpgcheck && s->v[0].sslverify);
    assert_false(s->v[0].repo_gpgcheck);
}

static void release_is_read_off_the_version_line(void **state)
{
    (void)state;
    auto_free char *text = NULL;
    struct source_options options = {.arch = "x86_64"};
    auto_cleanup(sources_free) struct sources *s = sources_of(
        "#version=RHEL7\nurl --url=http://x.test/$releasever/os/$basearch\n", &options, &text);
    assert_non_null(s);
    assert_string_equal(s->v[0].name, "url");
    assert_string_equal(s->v[0].baseurls.v[0], "http://x.test/7/os/x86_64");
    assert_string_equal(s->releasever, "7");
}

static void unknown_variables_are_errors(void **state)
{
    (void)state;
    struct source_options options = {.arch = "x86_64"};
    assert_fault("\nrepo --name=a --baseurl=http://x.test/$releasever\n", &options,
        "3 in.ks:2: '$releasever' needs a release, and none is given|say it by --releasever, or "
        "by a line '#version=RHEL9' in the recipe");
    assert_fault("repo --name=a --baseurl=http://x.test/$basearhc\n", &options,
        "3 in.ks:1: '$basearhc' is not a variable known here|known are $releasever, "
        "$releasever_major, $releasever_minor, $basearch, $arch, $infra, $stream, $contentdir and "
        "$rltype");
}

static void command_line_replaces_by_name_and_adds(void **state)
{
    (void)state;
    auto_free char *text = NULL;
    struct strv repos = {0}, keys = {0};
    strv_add(&repos, "updates=http://y.test/u/$basearch/");
    strv_add(&repos, "mine=/usr/../usr/share");
    strv_add(&repos, "url=https://y.test/os");
    strv_add(&keys, "/k/one");
    struct source_options options = {
        .arch = "x86_64", .releasever = "8", .repos = &repos, .gpgkeys = &keys};
    const char *recipe = "url --url=http://x.test/os\n"
                         "repo --name=updates --mirrorlist=http://x.test/m --cost=5 --noverifyssl\n"
                         "repo --name=meta --mirrorlist=https://x.test/metalink?repo=a\n";
    auto_cleanup(sources_free) struct sources *s = sources_of(recipe, &options, &text);
    assert_non_null(s);
    assert_int_equal(s->n, 4);
    assert_string_equal(s->v[0].baseurls.v[0], "https://y.test/os");
    assert_string_equal(s->v[1].baseurls.v[0], "http://y.test/u/x86_64/");
    assert_null(s->v[1].mirrorlist);
    assert_int_equal(s->v[1].cost, 5);
    assert_false(s->v[1].sslverify);
    assert_int_equal(s->v[1].place.line, 2);
    assert_null(s->v[2].mirrorlist);
    assert_string_equal(s->v[2].metalink, "https://x.test/metalink?repo=a");
    assert_string_equal(s->v[3].name, "mine");
    assert_string_equal(s->v[3].baseurls.v[0], "file:///usr/share");
    assert_int_equal(s->v[3].place.line, 0);
    assert_string_equal(s->v[3].gpgkeys.v[0], "/k/one");
    strv_done(&repos);
    strv_done(&keys);
}

/* Who serves a repository of the recipe from elsewhere and says by what keys it is signed means
 * these alone; the others keep theirs. */
static void command_line_keys_are_those_of_its_repositories(void **state)
{
    (void)state;
    auto_free char *text = NULL;
    struct strv repos = {0}, keys = {0};
    strv_add(&repos, "a=http://y.test/a");
    struct source_options options = {.arch = "x86_64", .repos = &repos, .gpgkeys = &keys};
    const char *recipe = "repo --name=a --baseurl=http://x.test/a --gpgkey=http://x.test/key\n"
                         "repo --name=b --baseurl=http://x.test/b --gpgkey=http://x.test/key\n";
    auto_cleanup(sources_free) struct sources *without = sources_of(recipe, &options, &text);
    assert_non_null(without);
    assert_int_equal(without->v[0].gpgkeys.n, 1);
    assert_string_equal(without->v[0].gpgkeys.v[0], "http://x.test/key");
    strv_add(&keys, "/k/one");
    auto_free char *text_with = NULL;
    auto_cleanup(sources_free) struct sources *with = sources_of(recipe, &options, &text_with);
    assert_non_null(with);
    assert_int_equal(with->v[0].gpgkeys.n, 1);
    assert_string_equal(with->v[0].gpgkeys.v[0], "/k/one");
    assert_int_equal(with->v[1].gpgkeys.n, 2);
    strv_done(&repos);
    strv_done(&keys);
}

static void recipe_repositories_can_be_left_out(void **state)
{
    (void)state;
    auto_free char *text = NULL;
    struct strv repos = {0};
    strv_add(&repos, "b=http://y.test/");
    struct source_options options = {
        .arch = "x86_64", .repos = &repos, .only_command_line = true, .no_gpgcheck = true};
    auto_cleanup(sources_free) struct sources *s =
        sources_of("repo --name=a --baseurl=http://x.test/$nonsense\n"
                   "repo --name=b --baseurl=http://x.test/$nonsense --cost=7\n",
            &options, &text);
    assert_non_null(s);
    assert_int_equal(s->n, 1);
    assert_int_equal(s->v[0].cost, 7);
    assert_false(s->v[0].gpgcheck);
    strv_done(&repos);
}

static void assert_repo_fault(const char *repo, const char *expected)
{
    struct strv repos = {0};
    strv_add(&repos, "a=http://x.test/");
    strv_add(&repos, repo);
    struct source_options options = {.arch = "x86_64", .repos = &repos};
    assert_fault("text\n", &options, expected);
    strv_done(&repos);
}

static void bad_repositories_are_told(void **state)
{
    (void)state;
    struct source_options options = {.arch = "x86_64"};
    assert_repo_fault("http://x.test/", "2 --repo: 'http://x.test/' is not NAME=URL|for example "
                                        "--repo lab=file:///srv/lab");
    assert_repo_fault("b=", "2 --repo: 'b=' is not NAME=URL|for example --repo "
                            "lab=file:///srv/lab");
    assert_repo_fault("a=http://y.test/", "2 --repo: 'a' is given twice|");
    assert_repo_fault("b=/no/such/directory",
        "2 repository 'b': '/no/such/directory' is no address, and there is no such "
        "directory|give a file://, http://, https:// or ftp:// address, or a directory");
    assert_repo_fault("b=nfs://h/x", "2 repository 'b': 'nfs://h/x' is not a file://, http://, "
                                     "https:// or ftp:// address|");
    assert_repo_fault("b=http:///x", "2 repository 'b': 'http:///x' names no host|");
    assert_repo_fault("b=http://h/a b", "2 repository 'b': 'http://h/a b' has a space or a control "
                                        "character in it|");
    assert_fault("text\n", &options,
        "3 in.ks: there is no repository to take packages from|write a 'url --url=' or 'repo "
        "--name= --baseurl=' line, or say --repo NAME=URL");
    assert_fault("lang en_US\ncdrom\n", &options,
        "3 in.ks:2: packages from a medium can't be used here, and there is no repository|write a "
        "'url --url=' or 'repo --name= --baseurl=' line, or say --repo NAME=URL");
    assert_fault("repo --name=updates\n", &options,
        "3 in.ks:1: repo 'updates' has no address|write --baseurl=, or say --repo updates=URL");
}

static void architectures_are_checked(void **state)
{
    (void)state;
    struct source_options options = {.arch = "amd64"};
    assert_fault("url --url=http://x.test\n", &options,
        "2 'amd64' is not an architecture known here|write x86_64");
}

static void paths_become_addresses(void **state)
{
    (void)state;
    char directory[] = "/tmp/slipway plan%XXXXXX";
    assert_non_null(mkdtemp(directory));
    auto_free char *repo = xprintf("a=%s", directory);
    auto_free char *text = NULL;
    struct strv repos = {0};
    strv_add(&repos, repo);
    struct source_options options = {.arch = "x86_64", .repos = &repos};
    auto_cleanup(sources_free) struct sources *s = sources_of("text\n", &options, &text);
    assert_non_null(s);
    assert_true(str_starts(s->v[0].baseurls.v[0], "file:///tmp/slipway%20plan%25"));
    rmdir(directory);
    strv_done(&repos);
}

static const char case_text[] = "=repo os\n"
                                "pkg kernel-5-1.x86_64\n"
                                "pkg a-1:1-1.noarch\n"
                                " requires: b\n"
                                "pkg b-2-1.x86_64\n"
                                "=recipe\n"
                                "%packages --nocore --inst-langs=en\n"
                                "a\n"
                                "-zz\n"
                                "%end\n";

/* A plan of the case above. */
struct fixture {
    char directory[40];
    struct inline_case c;
    struct recipe *recipe;
    struct sources *sources;
    struct plan *plan;
};

static struct plan *make(struct fixture *f)
{
    struct err err = {0};
    struct plan *plan = NULL;
    if (plan_make(f->recipe, f->sources, f->c.metadata, f->sources->n, NULL, &plan, &err) < 0)
        fail_msg("%s", err.message);
    return plan;
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct err err = {0};
    strcpy(f->directory, "/tmp/slipway-test-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    auto_free char *path = xprintf("%s/case", f->directory);
    auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(file_write_all(fd, case_text, sizeof case_text - 1), 0);
    inline_read(&f->c, path);
    f->recipe = recipe_of(f->c.recipe.s);
    assert_int_equal(inline_sources(&f->c, f->recipe, &f->sources, &err), 0);
    inline_metadata(&f->c, f->sources);
    f->plan = make(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    plan_free(f->plan);
    sources_free(f->sources);
    recipe_free(f->recipe);
    inline_free(&f->c);
    assert_int_equal(file_remove_tree(AT_FDCWD, f->directory), 0);
    free(f);
    return 0;
}

static char *lock_of(struct fixture *f, const struct plan *plan)
{
    struct err err = {0};
    auto_free char *path = xprintf("%s/plan.lock", f->directory);
    char *text = NULL;
    size_t size = 0;
    if (plan_lock_write(plan, f->recipe, f->sources, path, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(file_read(path, 1 << 20, &text, &size), 0);
    return text;
}

static char *printed(const struct plan *plan, const struct sources *sources)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    plan_print(plan, sources, out);
    plan_print_json(plan, sources, out);
    fclose(out);
    return text;
}

static void same_inputs_give_the_same_plan(void **state)
{
    struct fixture *f = *state;
    auto_cleanup(plan_free) struct plan *again = make(f);
    auto_free char *first = printed(f->plan, f->sources), *second = printed(again, f->sources);
    auto_free char *first_lock = lock_of(f, f->plan), *second_lock = lock_of(f, again);
    assert_string_equal(first, second);
    assert_string_equal(first_lock, second_lock);
    assert_int_equal(f->plan->newest_build_time, 1600000000);
    assert_non_null(f->plan->era);
}

static void lock_is_written_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    auto_free char *path = xprintf("%s/none/plan.lock", f->directory);
    assert_int_equal(plan_lock_write(f->plan, f->recipe, f->sources, path, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_SYSTEM);
    err_done(&err);
    auto_free char *directory = xprintf("%s/plan.lock", f->directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_true(plan_lock_write(f->plan, f->recipe, f->sources, directory, &err) < 0);
    err_done(&err);
    auto_free char *left = xprintf("%s/plan.lock.%ld.new", f->directory, (long)getpid());
    assert_int_equal(access(left, F_OK), -1);
}

static void lock_has_no_passwords(void **state)
{
    struct fixture *f = *state;
    struct source *s = &f->sources->v[0];
    s->baseurls.v[0] = arena_strdup(f->sources->arena, "https://user:se@cret@x.test/a@b");
    s->mirrorlist = arena_strdup(f->sources->arena, "http://only@x.test");
    auto_free char *text = lock_of(f, f->plan);
    assert_null(strstr(text, "cret"));
    assert_non_null(strstr(text, "\"https://x.test/a@b\""));
    assert_non_null(strstr(text, "\"http://x.test\""));
}

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return xprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void assert_lock_fault(
    struct fixture *f, const char *from, const char *to, enum err_kind kind, const char *expected)
{
    struct err err = {0};
    auto_cleanup(plan_free) struct plan *plan = NULL;
    auto_free char *text = lock_of(f, f->plan), *bad = replaced(text, from, to);
    int r = plan_lock_parse("plan.lock", bad, strlen(bad), f->recipe, f->sources, &plan, &err);
    assert_true(r < 0);
    assert_null(plan);
    assert_string_equal(err.message, expected);
    assert_int_equal(err.kind, kind);
    err_done(&err);
}

static void hostile_locks_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *from, *to, *expected;
    } cases[] = {
        {"{", "[", "plan.lock:2: not JSON: ']' expected near ':'"},
        {"slipway-lock", "other", "plan.lock: format: is 'other', not 'slipway-lock'"},
        {"\"version\": 1,", "\"version\": 9,", "plan.lock: version: is 9; this program reads 1"},
        {"\"version\": 1,", "\"version\": \"1\",",
            "plan.lock: version: is not a whole number from 0"},
        {"x86_64", "aarch64",
            "plan.lock: arch: the lock is for aarch64, and this build is for x86_64"},
        {"\"repository\": \"os\"", "\"repository\": \"so\"",
            "plan.lock: packages[0].repository: 'so' is none of this recipe's"},
        {"a-1-1.noarch.rpm", "../../x.rpm",
            "plan.lock: packages[0].a: its location is outside the repository"},
        {"a-1-1.noarch.rpm", "/etc/passwd",
            "plan.lock: packages[0].a: its location is outside the repository"},
        {"a-1-1.noarch.rpm", "x\\ny",
            "plan.lock: packages[0].a: its location has control characters in it"},
        {"sha256:", "crc:", "plan.lock: packages[0].a: its checksum is none"},
        {"\"name\": \"a\"", "\"name\": \"../a\"",
            "plan.lock: packages[0].../a: its name or version is none"},
        {"\"name\": \"a\"", "\"name\": 7", "plan.lock: packages[0].name: is not a text"},
        {"\"epoch\": 1", "\"epoch\": -1",
            "plan.lock: packages[0].epoch: is not a whole number from 0"},
        {"\"download_bytes\": 1000", "\"download_bytes\": 9223372036854775807",
            "plan.lock: packages[0].a: its size is out of this world"},
        {"\"parent\": 0", "\"parent\": 3", "plan.lock: packages[1].parent: there is no package 3"},
        {"\"reason\": \"user\"", "\"reason\": \"whim\"",
            "plan.lock: packages[0].reason: 'whim' is none"},
        {"\"excludedocs\": false", "\"excludedocs\": 0",
            "plan.lock: excludedocs: is neither true nor false"},
        {"\"packages\": [\n  {", "\"other\": [\n  {", "plan.lock: packages: is missing"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_lock_fault(f, cases[i].from, cases[i].to, ERR_USAGE, cases[i].expected);
}

static void a_cycle_of_parents_ends(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    f->plan->packages[0].parent = 1;
    FILE *out = fopen("/dev/null", "w");
    assert_int_equal(plan_why(f->plan, "a", out, &err), 0);
    fclose(out);
}

static void truncated_locks_are_refused(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = lock_of(f, f->plan);
    size_t whole = strlen(text) - 2; /* without the closing brace */
    for (size_t size = 0; size <= whole; size++) {
        struct err err = {0};
        struct plan *plan = NULL;
        assert_true(plan_lock_parse("l", text, size, f->recipe, f->sources, &plan, &err) < 0);
        assert_null(plan);
        assert_int_equal(err.kind, ERR_USAGE);
        err_done(&err);
    }
}

static void assert_changed(struct fixture *f, const char *recipe_text, const char *expected)
{
    struct err err = {0};
    auto_cleanup(plan_free) struct plan *plan = NULL;
    auto_cleanup(recipe_free) struct recipe *recipe = recipe_of(recipe_text);
    auto_free char *text = lock_of(f, f->plan);
    assert_true(
        plan_lock_parse("plan.lock", text, strlen(text), recipe, f->sources, &plan, &err) < 0);
    assert_string_equal(err.message, expected);
    assert_string_equal(err.hint, "make the lock again by 'slipway plan RECIPE --lock plan.lock'");
    assert_int_equal(err.kind, ERR_RECIPE);
    err_done(&err);
}

static void a_changed_recipe_is_told(void **state)
{
    struct fixture *f = *state;
    assert_changed(f, "%packages --nocore --inst-langs=en\na\n-zz\nnew\n%end\n",
        "in.ks:4: 'new' is not what 'plan.lock' was made from");
    assert_changed(f, "\n%packages --nocore --inst-langs=en\na\n%end\n",
        "in.ks:2: %packages: 'plan.lock' was made from a recipe with '-zz', and it is no longer "
        "there");
    assert_changed(f, "%packages --nocore --excludedocs --inst-langs=en\na\n-zz\n%end\n",
        "in.ks:1: %packages: '--excludedocs' is not what 'plan.lock' was made from");
    assert_changed(f, "%packages --nocore --inst-langs=de\na\n-zz\n%end\n",
        "in.ks:1: %packages: '--inst-langs=de' is not what 'plan.lock' was made from");
}

static void order_of_lines_is_no_change(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    auto_cleanup(plan_free) struct plan *plan = NULL;
    auto_cleanup(recipe_free) struct recipe *recipe =
        recipe_of("# more\n\n%packages --inst-langs=en --nocore\n-zz\na\n%end\n");
    auto_free char *text = lock_of(f, f->plan);
    assert_int_equal(plan_lock_parse("l", text, strlen(text), recipe, f->sources, &plan, &err), 0);
    assert_memory_equal(plan->seed, f->plan->seed, sizeof plan->seed);
    assert_string_equal(plan->langs.v[0], "en");
    assert_int_equal(plan->newest_build_time, 1600000000);
}

static void a_lock_that_is_not_there_is_told(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct plan *plan = NULL;
    assert_int_equal(plan_lock_read("/none/l", f->recipe, f->sources, &plan, &err), -ENOENT);
    assert_string_equal(err.message, "cannot read lock '/none/l': No such file or directory");
    err_done(&err);
}

static void package_values_are_checked(void **state)
{
    (void)state;
    char name[] = "a", one[] = "1", arch[] = "noarch", sha1[] = "sha1", sha256[] = "sha256";
    char hex[] = "0123456789012345678901234567890123456789", path[] = "./Packages/..a/a..rpm";
    struct plan_package p = {.name = name,
        .version = one,
        .release = one,
        .arch = arch,
        .checksum_type = sha1,
        .checksum = hex,
        .location = path};
    assert_null(package_fault(&p));
    static const char *const bad[] = {"..", "a/..", "../a", "a/../b", "/a", "", "a\x7f", "a\nb"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        auto_free char *location = p.location = xstrdup(bad[i]);
        assert_non_null(package_fault(&p));
    }
    p.location = path;
    p.checksum_type = sha256;
    assert_string_equal(package_fault(&p), "its checksum is none");
}

static int read_comps(const char *text, size_t size, struct comps *comps, struct err *err)
{
    char copy[4096];
    memcpy(copy, text, size);
    FILE *file = fmemopen(copy, size, "r");
    assert_non_null(file);
    int r = comps_read(comps, file, "comps", err);
    fclose(file);
    return r;
}

static void comps_that_nest_too_deeply_are_refused(void **state)
{
    (void)state;
    struct err err = {0};
    auto_strbuf struct strbuf text = {0};
    auto_cleanup(comps_free) struct comps *comps = comps_new();
    for (int i = 0; i < 100; i++)
        strbuf_puts(&text, "<group>");
    assert_true(read_comps(text.s, text.len, comps, &err) < 0);
    assert_string_equal(err.message, "comps: line 1: elements nest too deeply");
    assert_int_equal(err.kind, ERR_NETWORK);
    err_done(&err);
}

static void truncated_comps_are_refused(void **state)
{
    (void)state;
    static const char text[] = "<comps><group><id>core</id><name>Core</name><packagelist>"
                               "<packagereq type='conditional' requires='b'>a</packagereq>"
                               "</packagelist></group></comps>";
    for (size_t size = 1; size < sizeof text - 1; size++) {
        struct err err = {0};
        auto_cleanup(comps_free) struct comps *comps = comps_new();
        assert_true(read_comps(text, size, comps, &err) < 0);
        err_done(&err);
    }
    struct err err = {0};
    auto_cleanup(comps_free) struct comps *comps = comps_new();
    assert_int_equal(read_comps(text, sizeof text - 1, comps, &err), 0);
    assert_string_equal(comps_group(comps, "CORE")->packages[0].condition, "b");
}

static void compressed_metadata_that_ends_early_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const tools[][2] = {
        {"gzip", "gz"}, {"xz", "xz"}, {"zstd -q", "zst"}, {"bzip2", "bz2"}};
    char *plain = f->c.metadata[0].primary;
    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        struct err err = {0};
        struct plan *plan = NULL;
        auto_free char *path = xprintf("%s/primary.xml.%s", f->directory, tools[i][1]);
        auto_free char *command = xprintf("%s -c '%s' >'%s'", tools[i][0], plain, path);
        if (system(command) != 0)
            continue; /* this tool is not here */
        f->c.metadata[0].primary = path;
        assert_int_equal(plan_make(f->recipe, f->sources, f->c.metadata, 1, NULL, &plan, &err), 0);
        plan_free(steal(&plan));
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(truncate(path, st.st_size / 2), 0);
        assert_true(plan_make(f->recipe, f->sources, f->c.metadata, 1, NULL, &plan, &err) < 0);
        assert_int_equal(err.kind, ERR_NETWORK);
        assert_non_null(strstr(err.message, "repository 'os': 'primary.xml."));
        err_done(&err);
    }
    f->c.metadata[0].primary = plain;
}

static void metadata_that_is_not_there_is_told(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct plan *plan = NULL;
    struct metadata m = f->c.metadata[0];
    m.primary = NULL;
    assert_true(plan_make(f->recipe, f->sources, &m, 1, NULL, &plan, &err) < 0);
    assert_string_equal(err.message, "repository 'os' has no list of packages");
    err_done(&err);
    char none[] = "/none/primary.xml.gz";
    m.primary = none;
    assert_true(plan_make(f->recipe, f->sources, &m, 1, NULL, &plan, &err) < 0);
    assert_string_equal(
        err.message, "repository 'os': cannot read 'primary.xml.gz': No such file or directory");
    err_done(&err);
}

int main(void)
{
#define with_plan(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_filled_in),
        cmocka_unit_test(release_is_read_off_the_version_line),
        cmocka_unit_test(unknown_variables_are_errors),
        cmocka_unit_test(command_line_replaces_by_name_and_adds),
        cmocka_unit_test(command_line_keys_are_those_of_its_repositories),
        cmocka_unit_test(recipe_repositories_can_be_left_out),
        cmocka_unit_test(bad_repositories_are_told),
        cmocka_unit_test(architectures_are_checked),
        cmocka_unit_test(paths_become_addresses),
        with_plan(same_inputs_give_the_same_plan),
        with_plan(lock_is_written_whole_or_not_at_all),
        with_plan(lock_has_no_passwords),
        with_plan(hostile_locks_are_refused),
        with_plan(a_cycle_of_parents_ends),
        with_plan(truncated_locks_are_refused),
        with_plan(a_changed_recipe_is_told),
        with_plan(order_of_lines_is_no_change),
        with_plan(a_lock_that_is_not_there_is_told),
        cmocka_unit_test(package_values_are_checked),
        cmocka_unit_test(comps_that_nest_too_deeply_are_refused),
        cmocka_unit_test(truncated_comps_are_refused),
        with_plan(compressed_metadata_that_ends_early_is_refused),
        with_plan(metadata_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
