// SPDX-License-Identifier: Apache-2.0
//
// Headings of a PDF: lines that stand alone and are set in a larger size than the document's body, the size of most of
// its letters. A size is one of headings where most of what is set in it looks like headings; their sizes, from the
// largest, are their levels. What is doubtful stays text: a heading too many misleads every chunk below it.
#ifndef CONFAB_DOCUMENTS_PDF_HEADINGS_H
#define CONFAB_DOCUMENTS_PDF_HEADINGS_H

#include "base/arena.h"

// The size that a line is set in, as the height of its words tells it: a byte of steps from the least; 0: not known.
#define PDF_SIZE_LEAST 0.5F     // points
#define PDF_SIZE_STEP 1.025F

enum { PDF_HEADING_GOES_ON = 1 << 7 };  // beside a level: the line is not its heading's first

typedef struct PdfPage {
    Str *lines;         // trimmed; empty ones kept as paragraph ends
    bool *gone;         // the line is no text: a page's header or number
    bool *table;        // the line is a whole table by now
    uint8_t *headings;  // by line: its level; 0: it is none
    size_t n;
    Str sizes;          // by line, as far as they are known
} PdfPage;

// Marks the lines of pages that are headings.
void pdf_headings(PdfPage *pages, size_t n, Arena *a);

#endif
