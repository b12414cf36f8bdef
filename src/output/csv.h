// SPDX-License-Identifier: Apache-2.0
//
// CSV as RFC 4180 has it: comma, CRLF, a field in quotes where it has a comma, a quote, or a line
// break, a quote inside doubled. UTF-8 without a byte order mark. Two additions for readers that
// differ there: a field that begins or ends with white space is quoted, and the empty field of a
// row of one column too, because a bare line break would be read as no row at all.
#ifndef CONFAB_OUTPUT_CSV_H
#define CONFAB_OUTPUT_CSV_H

#include "base/buf.h"

typedef struct CsvLine {
    Buf *out;
    size_t fields;  // written so far
    size_t start;   // where in `out` the row begins
} CsvLine;

CsvLine csv_line(Buf *out);
void csv_field(CsvLine *line, Str value);  // an absent value is an empty field
void csv_end(CsvLine *line);

#endif
