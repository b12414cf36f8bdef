// SPDX-License-Identifier: Apache-2.0
//
// Which of a Word document's styles make headings (word/styles.xml). That part is most of a small document, and
// nearly all of it is about looks: as Word and its like write it, it is looked through for the few elements that
// count; written in any other way it is parsed as XML, which gives the same.
#ifndef CONFAB_KNOWLEDGE_DOCX_STYLES_H
#define CONFAB_KNOWLEDGE_DOCX_STYLES_H

#include "base/arena.h"
#include "knowledge/zip.h"

enum {
    DOCX_STYLES_MAX = 2000,         // that make headings
    DOCX_STYLES_BYTES = 8 << 20,    // of the part; real ones have some ten thousand
};

typedef struct DocxStyle {
    Str id;
    unsigned level;     // of the heading, from 1
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

// The level of the heading that a style makes, 0: none. A style that nobody describes is known by its id ("Heading2").
unsigned docx_style_level(DocxStyles *s, Str id);

// False: the part was asked for, is there, and cannot be read.
bool docx_styles_sound(const DocxStyles *s, Error *e);

#endif
