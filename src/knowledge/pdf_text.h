// SPDX-License-Identifier: Apache-2.0
//
// From the pages that pdftotext prints to text that reads on: repeated page headers and footers and
// page numbers go, words that a line end has parted are joined, lines become paragraphs.
#ifndef CONFAB_KNOWLEDGE_PDF_TEXT_H
#define CONFAB_KNOWLEDGE_PDF_TEXT_H

#include "base/arena.h"

enum { PDF_PAGES_MAX = 100000 };

// `printed`: pages that each end with a form feed. The text, and where each page's begins, in `a`.
Str pdf_text(Str printed, Arena *a, uint64_t **pages, uint32_t *n_pages);

#endif
