// SPDX-License-Identifier: Apache-2.0
//
// What the styles of an OpenDocument text say about its paragraphs, lists and spans: those of styles.xml, and the
// unnamed ones that content.xml begins with. Fed element by element; asked once all are known.
#ifndef CONFAB_DOCUMENTS_ODT_STYLES_H
#define CONFAB_DOCUMENTS_ODT_STYLES_H

#include "documents/markdown_writer.h"
#include "documents/xml.h"

enum {
    ODT_STYLES_MAX = 50000,
    ODT_LIST_LEVELS = 8,
};

typedef enum OdtFamily { ODT_PARAGRAPH, ODT_SPAN, ODT_LIST } OdtFamily;

typedef struct OdtStyle {
    OdtFamily family;
    Str name, parent;
    bool raised, lowered;               // of a span
    bool typewriter;                    // of a paragraph: its letters are
    bool numbered[ODT_LIST_LEVELS];     // of a list
    unsigned last;                      // number of its last item, for lists that go on
} OdtStyle;

typedef struct OdtStyles {
    Arena *arena;
    OdtStyle *items;    // sorted when first asked
    size_t n, cap;
    OdtStyle *open;     // the one being read
    bool sorted;
} OdtStyles;

void odt_styles_start(OdtStyles *s, Str name, const XmlAttributes *a);

// NULL: nobody describes it.
OdtStyle *odt_style(OdtStyles *s, OdtFamily family, Str name);

bool odt_is_title(OdtStyles *s, Str paragraph);
bool odt_is_code(OdtStyles *s, Str paragraph);
bool odt_is_numbered(OdtStyles *s, Str list, unsigned level);   // level from 0

// A list style's name that outlasts the element which gives it, and costs nothing: a document may give a long one to each
// of its lists. Of one that nobody describes it is what odt_is_numbered() goes by.
Str odt_kept_name(const OdtStyle *list, Str name);

#endif
