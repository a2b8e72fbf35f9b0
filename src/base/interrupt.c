#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>

static volatile sig_atomic_t pending; /* written by the signal handler only */

static void on_signal(int signal_number)
{
    pending = signal_number;
}

void interrupt_install(void)
{
    /* No SA_RESTART: a blocking call ends with EINTR and its loop sees the flag. */
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool interrupt_pending(void)
{
    return pending != 0;
}

int interrupt_error(struct err *err)
{
    return err_set(err, ERR_INTERRUPTED, -EINTR, "interrupted by signal %d", (int)pending);
}
