/*
 * ^C and friends. interrupt_install() makes SIGINT, SIGTERM and SIGHUP set a flag instead of
 * ending the program; long loops ask interrupt_pending() and leave with interrupt_error(), so that
 * everything is cleaned up on the way out. A second SIGINT within the same run changes nothing.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

void interrupt_install(void);
bool interrupt_pending(void);
/* Fill *err with kind ERR_INTERRUPTED; returns -EINTR. */
int interrupt_error(struct err *err);
