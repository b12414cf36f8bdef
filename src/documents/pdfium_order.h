// SPDX-License-Identifier: Apache-2.0
//
// The order in which a page's blocks are read, where the file draws them in another: a header last, a column's lines
// after a box that stands below them. Most files draw as one reads; then nothing is moved.
// Source: T. Breuel, "High Performance Document Layout Analysis", 2003, section 4 (the two rules of reading order).
#ifndef CONFAB_DOCUMENTS_PDFIUM_ORDER_H
#define CONFAB_DOCUMENTS_PDFIUM_ORDER_H

#include "documents/pdf_page.h"

enum {
    PDFIUM_BLOCKS_MAX = 200,        // of a page; with more of them it is no text that was moved, and left as it is
    PDFIUM_STEPS_MAX = 100000000,   // of a document: half a second
};

// The page in hand, whose breaks are known (PdfWord.before): puts its words in order. `steps` are those of the pages before.
void pdfium_order(PdfPages *p, uint64_t *steps);

#endif
