// SPDX-License-Identifier: Apache-2.0
//
// Words and their places as confab-pdfium (pdfium_child.c) prints them: PDFium gives a page's letters in the order in
// which the file draws them, which is mostly the one in which they are read. Here they become lines, the cells of rows
// and paragraphs, and the parts of a page that the file draws in another order are put where they are read.
//
// A line each:
//     n1020 720 3410 830 Word     left, top, right, bottom in PDFIUM_UNITs of a point, from the upper left corner;
//                                 the first letter is PDFIUM_NEW or PDFIUM_SAME: whether PDFium begins a line with it
//     p                           the page's end
// A child that a document has taken over prints what it likes: what is no such line is left out.
#ifndef CONFAB_DOCUMENTS_PDFIUM_WORDS_H
#define CONFAB_DOCUMENTS_PDFIUM_WORDS_H

#include "documents/pdf_page.h"

#define PDFIUM_UNIT 100.0F
enum {
    PDFIUM_NEW = 'n',
    PDFIUM_SAME = 's',
    PDFIUM_PAGE = 'p',
    // How the child ends, beside 0.
    PDFIUM_BROKEN = 1,              // the document; what it said tells whether by a password
    PDFIUM_UNUSABLE = 3,            // the library
    PDFIUM_PIECE_MAX = 1 << 18,     // bytes that wait for the end of a line
    PDFIUM_PRINTED_MAX = 1 << 28,   // bytes of it all; places take some 5 times as much as the text
};

typedef struct PdfiumWords {
    PdfPages pages;
    size_t printed;     // bytes taken so far
    uint64_t steps;     // of putting pages in order
} PdfiumWords;

// Takes the whole lines off the front of `printed`; false: it has become too much.
bool pdfium_words_take(PdfiumWords *w, Buf *printed);

#endif
