#include "fetch/xml.h"

#include <errno.h>
#include <expat.h>
#include <string.h>

#include "base/file.h"

struct reader {
    XML_Parser parser;
    const struct xml_handler *handler;
    unsigned depth;
    struct strbuf text;
    const char *fault; /* the handler's */
};

static const char *without_prefix(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static void take_fault(struct reader *r, const char *fault)
{
    if (!fault || r->fault)
        return;
    r->fault = fault;
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *data, const char *name, const char **attributes)
{
    struct reader *r = data;
    r->text.len = 0;
    r->depth++;
    take_fault(r, r->handler->start(r->handler->data, r->depth, without_prefix(name),
                      (const char *const *)attributes));
}

static void on_text(void *data, const char *bytes, int size)
{
    struct reader *r = data;
    strbuf_add(&r->text, bytes, (size_t)size);
}

static void on_end(void *data, const char *name)
{
    static const char space[] = " \t\r\n";
    struct reader *r = data;
    strbuf_putc(&r->text, '\0');
    char *text = r->text.s + strspn(r->text.s, space);
    size_t length = strlen(text);
    while (length && strchr(space, text[length - 1]))
        length--;
    text[length] = '\0';
    if (!r->fault) /* the parser may still call after it was stopped */
        take_fault(r, r->handler->end(r->handler->data, r->depth, without_prefix(name), text));
    r->text.len = 0;
    r->depth--;
}

static void on_doctype(
    void *data, const char *name, const char *system_id, const char *public_id, int has_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    take_fault(data, "it has a document type, which such a document has not");
}

static int broken(const struct reader *r, const char *what, struct err *err)
{
    return err_set(err, ERR_NETWORK, -EBADMSG, "%s can't be read: line %lu: %s", what,
        XML_GetCurrentLineNumber(r->parser),
        r->fault ? r->fault : XML_ErrorString(XML_GetErrorCode(r->parser)));
}

int xml_read(int fd, const char *what, const struct xml_handler *handler, struct err *err)
{
    auto_free char *bytes = NULL;
    size_t size = 0;
    int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, XML_MAX_BYTES, &bytes, &size);
    if (r < 0)
        return err_set(err, ERR_NETWORK, r, "%s can't be read: %s", what, strerror(-r));
    struct reader reader = {.parser = XML_ParserCreate(NULL), .handler = handler};
    if (!reader.parser)
        abort();
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    if (XML_Parse(reader.parser, bytes, (int)size, XML_TRUE) != XML_STATUS_OK)
        r = broken(&reader, what, err);
    XML_ParserFree(reader.parser);
    strbuf_done(&reader.text);
    return r;
}

const char *xml_attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}
