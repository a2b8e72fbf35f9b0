#include "sandbox/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "sandbox/node-place.h"

/* Beyond so many the doubles' owners and modes are as they were made. */
#define DOUBLES_MAX 300

/* A node in the sandbox's /dev, and the one in the root's own. */
struct node_double {
    int seen, own;
};

struct nodes {
    int listener, root;
    struct node_double doubles[DOUBLES_MAX];
    size_t n;
};

static int add_rules(scmp_filter_ctx filter)
{
    static const scmp_datum_t types[] = {S_IFCHR, S_IFBLK};
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(types) && r == 0; i++) {
        r = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mknod), 1,
            SCMP_A1(SCMP_CMP_MASKED_EQ, S_IFMT, types[i]));
        if (r == 0)
            r = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mknodat), 1,
                SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, types[i]));
    }
    return r;
}

/* A process that keeps CAP_SYS_ADMIN (librpm's, for setns(2)) may run Lua of a package, and what
 * that loads. Neither it nor a scriptlet in a user namespace of its own is to rearrange mounts: the
 * machine's settings below /proc are behind read-only ones. Key rings are in no namespace. */
static int add_refusals(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2),
        SCMP_SYS(pivot_root), SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
        SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr),
        SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl)};
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(calls) && r == 0; i++)
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
    return r;
}

int nodes_filter(int *ret_listener, struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return err_set(err, ERR_SYSTEM, -ENOMEM, "cannot make a seccomp filter");
    /* setuid programs of the image are to work, so no_new_privs stays off. */
    int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
#if defined(__x86_64__)
    if (r == 0)
        r = seccomp_arch_add(filter, SCMP_ARCH_X86);
#elif defined(__aarch64__)
    if (r == 0)
        r = seccomp_arch_add(filter, SCMP_ARCH_ARM);
#endif
    if (r == 0)
        r = add_rules(filter);
    if (r == 0)
        r = add_refusals(filter);
    if (r == 0)
        r = seccomp_load(filter);
    if (r == 0)
        *ret_listener = fcntl(seccomp_notify_fd(filter), F_DUPFD_CLOEXEC, 3);
    seccomp_release(filter);
    return r < 0 ? err_code(err, r, "cannot load the seccomp filter of the sandbox") : 0;
}

struct nodes *nodes_new(int listener, int root)
{
    struct nodes *nodes = xcalloc(1, sizeof *nodes);
    nodes->listener = listener;
    nodes->root = root;
    return nodes;
}

int nodes_listener(const struct nodes *nodes)
{
    return nodes->listener;
}

/* In the sandbox's /dev, which goes with the sandbox: make it in the root's own /dev also. */
static void make_double(
    struct nodes *nodes, const struct node_place *place, const struct node_call *call, int seen)
{
    char link[64], path[PATH_MAX];
    struct stat there, own;
    snprintf(link, sizeof link, "/proc/self/fd/%d", place->parent);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    if (strcmp(path, "/dev") != 0 && !str_starts(path, "/dev/"))
        return;
    if (file_make_directories_in(nodes->root, path, 0755) < 0)
        return;
    struct node_place double_place = *place;
    auto_close int parent = file_open_in(nodes->root, path, O_PATH | O_DIRECTORY, 0);
    if (parent < 0 || fstat(parent, &own) < 0 || fstat(place->parent, &there) < 0 ||
        (own.st_dev == there.st_dev && own.st_ino == there.st_ino))
        return;
    double_place.parent = parent;
    auto_close int made = node_place_make(&double_place, call, true);
    if (made >= 0 && seen >= 0 && nodes->n < DOUBLES_MAX)
        nodes->doubles[nodes->n++] = (struct node_double){dup(seen), steal_fd(&made)};
}

/* mknod(2) in the caller's place. */
static int make_node(struct nodes *nodes, uint64_t id, const struct node_call *call)
{
    struct node_place place;
    int r = node_place_find(call, &place);
    if (r < 0)
        return r;
    auto_close int parent = place.parent;
    /* What was read is the caller's only if that still waits for this answer. */
    if (seccomp_notify_id_valid(nodes->listener, id) != 0)
        return -ESRCH;
    struct stat st;
    bool is_own = fstat(parent, &st) == 0;
    struct stat root;
    is_own = is_own && fstat(nodes->root, &root) == 0 && st.st_dev == root.st_dev;
    auto_close int made = node_place_make(&place, call, is_own);
    make_double(nodes, &place, call, made);
    return made < 0 ? made : 0;
}

static struct node_call call_of(const struct seccomp_notif *request)
{
    const __u64 *a = request->data.args;
    struct node_call call = {.pid = (pid_t)request->pid, .directory = AT_FDCWD};
    int name_at = seccomp_syscall_resolve_name_arch(request->data.arch, "mknodat");
    if (request->data.nr == name_at)
        call.directory = (int)*a++;
    call.path = a[0];
    call.mode = (uint32_t)a[1];
    call.device = (uint32_t)a[2];
    return call;
}

static void close_listener(struct nodes *nodes)
{
    if (nodes->listener >= 0)
        close(nodes->listener);
    nodes->listener = -1;
}

void nodes_answer(struct nodes *nodes)
{
    struct pollfd ready = {.fd = nodes->listener, .events = POLLIN};
    struct seccomp_notif *request = NULL;
    struct seccomp_notif_resp *answer = NULL;
    if (poll(&ready, 1, 0) == 1 && !(ready.revents & POLLIN)) {
        close_listener(nodes);
        return;
    }
    if (seccomp_notify_alloc(&request, &answer) == 0 &&
        seccomp_notify_receive(nodes->listener, request) == 0) {
        struct node_call call = call_of(request);
        answer->id = request->id;
        answer->error = make_node(nodes, request->id, &call);
        seccomp_notify_respond(nodes->listener, answer);
    }
    seccomp_notify_free(request, answer);
}

void nodes_free(struct nodes *nodes)
{
    if (!nodes)
        return;
    for (size_t i = 0; i < nodes->n; i++) {
        struct stat st;
        const struct node_double *d = &nodes->doubles[i];
        if (fstat(d->seen, &st) == 0 && fchown(d->own, st.st_uid, st.st_gid) == 0)
            (void)!fchmod(d->own, st.st_mode & 07777);
        close(d->seen);
        close(d->own);
    }
    close_listener(nodes);
    free(nodes);
}
