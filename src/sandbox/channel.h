/* Messages between a build and the child it confines: a byte that says what, and bytes; one of them
 * may carry a descriptor. A pair of SOCK_SEQPACKET sockets; see unix(7). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CHANNEL_MAX ((size_t)64 << 10)

enum { CHANNEL_ERROR = 'E', CHANNEL_LISTENER = 'L' }; /* a room's own messages: other letters */

struct channel_message {
    char type;
    char bytes[CHANNEL_MAX + 1]; /* NUL behind the last */
    size_t size;
    int fd; /* or -1; the receiver closes it */
};

/* Both ends close on exec. */
int channel_make(int ret_ends[2], struct err *err);
/* 'fd' may be -1. What is longer than CHANNEL_MAX is cut. 0 or negative errno. */
int channel_send(int channel, char type, const void *bytes, size_t size, int fd);
/* 1 a message, 0 the other end is closed, or negative errno (-EAGAIN with flags MSG_DONTWAIT). */
int channel_receive(int channel, int flags, struct channel_message *message);

int channel_send_error(int channel, const struct err *err);
/* Fill *err from a message that channel_send_error() sent; returns its code. */
int channel_take_error(const struct channel_message *message, struct err *err);
