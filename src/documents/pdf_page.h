// SPDX-License-Identifier: Apache-2.0
//
// From the words of a page and their places, in reading order, to both of what is needed of it: its text as pdftotext
// would print it, and, where that may hold a table, its lines laid out (pdf_tables.h). So a PDF is read once for both.
// Pages are done as they come; only one is held. Words come from pdf_boxes.h or pdfium_words.h.
#ifndef CONFAB_DOCUMENTS_PDF_PAGE_H
#define CONFAB_DOCUMENTS_PDF_PAGE_H

#include "base/buf.h"
#include "documents/pdf_text.h"

enum {
    PDF_PAGE_WORDS_MAX = 400000,    // of a page, which is held
    PDF_LAYOUT_MAX = 16 << 20,      // bytes of all laid-out pages; the tables of those behind are words of lines
};

typedef struct PdfBox {
    float left, top, right, bottom; // points from the upper left corner
} PdfBox;

typedef enum PdfBreak { PDF_SAME_LINE, PDF_NEW_CELL, PDF_NEW_LINE, PDF_NEW_BLOCK, PDF_NEW_FLOW } PdfBreak;

typedef struct PdfWord {
    PdfBox box;
    uint32_t at, len;   // in the page's letters
    PdfBreak before;
} PdfWord;

typedef struct PdfPages {
    Arena *arena;       // set before the first word: holds the laid-out pages
    Buf text;           // pages, each ended by a form feed; its ceiling likewise. Cells of a line are parted by a tab
    PdfLayout layout;
    size_t laid_out;    // its bytes
    // The page in hand.
    Buf letters, sizes;
    PdfWord *words;
    size_t n, cap, cap_pages, cap_sizes;
} PdfPages;

static inline float pdf_box_height(const PdfBox *b) { return b->bottom - b->top; }

// A word whose letters the caller appends to p->letters next, and sets its length; NULL: there are too many.
PdfWord *pdf_pages_add(PdfPages *p, PdfBox box, PdfBreak before);
void pdf_pages_end(PdfPages *p);            // of the page in hand
bool pdf_pages_full(const PdfPages *p);     // more than a document should hold
void pdf_pages_free(PdfPages *p);

#endif
