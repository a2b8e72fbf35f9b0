/*
 * The namespaces that confine what an image brings, and what it may do there.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/*
 * Run main(context, root) as pid 1 of new mount, pid, ipc, uts and network namespaces; its return
 * value is the exit status of *ret_pid, and when it ends everything that it started is killed.
 * Errors before main() go to 'channel' (channel.h). main()'s root is the same directory, in the new
 * mount namespace, where alone it can be mounted. If this process dies, so does the child.
 */
int confine_start(int (*main)(void *context, int root), void *context, int root, int channel,
    pid_t *ret_pid, struct err *err);

/* Give up what a scriptlet does not need (mounting, tracing, raw network, ...), for good; to be
 * called just before execve(2). 0 or negative errno. */
int confine_drop(void);
