// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_page.h"

#include <math.h>

#include "base/utf8.h"
#include "documents/pdf_headings.h"
#include "documents/pdf_tables.h"

enum {
    WORDS_MAX = 20000,      // of a page that is laid out
    COLUMNS_MAX = 500,      // letters of a laid-out line, about
};

// ---- the page's text ----------------------------------------------------------------------------

static float larger(float a, float b) { return a > b ? a : b; }

// Words that touch were parted by their fonts alone: no space is between them. Turned text runs up or down.
static bool has_space(const PdfBox *a, const PdfBox *b)
{
    const float least = 0.05F;  // of the letters' height; this is how pdftotext decides it, to some words in a hundred thousand
    float across = larger(b->left - a->right, a->left - b->right), along = larger(b->top - a->bottom, a->top - b->bottom);
    return across >= along ? across >= least * pdf_box_height(a) : along >= least * (a->right - a->left);
}

static void add_word(Buf *out, const PdfPages *pages, const PdfWord *w) { buf_add(out, (Str){pages->letters.ptr + w->at, w->len}); }

// What stands on end says nothing by its height.
static uint8_t size_of(const PdfWord *w)
{
    float height = pdf_box_height(&w->box), width = w->box.right - w->box.left;
    if (!(height > PDF_SIZE_LEAST) || (w->len > 2 && height > 2 * width)) return 0;
    float steps = logf(height / PDF_SIZE_LEAST) / logf(PDF_SIZE_STEP) + 0.5F;
    return steps < 1 ? 1 : steps < UINT8_MAX ? (uint8_t)steps : UINT8_MAX;
}

// The size of the most letters, by a vote that keeps one candidate: in a line, one size has the majority or none matters.
typedef struct LineSize {
    uint8_t size;
    size_t lead;        // letters that it has more than others
    float height;       // of the word before, whose size need not be found again
    uint8_t of_height;
} LineSize;

static void vote(LineSize *line, const PdfWord *w)
{
    float height = pdf_box_height(&w->box);
    if (height != line->height || w->len < 3) line->of_height = size_of(w);
    line->height = w->len < 3 ? 0 : height;
    if (line->lead == 0) line->size = line->of_height;
    if (line->size == line->of_height) line->lead += w->len;
    else if (line->lead > w->len) line->lead -= w->len;
    else line->size = line->of_height, line->lead = w->len - line->lead;
}

static void end_line(PdfPages *pages, LineSize *line, PdfBreak after)
{
    buf_add_char(&pages->sizes, (char)line->size);
    if (after == PDF_NEW_FLOW) buf_add_char(&pages->sizes, 0);
    line->size = 0;
    line->lead = 0;
}

// A hyphen at a line's end stays: whether it is the word's own, the whole document tells.
static void write_text(PdfPages *pages)
{
    LineSize line = {0};
    for (size_t i = 0; i < pages->n; i++) {
        const PdfWord *w = &pages->words[i];
        PdfBreak after = i + 1 < pages->n ? w[1].before : PDF_NEW_FLOW;
        add_word(&pages->text, pages, w);
        vote(&line, w);
        if (after == PDF_SAME_LINE) {
            if (has_space(&w->box, &w[1].box)) buf_add_char(&pages->text, ' ');
        } else if (after == PDF_NEW_CELL) {
            buf_add_char(&pages->text, '\t');
        } else {
            buf_add(&pages->text, after == PDF_NEW_FLOW ? S("\n\n") : S("\n"));
            end_line(pages, &line, after);
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

static size_t make_pieces(const PdfPages *pages, Piece *pieces)
{
    const float gap = 0.7F;     // of the letters' height; justified prose stays below
    size_t n = 0;
    for (size_t i = 0; i < pages->n; i++) {
        const PdfBox *box = &pages->words[i].box;
        bool new = n == 0 || pages->words[i].before != PDF_SAME_LINE || box->left - pieces[n - 1].right > gap * pieces[n - 1].height;
        if (new) pieces[n++] = (Piece){i, i, box->left, box->right, (box->top + box->bottom) / 2, pdf_box_height(box), 0};
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

static void write_piece(Buf *out, const PdfPages *pages, const Piece *p)
{
    for (size_t i = p->first; i < p->end; i++) {
        if (i > p->first && has_space(&pages->words[i - 1].box, &pages->words[i].box)) buf_add_char(out, ' ');
        add_word(out, pages, &pages->words[i]);
    }
}

// A letter's width, and where the page begins.
static float measure(const PdfPages *pages, const Piece *pieces, size_t n, float *left)
{
    const float narrow = 0.9F;  // so that few texts reach beyond their places
    float width = 0, letters = 0, right = pieces->right;
    *left = pieces->left;
    for (size_t i = 0; i < n; i++) {
        width += pieces[i].right - pieces[i].left;
        if (pieces[i].left < *left) *left = pieces[i].left;
        right = larger(right, pieces[i].right);
    }
    for (size_t i = 0; i < pages->n; i++) letters += (float)utf8_count((Str){pages->letters.ptr + pages->words[i].at, pages->words[i].len}) + 0.5F;
    return larger(narrow * width / letters, (right - *left) / COLUMNS_MAX);
}

static void write_pieces(Buf *out, const PdfPages *pages, const Piece *pieces, size_t n)
{
    float left, unit = measure(pages, pieces, n, &left);
    size_t start = 0;   // of the line
    for (size_t i = 0; i < n; i++) {
        size_t lines = i ? pieces[i].row - pieces[i - 1].row : 0;
        for (size_t k = 0; k < lines; k++) buf_add_char(out, '\n');
        if (lines) start = out->len;
        // A word may claim to end before it begins, so that the measure does not bound its place.
        float place = unit > 0 ? (pieces[i].left - left) / unit : 0;
        size_t at = utf8_count(str_slice(buf_str(out), start, out->len)), column = place < COLUMNS_MAX ? (size_t)place : COLUMNS_MAX;
        if (out->len > start && column < at + 2) column = at + 2;
        for (; at < column; at++) buf_add_char(out, ' ');
        write_piece(out, pages, &pieces[i]);
    }
    buf_add_char(out, '\n');
}

static Str lay_out(const PdfPages *pages)
{
    Piece *pieces = mem_alloc(pages->n * sizeof *pieces);
    size_t n = make_pieces(pages, pieces);
    Buf out = {.max = 1 << 20};
    number_rows(pieces, n);
    write_pieces(&out, pages, pieces, n);
    Str text = out.full ? (Str){0} : arena_str(pages->arena, buf_str(&out));
    buf_free(&out);
    free(pieces);
    return text;
}

// ---- a page -------------------------------------------------------------------------------------

PdfWord *pdf_pages_add(PdfPages *pages, PdfBox box, PdfBreak before)
{
    if (pages->n == PDF_PAGE_WORDS_MAX || pages->letters.len > pages->text.max) return NULL;
    if (pages->n == pages->cap) {
        pages->cap = pages->cap ? 2 * pages->cap : 1024;
        pages->words = mem_realloc(pages->words, pages->cap * sizeof *pages->words);
    }
    PdfWord *w = &pages->words[pages->n++];
    *w = (PdfWord){.box = box, .at = (uint32_t)pages->letters.len, .before = before};
    return w;
}

void pdf_pages_end(PdfPages *pages)
{
    size_t before = pages->text.len;
    write_text(pages);
    if (pages->layout.n < PDF_PAGES_MAX) {
        pages->layout.pages = arena_grow(pages->arena, pages->layout.pages, pages->layout.n, &pages->cap_pages, sizeof *pages->layout.pages);
        bool wanted = pages->n && pages->n <= WORDS_MAX && pages->laid_out < PDF_LAYOUT_MAX && pdf_tables_likely(str_slice(buf_str(&pages->text), before, pages->text.len));
        pages->layout.sizes = arena_grow(pages->arena, pages->layout.sizes, pages->layout.n, &pages->cap_sizes, sizeof *pages->layout.sizes);
        pages->layout.sizes[pages->layout.n] = arena_str(pages->arena, buf_str(&pages->sizes));
        Str layout = wanted ? lay_out(pages) : (Str){0};
        pages->layout.pages[pages->layout.n++] = layout;
        pages->laid_out += layout.len;
    }
    buf_add_char(&pages->text, '\f');
    buf_clear(&pages->letters);
    buf_clear(&pages->sizes);
    pages->n = 0;
}

// A page's words are held until its end.
bool pdf_pages_full(const PdfPages *pages)
{
    return pages->text.full || pages->letters.len > pages->text.max || pages->n == PDF_PAGE_WORDS_MAX;
}

void pdf_pages_free(PdfPages *pages)
{
    buf_free(&pages->text);
    buf_free(&pages->letters);
    buf_free(&pages->sizes);
    free(pages->words);
    pages->words = NULL;
}
