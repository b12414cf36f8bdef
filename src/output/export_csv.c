// SPDX-License-Identifier: Apache-2.0
//
// csv: the project's own rows, as in generated/<stamp>.csv. With --csv-safe a field that begins with
// = + - @, a tab or a carriage return gets a ' in front, so that no spreadsheet runs it as a formula
// (OWASP, "CSV Injection"); a number stays as it is. With --bom the file begins with a byte order mark.
#include "output/csv.h"
#include "output/export_formats.h"

static bool begin(ExportFile *f, Error *e)
{
    if (f->plan->bom) buf_add(&f->line, S("\xEF\xBB\xBF"));
    buf_add(&f->line, f->plan->csv_header);
    if (f->plan->csv_header.len) return true;
    error_set(e, ERROR_PROJECT, "csv", "the columns of the CSV are not known, because the project cannot be read");
    return error_hint(e, "`confab validate` tells what is wrong with it");
}

static bool is_formula(Str field)
{
    double number;
    if (!field.len || !strchr("=+-@\t\r", field.ptr[0])) return false;
    return !str_to_double(field, &number);
}

// The field at *at of rows that csv.h wrote, without its quotes; *at moves behind it.
static Str take_field(Str rows, size_t *at, Buf *text)
{
    buf_clear(text);
    size_t i = *at;
    if (i < rows.len && rows.ptr[i] == '"') {
        for (i++; i < rows.len; i++) {
            if (rows.ptr[i] == '"' && !(i + 1 < rows.len && rows.ptr[i + 1] == '"')) break;
            i += rows.ptr[i] == '"';
            buf_add_char(text, rows.ptr[i]);
        }
        i++;
    } else {
        while (i < rows.len && rows.ptr[i] != ',' && rows.ptr[i] != '\r') buf_add_char(text, rows.ptr[i++]);
    }
    *at = i < rows.len ? i : rows.len;
    return buf_str(text);
}

static void guard(ExportFile *f, Str rows)
{
    Buf text = {0};
    for (size_t at = 0; at < rows.len;) {
        CsvLine line = csv_line(&f->line);
        for (;; at++) {
            Str field = take_field(rows, &at, &text);
            csv_field(&line, is_formula(field) ? arena_printf(&f->arena, "'%.*s", STR_ARG(field)) : field);
            if (at >= rows.len || rows.ptr[at] != ',') break;
        }
        csv_end(&line);
        at += 2;
    }
    buf_free(&text);
}

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    f->rows++;
    if (f->plan->csv_safe) guard(f, row->csv);
    else buf_add(&f->line, row->csv);
    return true;
}

const ExportFormat export_csv = {.name = "csv", .ending = ".csv", .text = true, .begin = begin, .row = row};
