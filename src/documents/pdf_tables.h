// SPDX-License-Identifier: Apache-2.0
//
// Tables of a PDF. A PDF knows no tables, only letters at places; in reading order a table comes out cell by cell.
// pdftotext's second way of printing (-layout) keeps each line's letters at their places, so that a table shows as
// lines whose gaps stand below each other. It is taken for a table where that is clear: short cells, mostly filled,
// and columns that differ in kind, as two columns of prose, an index or a list do not.
//
// Which lines of the page's text a table stands for is found by its words: they must be the same ones, all of them.
// So whatever is taken for a table, no word is lost, doubled or moved out of its place in the page.
#ifndef CONFAB_DOCUMENTS_PDF_TABLES_H
#define CONFAB_DOCUMENTS_PDF_TABLES_H

#include "base/arena.h"

enum {
    PDF_TABLE_COLUMNS = 32,
    PDF_TABLE_ROWS = 3,     // fewest, with the header
};

// The words of a text whatever their order, leaders ("....") aside. Sums of parts are the sum of the whole.
typedef struct PdfWords {
    uint64_t sum;
    size_t n;
} PdfWords;

PdfWords pdf_words(Str text);

typedef struct PdfTable {
    Str *cells;         // by row, then column; absent: empty
    PdfWords *words;    // by row
    size_t rows, columns;
} PdfTable;

// Whether a page, as printed in reading order, may hold a table: worth having it laid out.
bool pdf_tables_likely(Str page);

// "12.5", "$ 1,000", "-3%", "–"; "Yes" is none.
bool pdf_is_figure(Str s);

// The tables of a page that is laid out.
size_t pdf_tables_find(Str page, Arena *a, PdfTable **tables);

// Rows `first` to before `end` as Markdown, the first as header.
Str pdf_table_markdown(const PdfTable *t, size_t first, size_t end, Arena *a);

#endif
