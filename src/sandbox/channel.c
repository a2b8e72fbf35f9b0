#include "sandbox/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/memory.h"

int channel_make(int ret_ends[2], struct err *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) < 0)
        return err_errno(err, "cannot make a pair of sockets");
    return 0;
}

int channel_send(int channel, char type, const void *bytes, size_t size, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec parts[2] = {{&type, 1}, {.iov_len = size < CHANNEL_MAX ? size : CHANNEL_MAX}};
    memcpy(&parts[1].iov_base, &bytes, sizeof bytes); /* sendmsg(2) does not write there */
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    while (sendmsg(channel, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int channel_receive(int channel, int flags, struct channel_message *m)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec parts[2] = {{&m->type, 1}, {m->bytes, CHANNEL_MAX}};
    struct msghdr message = {.msg_iov = parts,
        .msg_iovlen = 2,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes};
    ssize_t n;
    m->fd = -1;
    while ((n = recvmsg(channel, &message, flags | MSG_CMSG_CLOEXEC)) < 0)
        if (errno != EINTR)
            return -errno;
    if (n == 0)
        return 0;
    m->size = (size_t)n - 1;
    m->bytes[m->size] = '\0';
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&m->fd, CMSG_DATA(header), sizeof m->fd);
    return 1;
}

int channel_send_error(int channel, const struct err *err)
{
    const char *hint = err->hint ? err->hint : "";
    size_t length = strlen(err->message) + 1, hint_length = strlen(hint) + 1;
    size_t size = 2 * sizeof(int) + length + hint_length;
    auto_free char *bytes = xmalloc(size);
    const int head[2] = {(int)err->kind, err->code};
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, err->message, length);
    memcpy(bytes + sizeof head + length, hint, hint_length);
    return channel_send(channel, CHANNEL_ERROR, bytes, size, -1);
}

int channel_take_error(const struct channel_message *m, struct err *err)
{
    int head[2];
    if (m->size <= sizeof head)
        return err_set(err, ERR_SYSTEM, -EPROTO, "a child failed and could not say why");
    memcpy(head, m->bytes, sizeof head);
    const char *text = m->bytes + sizeof head;
    size_t length = strlen(text) + 1;
    err_set(err, (enum err_kind)head[0], head[1], "%s", text);
    if (sizeof head + length < m->size && text[length])
        err_hint(err, "%s", text + length);
    return err->code;
}
