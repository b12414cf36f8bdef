// SPDX-License-Identifier: Apache-2.0
//
// From the pages that pdftotext prints to text that reads on: repeated page headers and footers and
// page numbers go, words that a line end has parted are joined, lines become paragraphs, tables and headings Markdown.
#ifndef CONFAB_DOCUMENTS_PDF_TEXT_H
#define CONFAB_DOCUMENTS_PDF_TEXT_H

#include "base/arena.h"

enum { PDF_PAGES_MAX = 100000 };

// Pages that are laid out as well (see pdf_tables.h), by number from 0; absent: this one is not.
typedef struct PdfLayout {
    Str *pages;
    size_t n;
    Str *sizes;         // of every page a byte for each line that it prints (see pdf_headings.h); NULL: sizes are not known
} PdfLayout;

// `printed`: pages that each end with a form feed. The text, and where each page's begins, in `a`.
Str pdf_text(Str printed, PdfLayout layout, Arena *a, uint64_t **pages, uint32_t *n_pages);

#endif
