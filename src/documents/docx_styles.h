// SPDX-License-Identifier: Apache-2.0
//
// What a Word document's styles make of a paragraph (word/styles.xml): a heading, an item, code, a line of contents. That part is most of a small document, and
// nearly all of it is about looks: as Word and its like write it, it is looked through for the few elements that
// count; written in any other way it is parsed as XML, which gives the same.
#ifndef CONFAB_DOCUMENTS_DOCX_STYLES_H
#define CONFAB_DOCUMENTS_DOCX_STYLES_H

#include "base/arena.h"
#include "documents/zip.h"

enum {
    DOCX_STYLES_MAX = 2000,         // that are looked at
    DOCX_STYLES_BYTES = 8 << 20,    // of the part; real ones have some ten thousand
};

typedef struct DocxStyle {
    Str id, based_on;
    unsigned level;     // of the heading, from 1; 0: none
    unsigned list;      // the numbering's numId; 0: none
    unsigned depth;     // in it, from 0
    bool code;
    bool contents;      // a line of a list of contents, figures or an index
} DocxStyle;

// Starts as {.zip, .arena}; the part is read when the first style is asked for.
typedef struct DocxStyles {
    Zip *zip;
    Arena *arena;
    DocxStyle *items;
    size_t n;
    bool read, broken;
    Error fault;        // where it is broken
} DocxStyles;

// A style with what it has from those it is based on. One that nobody describes is known by its id ("Heading2").
DocxStyle docx_style(DocxStyles *s, Str id);

// False: the part was asked for, is there, and cannot be read.
bool docx_styles_sound(const DocxStyles *s, Error *e);

#endif
