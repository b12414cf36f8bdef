// SPDX-License-Identifier: Apache-2.0
//
// XML and HTML as a stream of elements (libxml2's SAX), fed part by part. No DTD is loaded, no
// entity expanded but those of HTML and the five of XML, nothing fetched; a document that declares
// entities is refused. HTML is read as browsers forgive it.
#ifndef CONFAB_DOCUMENTS_XML_H
#define CONFAB_DOCUMENTS_XML_H

#include "documents/deadline.h"

typedef struct XmlAttributes XmlAttributes;

// An attribute's value by its local name; absent: there is none.
Str xml_attribute(const XmlAttributes *attributes, const char *name);

// One after the other, from *at = 0: its local name and value. False: there are no more.
bool xml_attributes_next(const XmlAttributes *attributes, int *at, Str *name, Str *value);

typedef struct XmlHandler {
    // Names are local; `space` is the namespace's URI, absent in HTML. NULL: of no interest (but `start`).
    void (*start)(void *self, Str space, Str name, const XmlAttributes *attributes);
    void (*end)(void *self, Str space, Str name);
    void (*text)(void *self, Str text);
    void *self;
} XmlHandler;

// A tag that is not whole yet.
typedef struct XmlTag {
    uint64_t at;        // where it begins
    size_t seen;        // bytes of it that were looked at
    unsigned attributes;
    unsigned name;      // letters of the name that is being read
    int state;
    char quote;         // the open one
} XmlTag;

typedef struct XmlReader {
    XmlHandler handler;
    void *parser;
    bool html;
    bool entities;      // some were declared
    XmlTag tag;         // the last that was too long for one part
    Deadline deadline;
    const char *fault;  // why it stopped; NULL: it did not
} XmlReader;

void xml_open(XmlReader *r, XmlHandler handler, Deadline deadline);
// `encoding`: a name that libxml2 knows; NULL: what the bytes say.
void html_open(XmlReader *r, XmlHandler handler, const char *encoding, Deadline deadline);
bool xml_feed(XmlReader *r, Str part);          // false: it has stopped
bool xml_close(XmlReader *r, Error *e);         // false: it could not be read; ends the reader

bool xml_take(void *reader, Str part);          // xml_feed as a ZipSink

// All of a document at once.
bool xml_read(XmlHandler handler, Str xml, Deadline deadline, Error *e);

#endif
