// SPDX-License-Identifier: Apache-2.0
//
// Words and their places as `pdftotext -bbox-layout` prints them, in reading order: pages, flows, blocks, lines, words.
#ifndef CONFAB_DOCUMENTS_PDF_BOXES_H
#define CONFAB_DOCUMENTS_PDF_BOXES_H

#include "documents/pdf_page.h"

enum {
    PDF_BOXES_PIECE_MAX = 1 << 20,  // bytes of one word; what waits for its end is no longer
    PDF_BOXES_PRINTED_MAX = 1 << 28,  // bytes of it all; places take some 15 times as much as the text
};

typedef struct PdfBoxes {
    PdfPages pages;
    bool unordered;         // Hebrew, Arabic, …: their order is not made here; use pdftotext's own text
    size_t printed;         // bytes taken so far
    PdfBreak pending;
} PdfBoxes;

// Takes what is whole off the front of `printed`; false: it has become too much.
bool pdf_boxes_take(PdfBoxes *b, Buf *printed);

#endif
