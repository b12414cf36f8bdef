// SPDX-License-Identifier: Apache-2.0
#include "knowledge/pdf_boxes.h"

#include "base/utf8.h"
#include "knowledge/pdf_tables.h"

enum {
    WORDS_MAX = 20000,      // of a page that is laid out
    COLUMNS_MAX = 500,      // letters of a laid-out line, about
};

// ---- the page's text ----------------------------------------------------------------------------

static float larger(float a, float b) { return a > b ? a : b; }
static float height(const PdfBox *b) { return b->bottom - b->top; }

// Words that touch were parted by their fonts alone: no space is between them. Turned text runs up or down.
static bool has_space(const PdfBox *a, const PdfBox *b)
{
    const float least = 0.05F;  // of the letters' height; this is how pdftotext decides it, to some words in a hundred thousand
    float across = larger(b->left - a->right, a->left - b->right), along = larger(b->top - a->bottom, a->top - b->bottom);
    return across >= along ? across >= least * height(a) : along >= least * (a->right - a->left);
}

static void add_word(Buf *out, const PdfBoxes *b, const PdfWord *w) { buf_add(out, (Str){b->letters.ptr + w->at, w->len}); }

// A hyphen at a line's end stays: whether it is the word's own, the whole document tells.
static void write_text(PdfBoxes *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const PdfWord *w = &b->words[i];
        PdfBreak after = i + 1 < b->n ? w[1].before : PDF_NEW_FLOW;
        add_word(&b->text, b, w);
        if (after == PDF_SAME_LINE) {
            if (has_space(&w->box, &w[1].box)) buf_add_char(&b->text, ' ');
        } else {
            buf_add(&b->text, after == PDF_NEW_FLOW ? S("\n\n") : S("\n"));
        }
    }
}

// ---- laid out -----------------------------------------------------------------------------------

// Words of a line that no wide gap parts.
typedef struct Piece {
    size_t first, end;
    float left, right, middle, height;
    size_t row;
} Piece;

static size_t make_pieces(const PdfBoxes *b, Piece *pieces)
{
    const float gap = 0.7F;     // of the letters' height; justified prose stays below
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const PdfBox *box = &b->words[i].box;
        bool new = n == 0 || b->words[i].before != PDF_SAME_LINE || box->left - pieces[n - 1].right > gap * pieces[n - 1].height;
        if (new) pieces[n++] = (Piece){i, i, box->left, box->right, (box->top + box->bottom) / 2, height(box), 0};
        pieces[n - 1].end = i + 1;
        pieces[n - 1].right = larger(pieces[n - 1].right, box->right);
    }
    return n;
}

static int by_middle(const void *a, const void *b)
{
    const Piece *x = a, *y = b;
    if (x->middle != y->middle) return x->middle < y->middle ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static int by_row(const void *a, const void *b)
{
    const Piece *x = a, *y = b;
    if (x->row != y->row) return x->row < y->row ? -1 : 1;
    if (x->left != y->left) return x->left < y->left ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

// Rows are numbered with the empty lines between them, at most two on end.
static void number_rows(Piece *pieces, size_t n)
{
    const float same = 0.4F, line = 1.7F;  // of the letters' height
    size_t row = 0;
    qsort(pieces, n, sizeof *pieces, by_middle);
    for (size_t i = 0, top = 0; i < n; i++) {
        float down = pieces[i].middle - pieces[top].middle, unit = larger(pieces[top].height, 1);
        if (down > same * unit) {
            row += down > (line + 1) * unit ? 3 : down > line * unit ? 2 : 1;
            top = i;
        }
        pieces[i].row = row;
    }
    qsort(pieces, n, sizeof *pieces, by_row);
}

static void write_piece(Buf *out, const PdfBoxes *b, const Piece *p)
{
    for (size_t i = p->first; i < p->end; i++) {
        if (i > p->first && has_space(&b->words[i - 1].box, &b->words[i].box)) buf_add_char(out, ' ');
        add_word(out, b, &b->words[i]);
    }
}

// A letter's width, and where the page begins.
static float measure(const PdfBoxes *b, const Piece *pieces, size_t n, float *left)
{
    const float narrow = 0.9F;  // so that few texts reach beyond their places
    float width = 0, letters = 0, right = pieces->right;
    *left = pieces->left;
    for (size_t i = 0; i < n; i++) {
        width += pieces[i].right - pieces[i].left;
        if (pieces[i].left < *left) *left = pieces[i].left;
        right = larger(right, pieces[i].right);
    }
    for (size_t i = 0; i < b->n; i++) letters += (float)utf8_count((Str){b->letters.ptr + b->words[i].at, b->words[i].len}) + 0.5F;
    return larger(narrow * width / letters, (right - *left) / COLUMNS_MAX);
}

static void write_pieces(Buf *out, const PdfBoxes *b, const Piece *pieces, size_t n)
{
    float left, unit = measure(b, pieces, n, &left);
    size_t start = 0;   // of the line
    for (size_t i = 0; i < n; i++) {
        size_t lines = i ? pieces[i].row - pieces[i - 1].row : 0;
        for (size_t k = 0; k < lines; k++) buf_add_char(out, '\n');
        if (lines) start = out->len;
        size_t at = utf8_count(str_slice(buf_str(out), start, out->len)), column = unit > 0 ? (size_t)((pieces[i].left - left) / unit) : 0;
        if (out->len > start && column < at + 2) column = at + 2;
        for (; at < column; at++) buf_add_char(out, ' ');
        write_piece(out, b, &pieces[i]);
    }
    buf_add_char(out, '\n');
}

static Str lay_out(const PdfBoxes *b)
{
    Piece *pieces = mem_alloc(b->n * sizeof *pieces);
    size_t n = make_pieces(b, pieces);
    Buf out = {.max = 1 << 20};
    number_rows(pieces, n);
    write_pieces(&out, b, pieces, n);
    Str text = out.full ? (Str){0} : arena_str(b->arena, buf_str(&out));
    buf_free(&out);
    free(pieces);
    return text;
}

// ---- reading ------------------------------------------------------------------------------------

static void end_page(PdfBoxes *b)
{
    size_t before = b->text.len;
    write_text(b);
    if (b->layout.n < PDF_PAGES_MAX) {
        b->layout.pages = arena_grow(b->arena, b->layout.pages, b->layout.n, &b->cap_pages, sizeof *b->layout.pages);
        bool wanted = b->n && b->n <= WORDS_MAX && pdf_tables_likely(str_slice(buf_str(&b->text), before, b->text.len));
        b->layout.pages[b->layout.n++] = wanted ? lay_out(b) : (Str){0};
    }
    buf_add_char(&b->text, '\f');
    buf_clear(&b->letters);
    b->n = 0;
}

static float read_number(Str s)
{
    const float most = 1e6F;
    float n = 0, unit = 1;
    bool minus = str_starts(s, S("-")), parted = false;
    for (size_t i = minus; i < s.len && n < most; i++) {
        if (s.ptr[i] == '.') parted = true;
        else if (!str_is_digit(s.ptr[i])) break;
        else if (parted) n += (float)(s.ptr[i] - '0') * (unit /= 10);
        else n = n * 10 + (float)(s.ptr[i] - '0');
    }
    return minus ? -n : n;
}

// xMin="1.5" yMin="…" xMax="…" yMax="…"
static PdfBox read_box(Str tag)
{
    float values[4] = {0};
    Str part;
    for (size_t i = 0; i < 8 && str_cut(&tag, '"', &part); i++)
        if (i % 2) values[i / 2] = read_number(part);
    return (PdfBox){values[0], values[1], values[2], values[3]};
}

static void add_letters(Buf *out, Str text)
{
    static const struct { Str name; char letter; } entities[] = {
        {S_INIT("&amp;"), '&'}, {S_INIT("&lt;"), '<'}, {S_INIT("&gt;"), '>'}, {S_INIT("&quot;"), '"'}, {S_INIT("&apos;"), '\''}};
    for (size_t at; (at = str_find_char(text, '&')) != STR_NONE;) {
        size_t len = 1;
        char letter = '&';
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (str_starts(str_slice(text, at, text.len), entities[i].name)) letter = entities[i].letter, len = entities[i].name.len;
        buf_add(out, str_slice(text, 0, at));
        buf_add_char(out, letter);
        text = str_slice(text, at + len, text.len);
    }
    buf_add(out, text);
}

// Lead bytes D6 to DF: Hebrew, Arabic and their neighbours; E0 A0 to E0 A3, and the forms for print, EF AC to EF BB.
static bool is_right_to_left(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i], next = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
        unsigned char third = i + 2 < text.len ? (unsigned char)text.ptr[i + 2] : 0;
        if (c >= 0xD7 && c <= 0xDF) return true;
        if (c == 0xD6 && next >= 0x90) return true;
        if (c == 0xE0 && next >= 0xA0 && next <= 0xA3) return true;
        if (c == 0xEF && ((next == 0xAC && third >= 0x9D) || (next >= 0xAD && next <= 0xB7) || next == 0xB9 || (next == 0xBB && third < 0xBF))) return true;
    }
    return false;
}

static void read_word(PdfBoxes *b, Str tag, Str text)
{
    if (text.len == 0 || b->n == PDF_BOXES_WORDS_MAX || b->letters.len > b->text.max) return;
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 1024;
        b->words = mem_realloc(b->words, b->cap * sizeof *b->words);
    }
    size_t at = b->letters.len;
    add_letters(&b->letters, text);
    b->words[b->n++] = (PdfWord){read_box(tag), (uint32_t)at, (uint32_t)(b->letters.len - at), b->pending};
    b->pending = PDF_SAME_LINE;
    b->unordered |= is_right_to_left(text);
}

static void read_break(PdfBoxes *b, Str tag)
{
    PdfBreak next = str_starts(tag, S("flow")) ? PDF_NEW_FLOW : str_starts(tag, S("block")) ? PDF_NEW_BLOCK
                  : str_starts(tag, S("line")) ? PDF_NEW_LINE : PDF_SAME_LINE;
    if (next > b->pending) b->pending = next;
    if (str_eq(tag, S("/page"))) end_page(b);
}

bool pdf_boxes_take(PdfBoxes *b, Buf *printed)
{
    Str rest = buf_str(printed);
    size_t open, close, end;
    while ((open = str_find_char(rest, '<')) != STR_NONE) {
        rest = str_slice(rest, open, rest.len);
        if ((close = str_find_char(rest, '>')) == STR_NONE) break;
        Str tag = str_slice(rest, 1, close), text = str_slice(rest, close + 1, rest.len);
        if (str_starts(tag, S("word "))) {
            if ((end = str_find_char(text, '<')) == STR_NONE) break;
            read_word(b, tag, str_slice(text, 0, end));
            text = str_slice(text, end, text.len);
        } else {
            read_break(b, tag);
        }
        rest = text;
    }
    if (open == STR_NONE) rest = (Str){0};
    b->printed += printed->len - rest.len;
    if (rest.len) memmove(printed->ptr, rest.ptr, rest.len);
    printed->len = rest.len;
    // A page's words are held until its end.
    return !b->text.full && b->printed <= PDF_BOXES_PRINTED_MAX && b->letters.len <= b->text.max && b->n < PDF_BOXES_WORDS_MAX;
}

void pdf_boxes_free(PdfBoxes *b)
{
    buf_free(&b->text);
    buf_free(&b->letters);
    free(b->words);
    b->words = NULL;
}
