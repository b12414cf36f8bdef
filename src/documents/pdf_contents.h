// SPDX-License-Identifier: Apache-2.0
//
// Lists of contents and indexes that fill a PDF's page: titles, dots that lead the eye, and numbers of pages that rise.
// What they list stands in the document itself.
#ifndef CONFAB_DOCUMENTS_PDF_CONTENTS_H
#define CONFAB_DOCUMENTS_PDF_CONTENTS_H

#include "base/str.h"

// Whether a page, as printed, is such a list in a document of so many pages. Prices and years rise as well, but by more.
bool pdf_is_contents(Str page, size_t pages);

// What stands above such a list: the lines before its heading, as of a title. Absent: nothing, or no heading that is known.
Str pdf_above_contents(Str page);

#endif
