// SPDX-License-Identifier: Apache-2.0
#include "project/csv_read.h"

typedef struct Reader {
    Str text, file;
    Arena *arena;
    Problems *problems;
    CsvTable *table;
    size_t rows_cap;
    CsvCell *cells;  // of the open row
    size_t n_cells, cells_cap;
    size_t at;
    bool ok;
} Reader;

static void fault(Reader *r, size_t at, const char *what, const char *hint)
{
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "csv", "%s", what);
    error_at(e, r->file, r->text, at);
    error_hint(e, "%s", hint);
    r->ok = false;
}

static bool at_line_end(const Reader *r)
{
    Str t = r->text;
    return r->at >= t.len || t.ptr[r->at] == '\n' || (t.ptr[r->at] == '\r' && r->at + 1 < t.len && t.ptr[r->at + 1] == '\n');
}

static void skip_line_end(Reader *r)
{
    if (r->at < r->text.len && r->text.ptr[r->at] == '\r') r->at++;
    if (r->at < r->text.len) r->at++;
}

static Str without_doubles(Reader *r, Str quoted)
{
    if (!str_contains(quoted, S("\"\""))) return quoted;
    char *bytes = arena_alloc(r->arena, quoted.len);
    size_t n = 0;
    for (size_t i = 0; i < quoted.len; i++) {
        bytes[n++] = quoted.ptr[i];
        if (quoted.ptr[i] == '"') i++;
    }
    return (Str){bytes, n};
}

// At the opening quote. False where the file ends inside.
static bool read_quoted(Reader *r, Str *out)
{
    size_t start = ++r->at;
    for (; r->at < r->text.len; r->at++) {
        if (r->text.ptr[r->at] != '"') continue;
        if (r->at + 1 < r->text.len && r->text.ptr[r->at + 1] == '"') {
            r->at++;
            continue;
        }
        *out = without_doubles(r, str_slice(r->text, start, r->at));
        r->at++;
        return true;
    }
    fault(r, start - 1, "the quote is never closed", "close it with \", and double a quote that belongs to the text");
    return false;
}

static void read_bare(Reader *r, Str *out)
{
    size_t start = r->at;
    bool quote_seen = false;
    for (; !at_line_end(r) && r->text.ptr[r->at] != ','; r->at++) {
        if (r->text.ptr[r->at] != '"' || quote_seen) continue;
        quote_seen = true;
        fault(r, r->at, "a quote inside a cell that is not quoted", "put the cell in quotes and double the quote inside");
    }
    *out = str_slice(r->text, start, r->at);
}

static bool read_cell(Reader *r)
{
    CsvCell cell = {.start = r->at};
    if (r->at < r->text.len && r->text.ptr[r->at] == '"') {
        if (!read_quoted(r, &cell.text)) return false;
        if (!at_line_end(r) && r->text.ptr[r->at] != ',') {
            fault(r, r->at, "text behind a closing quote", "put a comma there, or double the quote");
            while (!at_line_end(r) && r->text.ptr[r->at] != ',') r->at++;
        }
    } else {
        read_bare(r, &cell.text);
    }
    r->cells = arena_grow(r->arena, r->cells, r->n_cells, &r->cells_cap, sizeof *r->cells);
    r->cells[r->n_cells++] = cell;
    return true;
}

static bool too_wide(Reader *r, size_t start)
{
    if (r->n_cells <= CSV_COLUMNS_MAX) return false;
    fault(r, start, "more than 1000 columns", "separate the columns by commas and the rows by line breaks");
    return true;
}

static bool fits_header(Reader *r, size_t start)
{
    if (r->table->n == 0 || r->n_cells == r->table->rows[0].n) return true;
    size_t width = r->table->rows[0].n;
    char what[120];
    snprintf(what, sizeof what, "the row has %zu cells, the header has %zu", r->n_cells, width);
    fault(r, start, what, r->n_cells > width ? "put a cell with a comma inside in quotes" : "write a comma for each empty cell");
    return false;
}

// False where reading cannot go on.
static bool read_row(Reader *r)
{
    size_t start = r->at;
    r->n_cells = 0;
    if (!read_cell(r)) return false;
    while (!at_line_end(r)) {
        r->at++;
        if (!read_cell(r) || too_wide(r, start)) return false;
    }
    skip_line_end(r);
    if (!fits_header(r, start)) return true;
    CsvTable *t = r->table;
    if (t->n >= CSV_ROWS_MAX) {
        fault(r, start, "more than 1000000 rows", "split the file");
        return false;
    }
    t->rows = arena_grow(r->arena, t->rows, t->n, &r->rows_cap, sizeof *t->rows);
    CsvCell *cells = arena_new(r->arena, CsvCell, r->n_cells);
    memcpy(cells, r->cells, r->n_cells * sizeof *cells);
    t->rows[t->n++] = (CsvRecord){cells, r->n_cells};
    return true;
}

bool csv_read(Str text, Str file, Arena *a, CsvTable *out, Problems *problems)
{
    *out = (CsvTable){0};
    Reader r = {.text = text, .file = file, .arena = a, .problems = problems, .table = out, .ok = true};
    while (r.at < text.len) {
        if (at_line_end(&r)) {
            skip_line_end(&r);
        } else if (!read_row(&r)) {
            break;
        }
    }
    return r.ok;
}
