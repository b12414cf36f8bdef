// SPDX-License-Identifier: Apache-2.0
//
// persona.csv: a header row, then a value a row, whose columns are fields.
#include <math.h>

#include "project/csv_read.h"
#include "project/injection_reader.h"

typedef struct Columns {
    size_t value;   // the column `value`, or else the first
    size_t label;   // STR_NONE: none
    size_t weight;
} Columns;

static size_t find_column(const CsvRecord *header, Str name)
{
    for (size_t i = 0; i < header->n; i++)
        if (str_eq(str_trim(header->cells[i].text), name)) return i;
    return STR_NONE;
}

static Error *csv_problem(const Injection *in, size_t at, bool warning, Problems *problems, const char *what)
{
    Error *e = problems_new(problems, warning, ERROR_PROJECT, "csv", "%s", what);
    if (!problems->full) error_at(e, in->file, in->text, at);
    return e;
}

static bool read_header(Injection *in, const CsvRecord *header, Arena *a, Problems *problems)
{
    bool ok = true;
    in->columns = arena_new(a, Column, header->n);
    in->n_columns = header->n;
    for (size_t i = 0; i < header->n; i++) {
        Str name = str_trim(header->cells[i].text);
        in->columns[i].name = name;
        size_t at = header->cells[i].start;
        if (name.len == 0) {
            error_hint(csv_problem(in, at, false, problems, "a column without a name"), "name it in the first row");
            ok = false;
        } else if (find_column(header, name) < i) {
            error_hint(csv_problem(in, at, false, problems, "two columns of one name"), "rename one of the two \"%.*s\"",
                       STR_ARG(name));
            ok = false;
        } else if (!name_valid(name)) {
            bool other = header->n == 1 && (str_find_char(name, ';') != STR_NONE || str_find_char(name, '\t') != STR_NONE);
            error_hint(csv_problem(in, at, true, problems, "no placeholder can name this column"), "%s",
                       other ? "save the file with commas between its columns" : "name columns with letters, digits, _ and - only");
        }
    }
    return ok;
}

// RFC 8259's number, so that the cell can stand in a record as it is.
static bool is_json_number(Str s)
{
    size_t i = 0, start;
    if (i < s.len && s.ptr[i] == '-') i++;
    start = i;
    while (i < s.len && str_is_digit(s.ptr[i])) i++;
    if (i == start || (i - start > 1 && s.ptr[start] == '0')) return false;
    if (i < s.len && s.ptr[i] == '.') {
        start = ++i;
        while (i < s.len && str_is_digit(s.ptr[i])) i++;
        if (i == start) return false;
    }
    if (i < s.len && (s.ptr[i] | 32) == 'e') {
        i++;
        if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-')) i++;
        start = i;
        while (i < s.len && str_is_digit(s.ptr[i])) i++;
        if (i == start) return false;
    }
    double value;
    return i == s.len && str_to_double(s, &value) && isfinite(value);
}

static void find_numbers(Injection *in, const CsvTable *table)
{
    for (size_t c = 0; c < in->n_columns; c++) {
        bool number = table->n > 1;
        for (size_t r = 1; r < table->n && number; r++) number = is_json_number(str_trim(table->rows[r].cells[c].text));
        in->columns[c].number = number;
    }
}

static Value cell_value(const Injection *in, const CsvRecord *row, size_t column)
{
    Str text = row->cells[column].text;
    if (in->columns[column].number) return (Value){.kind = VALUE_JSON, .text = str_trim(text)};
    return (Value){.kind = VALUE_TEXT, .text = text};
}

static bool read_weight(const Injection *in, const CsvCell *cell, double *out, Problems *problems)
{
    Str text = str_trim(cell->text);
    if (text.len == 0) return true;
    double weight;
    if (str_to_double(text, &weight) && weight >= 0) {
        *out = weight;
        return true;
    }
    char what[120];
    snprintf(what, sizeof what, "the weight %.*s is not a number of at least 0", (int)(text.len < 40 ? text.len : 40), text.ptr);
    error_hint(csv_problem(in, cell->start, false, problems, what), "write a number, or leave the cell empty for 1");
    return false;
}

static bool read_row(Injection *in, InjectionValue *value, const CsvRecord *row, const Columns *columns, Arena *a,
                     Problems *problems)
{
    value->fields = arena_new(a, Value, row->n);
    size_t *starts = arena_new(a, size_t, row->n);
    for (size_t c = 0; c < row->n; c++) {
        value->fields[c] = cell_value(in, row, c);
        starts[c] = row->cells[c].start;
    }
    value->starts = starts;
    value->value = value->fields[columns->value];
    value->writing = WRITTEN_CSV;
    value->start = starts[columns->value];
    value->label = str_trim(value->value.text);
    if (columns->label != STR_NONE) {
        Str label = str_trim(row->cells[columns->label].text);
        if (label.len) value->label = label;
    }
    return columns->weight == STR_NONE || read_weight(in, &row->cells[columns->weight], &value->weight, problems);
}

static bool read_csv(Injection *in, Arena *a, Problems *problems)
{
    CsvTable table;
    bool ok = csv_read(in->text, in->file, a, &table, problems);
    if (table.n == 0) return ok;
    const CsvRecord *header = &table.rows[0];
    ok &= read_header(in, header, a, problems);
    find_numbers(in, &table);
    Columns columns = {find_column(header, S("value")), find_column(header, S("label")), find_column(header, S("weight"))};
    if (columns.value == STR_NONE) columns.value = 0;
    size_t cap = 0;
    for (size_t r = 1; r < table.n; r++) {
        InjectionValue *value = injection_add(in, &cap, a, problems);
        if (!value) return false;
        if (!read_row(in, value, &table.rows[r], &columns, a, problems)) in->n--, ok = false;
    }
    return ok;
}

const InjectionReader injection_csv = {S_INIT("csv"), read_csv};
