/*
 * Running what an image brings (scriptlets, %post, its own tools) without letting it out.
 *
 * sandbox_enter() puts the whole build into a user namespace of its own: an ordinary user becomes
 * its uid 0, ids from 1 are the user's subuid and subgid ranges (newuidmap, newgidmap); for root
 * ids stay what they are. From then on owners in the root directory are plain stat() values.
 * sandbox_run() runs a command with the root directory as '/': its own mount, pid, ipc, uts and
 * network namespaces (no network), /dev with null, zero, full, random, urandom, tty, ptmx and pts,
 * a fresh /proc, a read-only minimal /sys, an empty /run and /tmp of the root itself. When the
 * command ends (or times out) everything it started is killed.
 *
 * Device nodes can't be made in a user namespace: mknod(2) of a block or character device by
 * anything inside is caught (seccomp user notification) and becomes an empty regular file with the
 * extended attribute SANDBOX_NODE_XATTR, "b 202 1" or "c 5 1"; tree/ reads it as the device.
 * Errors: ERR_SYSTEM with the missing thing named (no subuid range: the line for /etc/subuid; no
 * user namespaces: the sysctl; no newuidmap: the package), ERR_SCRIPT when a command may not fail.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define SANDBOX_NODE_XATTR "user.slipway.node"

/* Single-threaded callers only; once a process. */
int sandbox_enter(struct err *err);
/* True if this process is in the namespace sandbox_enter() made. */
bool sandbox_is_entered(void);

struct sandbox_bind {
    const char *source; /* on this machine */
    const char *target; /* in the sandbox, made when absent */
    bool writable;
};

struct sandbox_command {
    const char *const *argv;        /* argv[0] is a path inside the root */
    const char *const *environment; /* NULL: PATH, HOME=/root, LANG=C.UTF-8, TERM=dumb only */
    const char *directory;          /* inside the root; NULL: "/" */
    const void *input;              /* bytes for standard input; NULL: empty */
    size_t input_size;
    const struct sandbox_bind *binds;
    size_t n_binds;
    unsigned timeout_seconds; /* 0: none */
    /* Called with each piece of stdout and stderr; NULL: kept in the result only. */
    void (*output)(void *context, const char *bytes, size_t size);
    void *context;
};

struct sandbox_result {
    int status;     /* exit status, or 128 + signal */
    bool timed_out; /* then status is 128 + SIGKILL */
    char *output;   /* stdout and stderr, at most the last 64 KiB; the caller frees */
};

/* Run to its end. 0 when it could be run at all, whatever its status. */
int sandbox_run(int root, const struct sandbox_command *command, struct sandbox_result *ret_result,
    struct err *err);
void sandbox_result_done(struct sandbox_result *result);
