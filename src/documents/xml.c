// SPDX-License-Identifier: Apache-2.0
#include "documents/xml.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

enum {
    FEED = 16 * 1024,           // bytes between two looks at the clock
    ATTRIBUTES_MAX = 10000,     // of one tag: libxml2 compares each of them with every other
    HTML_NAME = 100,             // letters that libxml2 takes for a name of HTML
};

struct XmlAttributes {
    const xmlChar **items;
    int n;          // of XML: groups of five; -1: HTML's name, value, …, NULL
};

static Str from_xml(const xmlChar *s) { return str_from((const char *)s); }

Str xml_attribute(const XmlAttributes *a, const char *name)
{
    for (int i = 0; i < a->n; i++) {
        const xmlChar **item = a->items + 5 * i;
        if (str_eq(from_xml(item[0]), str_from(name))) return (Str){(const char *)item[3], (size_t)(item[4] - item[3])};
    }
    for (int i = 0; a->n < 0 && a->items && a->items[i]; i += 2)
        if (str_eq_ignore_case(from_xml(a->items[i]), str_from(name)))
            return a->items[i + 1] ? from_xml(a->items[i + 1]) : (Str){"", 0};
    return (Str){0};
}

bool xml_attributes_next(const XmlAttributes *a, int *at, Str *name, Str *value)
{
    if (a->n < 0) {
        if (!a->items || !a->items[*at]) return false;
        *name = from_xml(a->items[*at]);
        *value = a->items[*at + 1] ? from_xml(a->items[*at + 1]) : (Str){"", 0};
        *at += 2;
        return true;
    }
    if (*at == a->n) return false;
    const xmlChar **item = a->items + 5 * (*at)++;
    *name = from_xml(item[0]);
    *value = (Str){(const char *)item[3], (size_t)(item[4] - item[3])};
    return true;
}

// ---- what libxml2 calls -------------------------------------------------------------------------

static void start_xml(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_spaces,
                      const xmlChar **spaces, int n, int n_defaulted, const xmlChar **items)
{
    (void)prefix, (void)n_spaces, (void)spaces, (void)n_defaulted;
    XmlReader *r = context;
    XmlAttributes attributes = {items, n};
    r->handler.start(r->handler.self, from_xml(uri), from_xml(name), &attributes);
}

static void end_xml(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)prefix;
    XmlReader *r = context;
    r->handler.end(r->handler.self, from_xml(uri), from_xml(name));
}

static void start_html(void *context, const xmlChar *name, const xmlChar **items)
{
    XmlReader *r = context;
    XmlAttributes attributes = {items, -1};
    r->handler.start(r->handler.self, (Str){0}, from_xml(name), &attributes);
}

static void end_html(void *context, const xmlChar *name)
{
    XmlReader *r = context;
    r->handler.end(r->handler.self, (Str){0}, from_xml(name));
}

static void text(void *context, const xmlChar *s, int n)
{
    XmlReader *r = context;
    if (n > 0) r->handler.text(r->handler.self, (Str){(const char *)s, (size_t)n});
}

static void entity_declared(void *context, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id, xmlChar *content)
{
    (void)name, (void)type, (void)public_id, (void)system_id, (void)content;
    XmlReader *r = context;
    r->entities = true;
    if (r->parser) xmlStopParser(r->parser);
}

static void silent(void *context, const xmlError *error)
{
    (void)context, (void)error;
}

static xmlSAXHandler sax_of(const XmlReader *r)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC};
    if (r->handler.text) sax.characters = sax.cdataBlock = sax.ignorableWhitespace = text;
    sax.serror = (xmlStructuredErrorFunc)silent;
    if (r->html) {
        sax.initialized = 1;
        sax.startElement = start_html;
        if (r->handler.end) sax.endElement = end_html;
    } else {
        sax.startElementNs = start_xml;
        if (r->handler.end) sax.endElementNs = end_xml;
        sax.entityDecl = entity_declared;
    }
    return sax;
}

// ---- feeding ------------------------------------------------------------------------------------

void xml_open(XmlReader *r, XmlHandler handler, Deadline deadline)
{
    *r = (XmlReader){.handler = handler, .deadline = deadline};
    xmlSAXHandler sax = sax_of(r);
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
    if (!parser) oom();
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    r->parser = parser;
}

void html_open(XmlReader *r, XmlHandler handler, const char *encoding, Deadline deadline)
{
    *r = (XmlReader){.handler = handler, .html = true, .deadline = deadline};
    xmlSAXHandler sax = sax_of(r);
    xmlCharEncoding code = encoding ? xmlParseCharEncoding(encoding) : XML_CHAR_ENCODING_NONE;
    htmlParserCtxtPtr parser = htmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL, code);
    if (!parser) oom();
    int options = HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER;
    htmlCtxtUseOptions(parser, encoding ? options | HTML_PARSE_IGNORE_ENC : options);
    r->parser = parser;
}

// What comes within a tag, as libxml2 reads it: names of HTML are ASCII and part behind HTML_NAME letters, and what is no
// attribute goes up to the next blank.
enum { TAG_NAME, TAG_START, TAG_IN_NAME, TAG_BEHIND_NAME, TAG_VALUE, TAG_UNQUOTED, TAG_QUOTED };

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool begins_name(char c) { return str_is_alpha(c) || c == '_' || c == ':' || c == '.'; }

static void start_attribute(XmlTag *t, char c)
{
    bool name = begins_name(c);
    t->attributes += name;
    t->name = 1;
    t->state = is_blank(c) ? TAG_START : name ? TAG_IN_NAME : TAG_UNQUOTED;
}

static void follow_html(XmlTag *t, char c)
{
    bool named = t->state == TAG_IN_NAME || t->state == TAG_BEHIND_NAME;
    if ((t->state == TAG_NAME || t->state == TAG_IN_NAME) && t->name < HTML_NAME && (begins_name(c) || str_is_digit(c) || c == '-')) {
        t->name++;
    } else if (named && (c == '=' || is_blank(c))) {
        t->state = c == '=' ? TAG_VALUE : TAG_BEHIND_NAME;
    } else if (t->state == TAG_VALUE) {
        if (is_blank(c)) return;
        t->quote = c;
        t->state = c == '"' || c == '\'' ? TAG_QUOTED : TAG_UNQUOTED;
    } else if (t->state != TAG_UNQUOTED || is_blank(c)) {
        start_attribute(t, c);
    }
}

// Attributes of XML are quoted, or it is broken.
static void follow_xml(XmlTag *t, char c)
{
    if (c != '"' && c != '\'') return;
    t->quote = c;
    t->state = TAG_QUOTED;
    t->attributes++;
}

// libxml2 holds a tag back until it has all of it. False: this one has attributes beyond all measure.
static bool tag_is_sane(XmlReader *r)
{
    xmlParserCtxtPtr parser = r->parser;
    const xmlParserInput *in = parser->input;
    if (!in || parser->instate != XML_PARSER_START_TAG) return true;
    uint64_t at = in->consumed + (uint64_t)(in->cur - in->base);
    if (r->tag.at != at || r->tag.seen == 0) r->tag = (XmlTag){.at = at, .seen = 1};  // the <
    XmlTag *t = &r->tag;
    const char *c = (const char *)in->cur + t->seen, *end = (const char *)in->end;
    for (; c < end && t->attributes <= ATTRIBUTES_MAX; c++) {
        if (t->state == TAG_QUOTED) {
            c = memchr(c, t->quote, (size_t)(end - c));
            if (!c) break;
            t->state = TAG_START;
        } else if (r->html) {
            follow_html(t, *c);
        } else {
            follow_xml(t, *c);
        }
    }
    t->seen = (size_t)(in->end - in->cur);
    return t->attributes <= ATTRIBUTES_MAX;
}

// How much is given at once. libxml2 may lose count of the quotes of a tag of HTML that it gets in two parts, so a part
// ends where one begins.
static size_t feed_end(const XmlReader *r, Str part, size_t at)
{
    if (part.len - at <= FEED) return part.len;
    size_t end = r->html ? str_rfind_char(str_slice(part, at, at + FEED), '<') : STR_NONE;
    return at + (end == STR_NONE || end == 0 ? FEED : end);
}

bool xml_feed(XmlReader *r, Str part)
{
    for (size_t at = 0, end; at < part.len && !r->fault; at = end) {
        end = feed_end(r, part, at);
        Str some = str_slice(part, at, end);
        int code = r->html ? htmlParseChunk(r->parser, some.ptr, (int)some.len, 0) : xmlParseChunk(r->parser, some.ptr, (int)some.len, 0);
        if (r->entities) r->fault = "it declares entities, which documents have no use for";
        else if (!r->html && code != 0) r->fault = "its XML is broken";
        else if (!tag_is_sane(r)) r->fault = "one of its tags has thousands of attributes";
        else if (deadline_passed(r->deadline)) r->fault = "it takes too long to read";
    }
    return !r->fault;
}

bool xml_take(void *reader, Str part) { return xml_feed(reader, part); }

bool xml_close(XmlReader *r, Error *e)
{
    if (!r->fault) {
        int code = r->html ? htmlParseChunk(r->parser, "", 0, 1) : xmlParseChunk(r->parser, "", 0, 1);
        if (r->entities) r->fault = "it declares entities, which documents have no use for";
        else if (!r->html && code != 0) r->fault = "its XML is broken";
    }
    xmlParserCtxtPtr parser = r->parser;
    if (parser->myDoc) xmlFreeDoc(parser->myDoc);
    parser->myDoc = NULL;
    if (r->html) htmlFreeParserCtxt(parser);
    else xmlFreeParserCtxt(parser);
    r->parser = NULL;
    if (!r->fault) return true;
    error_set(e, ERROR_FILE, "document", "the document cannot be read: %s", r->fault);
    return error_hint(e, "open it in the program it comes from and save it anew, or save it as text");
}

bool xml_read(XmlHandler handler, Str xml, Deadline deadline, Error *e)
{
    XmlReader reader;
    xml_open(&reader, handler, deadline);
    xml_feed(&reader, xml);
    return xml_close(&reader, e);
}
