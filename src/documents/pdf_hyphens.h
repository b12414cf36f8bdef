// SPDX-License-Identifier: Apache-2.0
//
// Whether a hyphen at a line's end is the word's own ("data-driven") or only parts it there. The document's other words
// tell: one that stands elsewhere in one piece, or with its hyphen, is written so here as well. For the rest counts
// which of the two the document's line ends are for the most part; before a capital a hyphen is the word's own.
#ifndef CONFAB_DOCUMENTS_PDF_HYPHENS_H
#define CONFAB_DOCUMENTS_PDF_HYPHENS_H

#include "base/arena.h"

typedef struct PdfHyphens {
    uint32_t *words;    // hashes of the document's words, open addressing; 0: free
    size_t n_slots;     // 0: no line ends in a hyphen within a word
    bool own;           // hyphens of which nothing is known are the words' own
} PdfHyphens;

PdfHyphens pdf_hyphens(Str text, Arena *a);

// `before` ends in a hyphen, `after` is the next line.
bool pdf_hyphen_stays(const PdfHyphens *h, Str before, Str after);

#endif
