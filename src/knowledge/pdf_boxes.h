// SPDX-License-Identifier: Apache-2.0
//
// From words and their places, as `pdftotext -bbox-layout` prints them in reading order, to both of what is needed of
// a page: its text as pdftotext would print it, and, where that may hold a table, its lines laid out (pdf_tables.h).
// So a PDF is read once for both. Pages are done as they come; only one is held.
#ifndef CONFAB_KNOWLEDGE_PDF_BOXES_H
#define CONFAB_KNOWLEDGE_PDF_BOXES_H

#include "base/buf.h"
#include "knowledge/pdf_text.h"

enum {
    PDF_BOXES_PIECE_MAX = 1 << 20,  // bytes of one word; what waits for its end is no longer
    PDF_BOXES_WORDS_MAX = 400000,   // of a page, which is held
    PDF_BOXES_PRINTED_MAX = 1 << 28,  // bytes of it all; places take some 15 times as much as the text
};

typedef struct PdfBox {
    float left, top, right, bottom;
} PdfBox;

typedef enum PdfBreak { PDF_SAME_LINE, PDF_NEW_LINE, PDF_NEW_BLOCK, PDF_NEW_FLOW } PdfBreak;

typedef struct PdfWord {
    PdfBox box;
    uint32_t at, len;   // in the page's letters
    PdfBreak before;
} PdfWord;

typedef struct PdfBoxes {
    Arena *arena;           // set before the first byte: holds the laid-out pages
    Buf text;               // pages, each ended by a form feed; its ceiling likewise
    PdfLayout layout;
    bool unordered;         // Hebrew, Arabic, …: their order is not made here; use pdftotext's own text
    size_t printed;         // bytes taken so far
    // The page in hand.
    Buf letters;
    PdfWord *words;
    size_t n, cap, cap_pages;
    PdfBreak pending;
} PdfBoxes;

// Takes what is whole off the front of `printed`; false: it has become too much.
bool pdf_boxes_take(PdfBoxes *b, Buf *printed);
void pdf_boxes_free(PdfBoxes *b);

#endif
