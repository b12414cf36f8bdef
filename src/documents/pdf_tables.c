// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_tables.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "documents/markdown_writer.h"

enum {
    LINES_MAX = 1000,       // of a page; longer ones hold none
    WIDTH_MAX = 600,        // letters of a line
    SEGMENTS_MAX = 2 * PDF_TABLE_COLUMNS,
};

// ---- words --------------------------------------------------------------------------------------

static bool is_leader(Str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] != '.') return false;
    return true;
}

static Str next_word(Str *rest)
{
    size_t from = 0, to;
    while (from < rest->len && str_is_space(rest->ptr[from])) from++;
    for (to = from; to < rest->len && !str_is_space(rest->ptr[to]);) to++;
    Str word = str_slice(*rest, from, to);
    *rest = str_slice(*rest, to, rest->len);
    return word;
}

PdfWords pdf_words(Str text)
{
    PdfWords w = {0};
    for (Str word = next_word(&text); word.len; word = next_word(&text)) {
        if (is_leader(word)) continue;
        w.sum += hash64(word, 1);
        w.n++;
    }
    return w;
}

// ---- kinds of text ------------------------------------------------------------------------------

bool pdf_is_figure(Str s)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < s.len; i++) digits += str_is_digit(s.ptr[i]), letters += str_is_alpha(s.ptr[i]);
    return s.len <= 20 && (digits > letters || (letters == 0 && s.len <= 3));
}

// "1.", "(a)", "-", "•": what lists begin their items with.
static bool is_mark(Str s)
{
    if (s.len == 0 || s.len > 5) return false;
    char last = s.ptr[s.len - 1];
    return last == '.' || last == ')' || last == ':' || (s.len <= 3 && !str_is_digit(s.ptr[0]) && !str_is_alpha(s.ptr[0]));
}

// The whole number that a text begins with; false: it begins with none.
static bool leading_number(Str s, uint64_t *n)
{
    size_t digits = 0;
    while (digits < s.len && str_is_digit(s.ptr[digits])) digits++;
    bool parted = digits < s.len && (s.ptr[digits] == '.' || s.ptr[digits] == ',');
    return !parted && str_to_u64(str_slice(s, 0, digits), n);
}

// ---- whether to look ----------------------------------------------------------------------------

// In reading order a table is many short lines (or parts of them, between tabs) on end, a cell or a part of a row each, some of them figures. Figures
// that only count on are numbers of sections, of pages, or of a program's lines.
bool pdf_tables_likely(Str page)
{
    enum { SHORT = 30, ON_END = 8, FIGURES = 3, LINES_A_FIGURE = 5, STEP = 1 };
    Str rest = {0}, line;
    size_t on_end = 0, figures = 0;
    uint64_t before = 0, n;
    while (str_cut(&rest, '\t', &line) || (str_cut(&page, '\n', &rest) && str_cut(&rest, '\t', &line))) {
        line = str_trim(line);
        if (line.len == 0) continue;
        bool number = leading_number(line, &n), count = number && n > before && n - before <= STEP;
        if (number) before = n;
        on_end = line.len > SHORT ? 0 : on_end + 1;
        figures = line.len > SHORT ? 0 : figures + (!count && pdf_is_figure(line));
        if (on_end >= ON_END && figures >= FIGURES && figures * LINES_A_FIGURE >= on_end) return true;
    }
    return false;
}

// ---- lines --------------------------------------------------------------------------------------

// A run of text between gaps of two spaces or more; `from` and `to` count letters.
typedef struct Segment {
    Str text;
    unsigned from, to;
} Segment;

typedef struct Line {
    Segment *segments;
    size_t n;
} Line;

// Without segments: a line that is empty, or no part of a table.
static Line read_line(Str text, Arena *a)
{
    Segment found[SEGMENTS_MAX];
    Line line = {0};
    unsigned column = 0;
    for (size_t at = 0; at < text.len;) {
        size_t from = at, end = at;
        unsigned first = column, spaces = 0, last = column;
        while (at < text.len && spaces < 2) {
            bool space = text.ptr[at] == ' ';
            utf8_next(text, &at);
            column++;
            spaces = space ? spaces + 1 : 0;
            if (!space) end = at, last = column;
            else if (end == from) from = end = at, first = column, spaces = 0;
        }
        if (end == from) break;
        if (line.n == SEGMENTS_MAX || column > WIDTH_MAX) return (Line){0};
        found[line.n++] = (Segment){str_slice(text, from, end), first, last};
    }
    if (line.n == 0) return line;
    line.segments = arena_new(a, Segment, line.n);
    memcpy(line.segments, found, line.n * sizeof *found);
    return line;
}

// ---- columns ------------------------------------------------------------------------------------

typedef struct Columns {
    unsigned from[PDF_TABLE_COLUMNS], to[PDF_TABLE_COLUMNS];
    size_t n;
} Columns;

// Columns are where text stands between gaps that all lines share; one line in six may reach across.
static bool find_columns(const Line *lines, size_t n, Columns *c)
{
    unsigned covered[WIDTH_MAX + 2] = {0}, rows = 0;
    for (size_t i = 0; i < n; i++) {
        rows += lines[i].n > 1;
        for (size_t s = 0; s < lines[i].n; s++)
            for (unsigned at = lines[i].segments[s].from; at < lines[i].segments[s].to; at++) covered[at]++;
    }
    unsigned across = rows / 6;
    *c = (Columns){0};
    for (unsigned at = 0; at <= WIDTH_MAX;) {
        if (covered[at] <= across) {
            at++;
            continue;
        }
        if (c->n == PDF_TABLE_COLUMNS) return false;
        c->from[c->n] = at;
        while (covered[at] > across) at++;
        c->to[c->n++] = at;
    }
    return c->n >= 2;
}

static void add_to_cell(PdfTable *t, size_t row, size_t column, Str text, Arena *a)
{
    Str *cell = &t->cells[row * t->columns + column];
    *cell = cell->len ? arena_printf(a, "%.*s %.*s", STR_ARG(*cell), STR_ARG(text)) : text;
}

// Where a segment that reaches across a gap has a space in it: bytes, or STR_NONE.
static size_t space_in_gap(const Segment *s, unsigned from, unsigned to)
{
    unsigned column = s->from;
    for (size_t at = 0; at < s->text.len; column++) {
        size_t before = at;
        utf8_next(s->text, &at);
        if (s->text.ptr[before] == ' ' && column + 1 >= from && column <= to) return before;
    }
    return STR_NONE;
}

// Puts a segment into its column; one that reaches into the next is parted at the gap between them, or stays whole.
static void place(PdfTable *t, size_t row, const Columns *c, Segment s, Arena *a)
{
    for (size_t i = 0; i < c->n; i++) {
        bool last = i + 1 == c->n;
        if (!last && s.from >= c->to[i]) continue;
        size_t cut = last || s.to <= c->from[i + 1] ? STR_NONE : space_in_gap(&s, c->to[i], c->from[i + 1]);
        add_to_cell(t, row, i, str_slice(s.text, 0, cut == STR_NONE ? s.text.len : cut), a);
        if (cut == STR_NONE) return;
        s.from += (unsigned)utf8_count(str_slice(s.text, 0, cut + 1));
        s.text = str_slice(s.text, cut + 1, s.text.len);
    }
}

static PdfTable make_table(const Line *lines, size_t n, const Columns *c, Arena *a)
{
    PdfTable t = {.columns = c->n, .cells = arena_array(a, n, c->n * sizeof(Str)), .words = arena_new(a, PdfWords, n)};
    for (size_t i = 0; i < n; i++) {
        if (lines[i].n == 0) continue;
        for (size_t s = 0; s < lines[i].n; s++) {
            PdfWords w = pdf_words(lines[i].segments[s].text);
            t.words[t.rows].sum += w.sum;
            t.words[t.rows].n += w.n;
            place(&t, t.rows, c, lines[i].segments[s], a);
        }
        t.rows++;
    }
    return t;
}

// ---- what is clearly one ------------------------------------------------------------------------

typedef struct Kind {
    size_t filled, letters, longs, figures, marks;
} Kind;

static Kind kind_of(const PdfTable *t, size_t column)
{
    enum { LONG = 40 };
    Kind k = {0};
    for (size_t row = 0; row < t->rows; row++) {
        Str cell = t->cells[row * t->columns + column];
        if (cell.len == 0) continue;
        size_t n = utf8_count(cell);
        k.filled++;
        k.letters += n;
        k.longs += n > LONG;
        k.figures += pdf_is_figure(cell);
        k.marks += is_mark(cell);
    }
    return k;
}

// Whether a column only numbers the rows, as beside the lines of a program.
static bool is_count(const PdfTable *t, size_t column)
{
    size_t filled = 0, steps = 0;
    uint64_t before = 0, n;
    for (size_t row = 0; row < t->rows; row++) {
        Str cell = t->cells[row * t->columns + column];
        if (cell.len == 0) continue;
        filled++;
        if (!leading_number(cell, &n)) continue;
        steps += n == before + 1;
        before = n;
    }
    return filled >= 2 && steps * 4 >= (filled - 1) * 3;
}

// Whether it is a list of contents: what the last column has are pages, which never fall.
static bool is_contents(const PdfTable *t)
{
    size_t filled = 0, falls = 0, sections = 0;
    uint64_t before = 0, n;
    for (size_t row = 0; row < t->rows; row++) {
        Str first = t->cells[row * t->columns], last = t->cells[row * t->columns + t->columns - 1];
        sections += first.len == 0 || leading_number(first, &n) || is_mark(first) || pdf_is_figure(first);
        if (last.len == 0) continue;
        if (!leading_number(last, &n) || n < before) falls++;
        else before = n;
        filled++;
    }
    return t->columns <= 4 && before >= t->rows / 4 && falls * 6 <= filled && sections * 6 >= t->rows * 5;
}

static bool is_number(Str s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        digits += str_is_digit(s.ptr[i]);
        if (!str_is_digit(s.ptr[i]) && !memchr("+-.,%", s.ptr[i], 5)) return false;
    }
    return digits > 0;
}

// "58 21.2": numbers of two columns that no gap parts; not "21 500", which is one.
static bool is_crowded(Str cell)
{
    Str word;
    for (bool before = false, number; str_cut(&cell, ' ', &word); before = number) {
        number = is_number(word);
        uint64_t n;
        bool thousands = word.len == 3 && str_to_u64(word, &n);
        if (before && number && !thousands) return true;
    }
    return false;
}

// Whether most rows are a drawing made of letters, or have columns that stand too near to tell apart.
static bool is_unclear(const PdfTable *t)
{
    enum { PART = 3 };
    size_t drawn = 0, crowded = 0;
    for (size_t row = 0; row < t->rows; row++) {
        bool bar = false, crowd = false;
        for (size_t c = 0; c < t->columns; c++) {
            Str cell = t->cells[row * t->columns + c];
            bar |= str_find_char(cell, '|') != STR_NONE;
            crowd |= is_crowded(cell);
        }
        drawn += bar;
        crowded += crowd;
    }
    return drawn * PART >= t->rows || crowded * PART >= t->rows;
}

static bool is_clear(const PdfTable *t)
{
    size_t filled = 0, letters = 0, longs = 0, figures = 0, words = 0, columns = 0;
    if (t->rows < PDF_TABLE_ROWS || is_contents(t) || is_unclear(t)) return false;
    for (size_t c = 0; c < t->columns; c++) {
        Kind k = kind_of(t, c);
        if (c == 0 && k.marks * 2 > k.filled) return false;
        if (is_count(t, c)) continue;
        columns++;
        filled += k.filled;
        letters += k.letters;
        longs += k.longs;
        figures += k.figures * 3 >= k.filled * 2;
        words += k.figures * 3 < k.filled;
    }
    size_t most = t->rows * columns, mean = filled ? letters / filled : 0;
    if (filled * 10 < most * 6 || longs * 10 > filled || mean > 24) return false;
    // Of text alone: only where cells are too short for prose.
    return (figures && words) || (columns >= 3 && mean <= (figures ? 24 : 14));
}

// ---- a page -------------------------------------------------------------------------------------

// From line `first` on: how many lines may belong to one table. Within, a line may be empty or of one short text.
static size_t block_from(const Line *lines, size_t n, size_t first)
{
    enum { SHORT = 30 };
    size_t end = first;
    for (size_t i = first; i < n && i <= end + 1; i++) {
        bool alone = lines[i].n == 1 && lines[i].segments->to - lines[i].segments->from <= SHORT;
        if (lines[i].n > 1) end = i + 1;
        else if (lines[i].n == 1 && !alone) break;
    }
    return end - first;
}

// Whether the first row has a column of its own: it is a heading that stood near.
static bool begins_late(const PdfTable *t)
{
    for (size_t c = 0; c < t->columns; c++) {
        size_t filled = 0;
        for (size_t row = 1; row < t->rows; row++) filled += t->cells[row * t->columns + c].len > 0;
        if (filled == 0) return true;
    }
    return false;
}

size_t pdf_tables_find(Str page, Arena *a, PdfTable **tables)
{
    Str text;
    Line *lines = arena_new(a, Line, LINES_MAX);
    size_t n = 0, found = 0, cap = 0;
    while (n < LINES_MAX && str_cut(&page, '\n', &text)) lines[n++] = read_line(str_trim_end(text), a);
    *tables = NULL;
    for (size_t i = 0, len; i < n; i += len ? len : 1) {
        Columns c;
        len = lines[i].n > 1 ? block_from(lines, n, i) : 0;
        if (len < PDF_TABLE_ROWS || !find_columns(&lines[i], len, &c)) continue;
        PdfTable t = make_table(&lines[i], len, &c, a);
        if (begins_late(&t)) len = 1;
        if (len == 1 || !is_clear(&t)) continue;
        *tables = arena_grow(a, *tables, found, &cap, sizeof **tables);
        (*tables)[found++] = t;
    }
    return found;
}

Str pdf_table_markdown(const PdfTable *t, size_t first, size_t end, Arena *a)
{
    MarkdownWriter w;
    bool full;
    markdown_start(&w);
    markdown_table(&w);
    for (size_t row = first; row < end; row++) {
        markdown_row(&w);
        for (size_t c = 0; c < t->columns; c++) {
            markdown_cell(&w);
            markdown_text(&w, t->cells[row * t->columns + c]);
        }
    }
    Str text = arena_str(a, markdown_finish(&w, &full));
    markdown_free(&w);
    return text;
}
