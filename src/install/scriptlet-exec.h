/*
 * Where librpm starts a scriptlet, this room steps in: the payload is written with nothing over the
 * root's /dev, /proc and /sys, and scriptlets are to see these. librpm has no hook between its
 * fork() and execv(), so the program exports the few functions that it (and the Lua in it) starts
 * programs with; they lie before libc's. Nothing changes for a process that did not call
 * scriptlet_exec_into().
 */
#pragma once

/* From now on what this process starts runs confined in the mount namespace 'view' (borrowed). */
void scriptlet_exec_into(int view);
/* Whether librpm's calls really arrive here: 0, or -ENOTSUP for a wrongly linked program. */
int scriptlet_exec_check(void);
