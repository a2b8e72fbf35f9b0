/* Waiting for a confined child while serving what it sends. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct supervise_watch {
    int fd; /* -1: none (any more) */
    /* Called when there is something to read; must not block. */
    void (*ready)(void *context, struct supervise_watch *watch);
};

struct supervise {
    pid_t pid;
    struct supervise_watch *watches;
    size_t n;
    uint64_t deadline_ms; /* on clock_ms(); 0: none. ready() may change it. */
    /* The deadline has passed: kill something, or set a new one. It is 0 when this is called. */
    void (*late)(void *context);
    void *context;
};

/* The children of a process, at most 'max' of them. */
size_t supervise_children(pid_t pid, pid_t *children, size_t max);
/* SIGKILL to 'child' if it still is a child of 'parent'; true if it was. */
bool supervise_kill_child(pid_t parent, pid_t child);
/* Kill what confine_start() started: first all of the namespace, which the child waits for, so that
 * nothing of it runs any more when the child has ended. */
void supervise_kill(pid_t pid);
/* Until the child has ended and what it sent is read. *ret_status: its exit status, or 128 +
 * signal. Errors: ERR_INTERRUPTED, after the child was killed; ERR_SYSTEM. */
int supervise_wait(struct supervise *supervise, int *ret_status, struct err *err);
