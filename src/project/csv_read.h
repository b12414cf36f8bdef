// SPDX-License-Identifier: Apache-2.0
//
// Reads CSV as RFC 4180 writes it: comma, optional double quotes, a quote inside doubled, cells
// with line breaks; LF or CRLF. Stricter than most: a quote in an unquoted cell, text behind a
// closing quote and a row with another number of cells are errors with their place.
#ifndef CONFAB_PROJECT_CSV_READ_H
#define CONFAB_PROJECT_CSV_READ_H

#include "base/arena.h"
#include "base/error.h"

typedef struct CsvCell {
    Str text;      // unquoted; in the arena where quotes were doubled, else a slice of the file
    size_t start;  // byte offset of the cell in the file
} CsvCell;

typedef struct CsvRecord {
    CsvCell *cells;
    size_t n;
} CsvRecord;

typedef struct CsvTable {
    CsvRecord *rows;  // the header row included; empty lines are not rows
    size_t n;
} CsvTable;

enum {
    CSV_COLUMNS_MAX = 1000,   // a header wider than this is not a table of values
    CSV_ROWS_MAX = 1000000,   // more cannot stand in a file of PROJECT_FILE_MAX usefully
};

// Reports what is wrong (code "csv") and returns false; rows read before a fault are kept.
bool csv_read(Str text, Str file, Arena *a, CsvTable *out, Problems *problems);

#endif
