#include "install/transaction-events.h"

#include <fcntl.h>
#include <rpm/header.h>
#include <rpm/rpmtag.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "sandbox/channel.h"

/* "%post", as a spec file calls it. */
static const char *scriptlet_name(rpmTagVal tag)
{
    static const struct {
        rpmTagVal tag;
        const char *name;
    } names[] = {{RPMTAG_PREIN, "%pre"}, {RPMTAG_POSTIN, "%post"}, {RPMTAG_PREUN, "%preun"},
        {RPMTAG_POSTUN, "%postun"}, {RPMTAG_PRETRANS, "%pretrans"},
        {RPMTAG_POSTTRANS, "%posttrans"}, {RPMTAG_TRIGGERPREIN, "%triggerprein"},
        {RPMTAG_TRIGGERIN, "%triggerin"}, {RPMTAG_TRIGGERUN, "%triggerun"},
        {RPMTAG_TRIGGERPOSTUN, "%triggerpostun"}, {RPMTAG_FILETRIGGERIN, "%filetriggerin"},
        {RPMTAG_FILETRIGGERUN, "%filetriggerun"},
        {RPMTAG_TRANSFILETRIGGERIN, "%transfiletriggerin"},
        {RPMTAG_TRANSFILETRIGGERUN, "%transfiletriggerun"}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].tag == tag)
            return names[i].name;
    return rpmTagGetName(tag);
}

/* Those for which rpm gives the package up; all others it only warns about. */
static bool is_fatal(rpmTagVal tag)
{
    return tag == RPMTAG_PREIN || tag == RPMTAG_PREUN || tag == RPMTAG_PRETRANS;
}

FD_t transaction_open(const struct transaction *t, uint32_t index)
{
    auto_free struct channel_message *answer = xmalloc(sizeof *answer);
    if (channel_send(t->channel, MESSAGE_OPEN, &index, sizeof index, -1) < 0 ||
        channel_receive(t->channel, 0, answer) != 1 || answer->fd < 0)
        return NULL;
    FD_t file = fdDup(answer->fd);
    close(answer->fd);
    if (file)
        fcntl(Fileno(file), F_SETFD, FD_CLOEXEC);
    return file;
}

static void say_start(const struct transaction *t, Header header, rpmTagVal tag)
{
    auto_strbuf struct strbuf text = {0};
    auto_free char *package = header ? headerGetAsString(header, RPMTAG_NEVRA) : NULL;
    strbuf_puts(&text, package ? package : "a package");
    strbuf_putc(&text, '\0');
    strbuf_puts(&text, scriptlet_name(tag));
    strbuf_putc(&text, '\0');
    channel_send(t->channel, MESSAGE_START, text.s, text.len, -1);
}

static void say_stop(struct transaction_events *e, rpmTagVal tag, bool ok)
{
    struct scriptlet_end end = {.status = ok          ? 0
                                          : e->status ? e->status
                                                      : 1,
        .is_fatal = !ok && is_fatal(tag),
        .is_quiet = ok};
    if (!ok)
        memcpy(end.name, e->name, sizeof end.name);
    e->name[0] = '\0';
    auto_free struct channel_message *answer = xmalloc(sizeof *answer);
    if (channel_send(e->transaction->channel, MESSAGE_STOP, &end, sizeof end, -1) == 0)
        channel_receive(e->transaction->channel, 0, answer);
    e->status = 0;
}

static void say_package(struct transaction_events *e, Header header)
{
    auto_strbuf struct strbuf text = {0};
    auto_free char *package = headerGetAsString(header, RPMTAG_NEVRA);
    strbuf_add(&text, &e->n_started, sizeof e->n_started);
    strbuf_puts(&text, package);
    channel_send(e->transaction->channel, MESSAGE_PACKAGE, text.s, text.len, -1);
    e->n_started++;
}

void *transaction_notify(const void *header, const rpmCallbackType what, const rpm_loff_t amount,
    const rpm_loff_t total, fnpyKey key, void *data)
{
    struct transaction_events *e = data;
    Header h = (Header)(uintptr_t)header;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (what) {
    case RPMCALLBACK_INST_OPEN_FILE:
        say_package(e, h);
        e->file = transaction_open(e->transaction, (uint32_t)((uintptr_t)key - 1));
        return e->file;
    case RPMCALLBACK_INST_CLOSE_FILE:
        if (e->file)
            Fclose(e->file);
        e->file = NULL;
        break;
    case RPMCALLBACK_SCRIPT_START:
        e->in_scriptlet = true;
        say_start(e->transaction, h, (rpmTagVal)amount);
        break;
    case RPMCALLBACK_SCRIPT_STOP:
        e->in_scriptlet = false;
        fflush(stdout); /* what Lua printed */
        say_stop(e, (rpmTagVal)amount, total == RPMRC_OK);
        break;
    default:
        break;
    }
#pragma GCC diagnostic pop
    return NULL;
}

/* "... scriptlet failed, exit status 3" and "..., signal 9" are the only places that have it. */
static int status_in(const char *message)
{
    const char *at = strstr(message, "exit status ");
    int value = 0;
    if (at && sscanf(at, "exit status %d", &value) == 1)
        return value;
    at = strstr(message, "signal ");
    return at && sscanf(at, "signal %d", &value) == 1 ? 128 + value : 0;
}

/* A file trigger starts as "%triggerin"; only a message about it has "%filetriggerin(package)". */
static void take_name(struct transaction_events *e, const char *message)
{
    size_t length = strcspn(message, "(");
    bool is_file_trigger =
        str_starts(message, "%filetrigger") || str_starts(message, "%transfiletrigger");
    if (!is_file_trigger || message[length] != '(' || length >= sizeof e->name)
        return;
    memcpy(e->name, message, length);
    e->name[length] = '\0';
}

int transaction_log(rpmlogRec record, rpmlogCallbackData data)
{
    struct transaction_events *e = data;
    const char *message = rpmlogRecMessage(record);
    bool is_error = rpmlogRecPriority(record) <= RPMLOG_ERR;
    if (e->in_scriptlet)
        take_name(e, message);
    if (e->in_scriptlet && status_in(message))
        e->status = status_in(message);
    else if (e->in_scriptlet && rpmlogRecPriority(record) <= RPMLOG_WARNING)
        /* What is wrong with a scriptlet in Lua. */
        file_write_all(e->transaction->output, message, strlen(message));
    else if (is_error)
        strbuf_puts(&e->complaints, message);
    else if (rpmlogRecPriority(record) <= RPMLOG_WARNING)
        channel_send(e->transaction->channel, MESSAGE_REMARK, message, strlen(message), -1);
    return 0;
}
