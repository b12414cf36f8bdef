// SPDX-License-Identifier: Apache-2.0
#include "knowledge/xml.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

enum {
    FEED = 16 * 1024,           // bytes between two looks at the clock
    SEPARATORS_MAX = 10000,     // of one tag: libxml2 compares each of its attributes with every other
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
    htmlCtxtUseOptions(parser, HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER);
    r->parser = parser;
}

// Within a tag, outside quotes: what the next byte makes of it.
static void follow(XmlReader *r, char c)
{
    if (c == '>') {
        r->tag = 0;
    } else if ((c == '"' || c == '\'') && r->tag == '=') {
        r->quote = c;
        r->separators++;
    } else if (!str_is_space(c) || r->tag != '=') {
        r->separators += str_is_space(c) || c == '/';
        r->tag = c == '=' ? '=' : 'x';
    }
}

// Follows the tags of a part, which may begin and end anywhere; false at one with attributes beyond
// all measure. `tag` is 0 outside, '<' behind one that may open a tag.
static bool tags_are_sane(XmlReader *r, Str part)
{
    for (const char *at = part.ptr, *end = at + part.len; at < end; at++) {
        char c = *at;
        if (r->quote || r->tag == 0) {
            // Most bytes are text or a value: to where that ends.
            at = memchr(at, r->quote ? r->quote : '<', (size_t)(end - at));
            if (!at) return true;
            r->tag = r->quote ? 'x' : '<';
            if (!r->quote) r->separators = 0;
            r->quote = 0;
        } else if (r->tag == '<') {
            r->tag = str_is_alpha(c) || c == '_' || (unsigned char)c >= 0x80 ? c : c == '<' ? '<' : 0;
        } else if (r->tag != 'x' || !str_is_alpha(c)) {
            follow(r, c);
            if (r->separators > SEPARATORS_MAX) return false;
        }
    }
    return true;
}

bool xml_feed(XmlReader *r, Str part)
{
    if (!r->fault && !tags_are_sane(r, part)) r->fault = "one of its tags has thousands of attributes";
    for (size_t at = 0; at < part.len && !r->fault; at += FEED) {
        Str some = str_slice(part, at, at + FEED);
        int code = r->html ? htmlParseChunk(r->parser, some.ptr, (int)some.len, 0) : xmlParseChunk(r->parser, some.ptr, (int)some.len, 0);
        if (r->entities) r->fault = "it declares entities, which documents have no use for";
        else if (!r->html && code != 0) r->fault = "its XML is broken";
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
