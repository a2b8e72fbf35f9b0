#include "install/transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nss.h>
#include <rpm/header.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmpgp.h>
#include <rpm/rpmts.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "install/database.h"
#include "install/scriptlet-exec.h"
#include "install/transaction-events.h"
#include "sandbox/channel.h"
#include "sandbox/nodes.h"
#include "sandbox/view.h"

/* librpm closes every descriptor up to the limit before a scriptlet. */
#define DESCRIPTORS 1024
#define KEY_MAX ((size_t)1 << 20)

extern int __nss_configure_lookup(const char *database, const char *service);

/* The child's own state, until it ends. */
struct child {
    const struct transaction *t;
    rpmts ts;
    Header *headers;
    struct strv keys;
    struct transaction_events events;
    struct database database;
};

static void set_macro(const char *name, const char *value)
{
    rpmPushMacro(NULL, name, NULL, value, RMIL_CMDLINE);
}

/* Nothing of this machine but rpm's own defaults: no /etc/rpm, no ~/.rpmmacros. */
static int read_configuration(const struct install_options *options, struct err *err)
{
    /* Else what a scriptlet prints on standard output goes to the root's /dev/null, made for it. */
    rpmSetVerbosity(RPMLOG_INFO);
    macrofiles = "/usr/lib/rpm/macros:/usr/lib/rpm/platform/%{_target}/macros";
    if (rpmReadConfigFiles("/usr/lib/rpm/rpmrc", NULL) != 0)
        return err_set(err, ERR_SYSTEM, -ENOENT, "cannot read rpm's '/usr/lib/rpm/rpmrc'");
    set_macro("_db_backend", "sqlite");
    set_macro("_pkgverify_level", "none");
    set_macro("_tmppath", "/var/tmp");
    if (options->langs && options->langs->n) {
        auto_strbuf struct strbuf langs = {0};
        for (size_t i = 0; i < options->langs->n; i++)
            strbuf_printf(&langs, "%s%s", i ? ":" : "", options->langs->v[i]);
        set_macro("_install_langs", langs.s);
    }
    return 0;
}

static int read_keys(struct child *c, struct err *err)
{
    const struct strv *paths = c->t->options->gpgkeys;
    for (size_t i = 0; paths && i < paths->n; i++) {
        auto_free char *text = NULL;
        size_t size = 0;
        int r = file_read(paths->v[i], KEY_MAX, &text, &size);
        if (r < 0)
            return err_code(err, r, "cannot read the key '%s'", paths->v[i]);
        strv_add(&c->keys, text);
    }
    return 0;
}

static int set_environment(const struct install_options *options)
{
    auto_free char *time = xprintf("%llu", (unsigned long long)options->install_time);
    struct rlimit descriptors;
    if (getrlimit(RLIMIT_NOFILE, &descriptors) < 0)
        return -errno;
    if (descriptors.rlim_cur > DESCRIPTORS)
        descriptors.rlim_cur = DESCRIPTORS;
    /* Users and groups are the image's files, never its NSS modules in this process. */
    if (clearenv() != 0 || __nss_configure_lookup("passwd", "files") != 0 ||
        __nss_configure_lookup("group", "files") != 0)
        return -EINVAL;
    setenv("PATH", "/sbin:/bin:/usr/sbin:/usr/bin:/usr/X11R6/bin", 1);
    setenv("HOME", "/root", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("TERM", "dumb", 1);
    setenv("SOURCE_DATE_EPOCH", time, 1); /* librpm's install time too */
    return setrlimit(RLIMIT_NOFILE, &descriptors) < 0 ? -errno : 0;
}

static int set_standard_files(int output)
{
    auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setvbuf(stdout, NULL, _IOLBF, 0); /* Lua in this process prints there, and forks */
    return null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ? -errno : 0;
}

/* One mount namespace for scriptlets, entered when one is started; this process goes on in the one
 * where the root is bare. */
static int make_views(int root, int *ret_view, struct err *err)
{
    auto_close int bare = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (bare < 0 || fchdir(root) < 0 || unshare(CLONE_NEWNS) < 0)
        return err_errno(err, "cannot make a mount namespace for scriptlets");
    auto_close int again = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = view_enter(again, NULL, 0, err);
    if (r < 0)
        return r;
    int view = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (view < 0 || setns(bare, CLONE_NEWNS) < 0)
        return err_errno(err, "cannot leave the mount namespace for scriptlets");
    r = view_enter_bare(root, err);
    scriptlet_exec_into(view);
    *ret_view = view;
    return r;
}

/* This process never becomes another program, and Lua can load native code into it: a descriptor of
 * a directory outside the root would be a way there. */
static int close_all_but(int channel, int output, int view)
{
    const unsigned kept[] = {(unsigned)channel, (unsigned)output, (unsigned)view};
    unsigned from = STDERR_FILENO + 1;
    for (bool found = true; found;) {
        unsigned next = UINT_MAX;
        found = false;
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
            if (kept[i] >= from && kept[i] < next) {
                next = kept[i];
                found = true;
            }
        if (next > from && close_range(from, found ? next - 1 : UINT_MAX, 0) < 0)
            return -errno;
        from = next + 1;
    }
    return 0;
}

static int prepare(struct child *c, int root, struct err *err)
{
    int listener = -1, view = -1;
    int r = scriptlet_exec_check();
    if (r < 0)
        return err_code(err, r, "this program is linked so that scriptlets would not be confined");
    r = read_configuration(c->t->options, err);
    if (r == 0)
        r = read_keys(c, err);
    if (r < 0)
        return r;
    r = set_environment(c->t->options);
    if (r == 0)
        r = set_standard_files(c->t->output);
    if (r < 0)
        return err_code(err, r, "cannot prepare rpm's process");
    r = make_views(root, &view, err);
    if (r == 0 && (r = close_all_but(c->t->channel, c->t->output, view)) < 0)
        err_code(err, r, "cannot close what is not for rpm's process");
    if (r == 0)
        r = nodes_filter(&listener, err);
    if (r == 0)
        channel_send(c->t->channel, CHANNEL_LISTENER, "", 0, listener);
    if (listener >= 0)
        close(listener);
    return r;
}

/* What was wrong in librpm's eyes: its problems, else its log. */
static int complain(struct child *c, enum err_kind kind, const char *what, struct err *err)
{
    auto_strbuf struct strbuf text = {0};
    rpmps problems = rpmtsProblems(c->ts);
    rpmpsi each = rpmpsInitIterator(problems);
    for (rpmProblem p; (p = rpmpsiNext(each));) {
        auto_free char *line = rpmProblemString(p);
        strbuf_printf(&text, "%s%s", text.len ? "; " : "", line);
    }
    rpmpsFreeIterator(each);
    rpmpsFree(problems);
    if (!text.len && c->events.complaints.len)
        strbuf_puts(&text, c->events.complaints.s);
    while (text.len && text.s[text.len - 1] == '\n')
        text.s[--text.len] = '\0';
    return err_set(err, kind, -EIO, "%s: %s", what, text.len ? text.s : "librpm does not say why");
}

static int read_header(struct child *c, uint32_t index, struct err *err)
{
    auto_free char *what = xprintf("cannot read the package '%s'", c->t->paths->v[index]);
    FD_t file = transaction_open(c->t, index);
    rpmRC rc = file ? rpmReadPackageFile(c->ts, file, NULL, &c->headers[index]) : RPMRC_FAIL;
    if (file)
        Fclose(file);
    /* NOKEY and NOTTRUSTED: signatures are fetch/'s work and were checked there. */
    if (rc == RPMRC_FAIL || rc == RPMRC_NOTFOUND)
        return complain(c, ERR_VERIFY, what, err);
    return 0;
}

/* Of two files of one path, that of the 64-bit package stays: EL5's x86_64 has many such pairs. */
static void choose_colors(const struct child *c)
{
    bool is_x86_64 = false;
    for (size_t i = 0; i < c->t->paths->n && !is_x86_64; i++) {
        const char *arch = headerGetString(c->headers[i], RPMTAG_ARCH);
        is_x86_64 = arch && strcmp(arch, "x86_64") == 0;
    }
    rpmtsSetColor(c->ts, is_x86_64 ? 3 : 0);
    rpmtsSetPrefColor(c->ts, is_x86_64 ? 2 : 0);
}

static int add_packages(struct child *c, struct err *err)
{
    c->headers = xcalloc(c->t->paths->n, sizeof *c->headers);
    for (uint32_t i = 0; i < c->t->paths->n; i++) {
        int r = read_header(c, i, err);
        if (r < 0)
            return r;
    }
    choose_colors(c);
    c->database = database_choose(c->headers, c->t->paths->n);
    set_macro("_dbpath", c->database.path);
    for (uintptr_t i = 0; i < c->t->paths->n; i++) {
        fnpyKey key;
        uintptr_t value = i + 1; /* not NULL */
        memcpy(&key, &value, sizeof key);
        if (rpmtsAddInstallElement(c->ts, c->headers[i], key, 0, NULL) != 0)
            return complain(c, ERR_DEPENDENCY, "cannot add a package to the transaction", err);
    }
    return 0;
}

static int has_problems(struct child *c)
{
    rpmps problems = rpmtsProblems(c->ts);
    int n = rpmpsNumProblems(problems);
    rpmpsFree(problems);
    return n > 0;
}

static int run(struct child *c, struct err *err)
{
    auto_free char *database = rpmExpand("%{_dbpath}", NULL);
    int r = file_make_directories(database, 0755);
    if (r < 0)
        return err_code(err, r, "cannot make '%s' in the root", database);
    if (rpmtsCheck(c->ts) != 0 || has_problems(c))
        return complain(c, ERR_DEPENDENCY, "the packages do not fit together", err);
    if (rpmtsOrder(c->ts) != 0)
        return complain(c, ERR_DEPENDENCY, "the packages cannot be put in order", err);
    rpmtsClean(c->ts);
    rpmtsSetNotifyCallback(c->ts, transaction_notify, &c->events);
    if (rpmtsRun(c->ts, NULL, RPMPROB_FILTER_IGNOREARCH | RPMPROB_FILTER_IGNOREOS) != 0)
        return complain(c, ERR_DEPENDENCY, "the packages cannot be installed", err);
    return 0;
}

static int import_keys(struct child *c, struct err *err)
{
    for (size_t i = 0; i < c->keys.n; i++) {
        uint8_t *packet = NULL;
        size_t size = 0;
        int r = pgpParsePkts(c->keys.v[i], &packet, &size) == PGPARMOR_PUBKEY
                    ? rpmtsImportPubkey(c->ts, packet, size) == RPMRC_OK ? 0 : -EINVAL
                    : -EINVAL;
        free(packet);
        if (r < 0)
            return err_set(
                err, ERR_VERIFY, r, "cannot import the key '%s'", c->t->options->gpgkeys->v[i]);
    }
    return 0;
}

/* Lua of a package that opens '/dev/null' for writing does so in the root's own /dev. */
static void remove_null(void)
{
    struct stat st;
    if (lstat("/dev/null", &st) == 0 && S_ISREG(st.st_mode) &&
        lgetxattr("/dev/null", SANDBOX_NODE_XATTR, NULL, 0) < 0)
        unlink("/dev/null");
}

static int transact(struct child *c, struct err *err)
{
    c->ts = rpmtsCreate();
    rpmtsSetRootDir(c->ts, "/");
    rpmtsSetDBMode(c->ts, O_RDWR | O_CREAT);
    rpmtsSetVSFlags(c->ts, RPMVSF_MASK_NOSIGNATURES | RPMVSF_MASK_NODIGESTS);
    rpmtsSetVfyLevel(c->ts, 0);
    rpmtsSetFlags(
        c->ts, RPMTRANS_FLAG_NOPLUGINS | RPMTRANS_FLAG_NOCONTEXTS |
                   (c->t->options->excludedocs ? RPMTRANS_FLAG_NODOCS : RPMTRANS_FLAG_NONE));
    FD_t output = fdDup(c->t->output);
    rpmtsSetScriptFd(c->ts, output);
    int r = add_packages(c, err);
    if (r == 0)
        r = run(c, err);
    if (r == 0 && !c->database.by_own_rpm)
        r = import_keys(c, err);
    rpmtsCloseDB(c->ts);
    remove_null();
    return r;
}

static void say_done(const struct child *c)
{
    struct transaction_sum sum = {
        .n_packages = c->t->paths->n, .needs_own_rpm = c->database.by_own_rpm};
    for (size_t i = 0; i < c->t->paths->n; i++) {
        struct rpmtd_s files;
        if (headerGet(c->headers[i], RPMTAG_BASENAMES, &files, HEADERGET_MINMEM))
            sum.n_files += rpmtdCount(&files);
        rpmtdFreeData(&files);
    }
    channel_send(c->t->channel, MESSAGE_DONE, &sum, sizeof sum, -1);
}

int transaction_main(void *transaction, int root)
{
    struct child c = {.t = transaction};
    struct err err = {0};
    c.events.transaction = c.t;
    rpmlogSetCallback(transaction_log, &c.events);
    int r = prepare(&c, root, &err);
    if (r == 0)
        r = transact(&c, &err);
    if (r < 0) {
        channel_send_error(c.t->channel, &err);
        return 1;
    }
    say_done(&c);
    return 0;
}
