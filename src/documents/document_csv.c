// SPDX-License-Identifier: Apache-2.0
//
// CSV (RFC 4180, and with ; or tabs): each row a paragraph of "column: value" lines, so that a
// passage that begins in the middle of a table still says what its values are. Comments above the table are left out,
// a title stays. A first row that is values itself names none; then the last comment may, as numerical programs write it.
#include "documents/document.h"

enum { COLUMNS_MAX = 1000 };

typedef struct Row {
    Str cells[COLUMNS_MAX];
    size_t n;
} Row;

// A quoted field behind its opening quote; *end is behind the closing one, if there is one.
static Str unquoted(Str text, size_t at, Arena *a, size_t *end)
{
    size_t i = at, n = 0;
    while (i < text.len && !(text.ptr[i] == '"' && !(i + 1 < text.len && text.ptr[i + 1] == '"'))) i += text.ptr[i] == '"' ? 2 : 1;
    if (i > text.len) i = text.len;
    *end = i < text.len ? i + 1 : i;
    char *to = arena_alloc(a, i - at + 1);
    for (size_t k = at; k < i; k++) {
        to[n++] = text.ptr[k];
        if (text.ptr[k] == '"') k++;
    }
    return (Str){to, n};
}

// One field; *last tells whether it ended its row.
static Str field(Str text, size_t *at, char separator, Arena *a, bool *last)
{
    size_t i = *at;
    Str value;
    if (i < text.len && text.ptr[i] == '"') {
        value = unquoted(text, i + 1, a, &i);
        while (i < text.len && text.ptr[i] != separator && text.ptr[i] != '\n') i++;
    } else {
        while (i < text.len && text.ptr[i] != separator && text.ptr[i] != '\n') i++;
        value = str_slice(text, *at, i);
    }
    *last = i >= text.len || text.ptr[i] == '\n';
    *at = i < text.len ? i + 1 : i;
    return str_trim(value);
}

static Str line_at(Str text, size_t at)
{
    size_t end = str_find_char(str_slice(text, at, text.len), '\n');
    return str_slice(text, at, end == STR_NONE ? text.len : at + end);
}

// The separator that a line has most of.
static char separator_of(Str line, size_t *most)
{
    char found = ',';
    *most = 0;
    for (const char *c = ",;\t|"; *c; c++) {
        size_t n = 0;
        for (size_t i = 0; i < line.len; i++) n += line.ptr[i] == *c;
        if (n > *most) *most = n, found = *c;
    }
    return found;
}

// Where the table's first row begins, behind comments and a title; *title: that. *comment: the last one, or absent.
static size_t find_table(Str text, Str *title, Str *comment)
{
    enum { TITLE_LINES = 5 };
    size_t at = 0, n = 0;
    *title = *comment = (Str){0};
    while (at < text.len && str_starts(str_slice(text, at, text.len), S("# "))) {
        Str line = line_at(text, at);
        *comment = str_slice(line, 2, line.len);
        at += line.len + 1;
    }
    if (at > text.len) at = text.len;
    size_t next = at;
    for (int i = 0; i < TITLE_LINES && next < text.len; i++) {
        separator_of(line_at(text, next), &n);
        if (n) break;
        next += line_at(text, next).len + 1;
    }
    if (next == at || next >= text.len || n == 0) return at;
    *title = str_trim(str_slice(text, at, next));
    return next;
}

// "12", "3.5", "2010-01-01": what is measured, not what names it.
static bool is_value(Str cell)
{
    size_t digits = 0, others = 0;
    for (size_t i = 0; i < cell.len; i++) {
        digits += str_is_digit(cell.ptr[i]);
        others += !str_is_digit(cell.ptr[i]) && !memchr("-+.,:/ TZ%$", cell.ptr[i], 11);
    }
    return digits > 0 && others == 0;
}

// Years may head columns, but not the first.
static bool names_columns(const Row *row)
{
    for (size_t i = 0; i < row->n; i++)
        if (is_value(row->cells[i]) && (i == 0 || str_find_char(row->cells[i], '.') != STR_NONE)) return false;
    return true;
}

static void read_row(Str text, size_t *at, char separator, Arena *a, Row *row)
{
    bool last = false;
    row->n = 0;
    while (!last) {
        Str value = field(text, at, separator, a, &last);
        if (row->n < COLUMNS_MAX) row->cells[row->n++] = value;
    }
}

static void write_row(Buf *b, const Row *names, const Row *row)
{
    bool any = false;
    for (size_t i = 0; i < row->n; i++) {
        if (row->cells[i].len == 0) continue;
        buf_add(b, any ? S("\n") : b->len ? S("\n\n") : S(""));
        any = true;
        if (i < names->n && names->cells[i].len) {
            buf_add(b, names->cells[i]);
            buf_add(b, S(": "));
        }
        buf_add(b, row->cells[i]);
    }
}

// In place of a first row of values: names, where the comment has as many; else none.
static void name_by_comment(Row *names, Str comment, char separator, Arena *a)
{
    size_t at = 0, n = names->n;
    read_row(comment, &at, separator, a, names);
    if (n < 2 || names->n != n || !names_columns(names)) names->n = 0;
}

static bool extract(Extraction *x, Error *e)
{
    Str text;
    if (!document_decode(x->bytes, x->shown, x->arena, &text, e)) return false;
    Str title, comment;
    size_t at = find_table(text, &title, &comment), n;
    char separator = separator_of(line_at(text, at), &n);
    Arena scratch = {0};
    Row *names = arena_new(x->arena, Row, 1), *row = arena_new(x->arena, Row, 1);
    Buf b = {.max = 2 * (size_t)MARKDOWN_TEXT_MAX};
    size_t first = at;
    if (at < text.len) read_row(text, &at, separator, x->arena, names);
    if (!names_columns(names)) {
        name_by_comment(names, comment, separator, x->arena);
        at = first;
    }
    buf_add(&b, title);
    while (at < text.len && !b.full) {
        read_row(text, &at, separator, &scratch, row);
        write_row(&b, names, row);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    if (!b.full) x->text = arena_str(x->arena, buf_str(&b));
    bool full = b.full;
    buf_free(&b);
    if (!full) return true;
    error_set(e, ERROR_FILE, "document", "the table is larger than %d MB when written out", 2 * (MARKDOWN_TEXT_MAX >> 20));
    error_hint(e, "split it into several files");
    return error_at_file(e, x->shown);
}

const DocumentType document_csv = {
    .name = S_INIT("csv"), .endings = " csv tsv", .extract = extract, .version = 3,
};
