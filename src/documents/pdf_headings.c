// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_headings.h"

#include <unicode/uchar.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "text/words.h"

enum {
    SIZES = 256,
    LARGER = 5,         // steps above the body's size: an eighth
    ALIKE = 1,          // steps between lines of one size
    LEVELS = 6,
    RUNS_MAX = 200000,
};

// Lines on end in one size that is larger than the body's.
typedef struct Run {
    uint32_t page, first, end;  // lines
    uint32_t bytes;
    uint64_t hash;              // of its text
    uint8_t size, level;
    bool heading;
    bool label;                 // it is only the number of what follows
    bool prose, leads;          // some is below it, before the next run; before the next one that is as large
} Run;

typedef struct Runs {
    Run *items;
    size_t n, cap;
} Runs;

static uint8_t size_at(const PdfPage *p, size_t line)
{
    return line < p->sizes.len && !p->gone[line] && !p->table[line] ? (uint8_t)p->sizes.ptr[line] : 0;
}

static bool alike(uint8_t a, uint8_t b, int steps) { return a - b <= steps && b - a <= steps; }

// ---- the body -----------------------------------------------------------------------------------

static size_t around(const size_t *letters, size_t size)
{
    size_t sum = 0;
    for (size_t s = size - ALIKE; s <= size + ALIKE && s < SIZES; s++) sum += letters[s];
    return sum;
}

// The largest size that holds much of the text: where code in a small font is most of it, the prose around is body too.
static uint8_t find_body(const PdfPage *pages, size_t n, size_t *total)
{
    enum { MUCH = 5 };  // a fifth
    size_t letters[SIZES] = {0};
    uint8_t body = 0;
    *total = 0;
    for (size_t p = 0; p < n; p++)
        for (size_t i = 0; i < pages[p].n; i++) letters[size_at(&pages[p], i)] += pages[p].lines[i].len;
    for (size_t s = 1; s < SIZES; s++) *total += letters[s];
    for (size_t s = 1; s < SIZES; s++)
        if (letters[s] && around(letters, s) * MUCH >= *total) body = (uint8_t)s;
    return body;
}

// ---- runs ---------------------------------------------------------------------------------------

static Str token(Str *text)
{
    size_t start = space_skip(*text, 0), end = space_find(*text, start);
    Str first = str_slice(*text, start, end);
    *text = str_slice(*text, end, text->len);
    return first;
}

// "3", "3.1", "A.2", "IV", "(b)"
static bool is_number(Str s)
{
    size_t letters = 0, digits = 0, roman = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (str_is_digit(s.ptr[i])) digits++;
        else if (str_is_alpha(s.ptr[i])) letters++, roman += memchr("IVXLC", s.ptr[i], 5) != NULL;
        else if (!memchr(".-()\xC2\xA7", s.ptr[i], 6)) return false;
    }
    return s.len > 0 && s.len <= 12 && (digits ? letters <= 1 : letters == 1 || (roman > 0 && roman == letters));
}

// "3.1", "Chapter 3", "Part II": the heading's words are what follows.
static bool is_label(Str line)
{
    Str first = token(&line), second = token(&line);
    if (second.len == 0) return is_number(first);
    return token(&line).len == 0 && is_number(second) && first.len <= 20 && !is_number(first);
}

static bool begins_numbered(Str line)
{
    Str first = token(&line);
    return is_number(first) && str_is_digit(first.ptr[first.len - 1] == '.' ? first.ptr[0] : first.ptr[first.len - 1]) && str_trim(line).len > 0;
}

static bool follows_label(const Runs *r, const PdfPage *pages, size_t page, size_t line)
{
    const Run *last = r->n ? &r->items[r->n - 1] : NULL;
    if (!last || last->page != page || !last->label) return false;
    for (size_t i = last->end; i < line; i++)
        if (pages[page].lines[i].len && !pages[page].gone[i]) return false;
    return true;
}

static size_t run_end(const PdfPage *p, size_t first)
{
    size_t end = first + 1;
    while (end < p->n && p->lines[end].len && alike(size_at(p, end), size_at(p, first), ALIKE) && !begins_numbered(p->lines[end])) end++;
    return end;
}

// The run that lines belong to: a new one, or the label's before them; NULL: there are too many.
static Run *run_of(Runs *r, const PdfPage *pages, size_t page, size_t first, Arena *a)
{
    if (follows_label(r, pages, page, first)) {
        r->items[r->n - 1].label = false;
        return &r->items[r->n - 1];
    }
    if (r->n == RUNS_MAX) return NULL;
    r->items = arena_grow(a, r->items, r->n, &r->cap, sizeof *r->items);
    r->items[r->n] = (Run){.page = (uint32_t)page, .first = (uint32_t)first, .label = is_label(pages[page].lines[first])};
    return &r->items[r->n++];
}

static void find_runs(Runs *r, const PdfPage *pages, size_t n, uint8_t least, Arena *a)
{
    for (size_t p = 0; p < n; p++)
        for (size_t i = 0, end; i < pages[p].n; i = end) {
            end = i + 1;
            uint8_t size = size_at(&pages[p], i);
            if (size < least || pages[p].lines[i].len == 0) continue;
            end = run_end(&pages[p], i);
            Run *run = run_of(r, pages, p, i, a);
            if (!run) return;
            run->end = (uint32_t)end;
            run->size = size;
            run->label &= end == i + 1;
            for (size_t k = i; k < end; k++) run->bytes += (uint32_t)pages[p].lines[k].len;
        }
}

// ---- what looks like a heading ------------------------------------------------------------------

typedef struct Look {
    size_t words, letters, others, row; // row: letters on end that differ, the most
    bool cells;                         // a tab parts more than its number from the rest
    char last;
} Look;

static bool begins_small(Str line)
{
    size_t at = 0;
    return line.len && u_islower((UChar32)utf8_next(line, &at));
}

static void look_at(Look *l, Str line)
{
    size_t row = 0, tab = str_find_char(line, '\t');
    uint32_t before = 0;
    for (Str rest = line; token(&rest).len;) l->words++;
    for (size_t i = 0; i < line.len;) {
        uint32_t c = utf8_next(line, &i);
        bool letter = u_isalpha((UChar32)c) || (u_charType((UChar32)c) == U_NON_SPACING_MARK);
        row = letter && c != before ? row + 1 : letter ? row : 0;   // a root's bar may be a row of one letter
        before = c;
        if (row > l->row) l->row = row;
        if (letter) l->letters++;
        else if (c != '.' && !str_is_digit((char)(c < 0x80 ? c : 'x')) && !space_is(c)) l->others++;
        if (script_without_spaces(c)) l->row = 3;
    }
    if (tab != STR_NONE) l->cells |= !is_label(str_slice(line, 0, tab)) || str_find_char(str_slice(line, tab + 1, line.len), '\t') != STR_NONE;
    if (line.len) l->last = line.ptr[line.len - 1];
}

// A line within a paragraph in which words of another font are the most: it reads on from the line before, or in the next.
static bool is_inside(const PdfPage *p, const Run *r)
{
    enum { FULL = 50, SHORT = 40 };     // bytes
    Str before = r->first ? p->lines[r->first - 1] : (Str){0}, next = r->end < p->n ? p->lines[r->end] : (Str){0};
    if (r->first && (p->gone[r->first - 1] || p->table[r->first - 1])) before.len = 0;
    if (before.len && begins_small(p->lines[r->first])) return true;
    if (before.len > FULL && !memchr(".!?:)\"", before.ptr[before.len - 1], 6)) return true;
    return begins_small(next) && p->lines[r->end - 1].len > SHORT && !begins_numbered(p->lines[r->first]);
}

static bool is_sentence(const Look *l)
{
    enum { WORDS = 5 };
    return memchr(".:!", l->last, 3) ? l->words >= WORDS : l->last == ',' || l->last == ';';
}

static bool looks_like_heading(const PdfPage *p, const Run *r)
{
    enum { WORDS = 20, LINES = 4, BYTES = 240 };
    Look l = {0};
    if (r->bytes > BYTES) return false;
    size_t lines = 0;
    for (size_t i = r->first; i < r->end; i++) {
        if (p->lines[i].len == 0 || p->gone[i]) continue;
        lines++;
        look_at(&l, p->lines[i]);
    }
    if (lines > LINES || l.words > WORDS || l.cells || l.row < 3 || l.others * 3 > l.letters) return false;
    return !is_sentence(&l) && !is_inside(p, r);
}

// ---- sizes of headings --------------------------------------------------------------------------

// Whether a line is prose, which no figure's labels and no list of names are.
static bool has_prose(const PdfPage *pages, const Run *from, const Run *to)
{
    enum { PROSE = 40 };    // bytes of a line
    for (size_t p = from->page; p <= to->page; p++) {
        const PdfPage *page = &pages[p];
        size_t i = p == from->page ? from->end : 0, end = p == to->page ? to->first : page->n;
        for (; i < end; i++)
            if (!page->gone[i] && page->lines[i].len >= PROSE) return true;
    }
    return false;
}

// Which headings have prose below them, before the next one that is as large.
static void find_prose(Runs *r, const PdfPage *pages, size_t n)
{
    enum { AHEAD = 16 };    // runs that are looked at
    Run last = {.page = (uint32_t)n - 1, .first = (uint32_t)pages[n - 1].n};
    for (size_t i = 0; i < r->n; i++) r->items[i].prose = has_prose(pages, &r->items[i], i + 1 < r->n ? &r->items[i + 1] : &last);
    for (size_t i = 0; i < r->n; i++) {
        Run *run = &r->items[i];
        run->leads = run->prose;
        for (size_t k = i + 1; k < r->n && k < i + AHEAD && !run->leads && r->items[k].size + ALIKE < run->size; k++) run->leads = r->items[k].prose;
    }
}

static int by_text(const void *a, const void *b)
{
    const Run *x = *(const Run *const *)a, *y = *(const Run *const *)b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->page > y->page) - (x->page < y->page);
}

// What a tenth of the pages repeat ("Note", a form's watermark) says nothing of what is below it.
static void drop_common(Runs *r, const PdfPage *pages, size_t n, Arena *a)
{
    enum { FEWEST = 4, SHARE = 10 };
    Run **sorted = arena_new(a, Run *, r->n);
    for (size_t i = 0; i < r->n; i++) {
        Run *run = sorted[i] = &r->items[i];
        run->hash = 0;
        for (size_t k = run->first; k < run->end; k++) run->hash = hash64(pages[run->page].lines[k], run->hash);
    }
    if (r->n) qsort(sorted, r->n, sizeof(Run *), by_text);
    for (size_t i = 0, j; i < r->n; i = j) {
        size_t on = 1;
        for (j = i + 1; j < r->n && sorted[j]->hash == sorted[i]->hash; j++) on += sorted[j]->page != sorted[j - 1]->page;
        if (on < FEWEST || on * SHARE < n) continue;
        for (size_t k = i; k < j; k++) sorted[k]->heading = false;
    }
}

// "3.1 Results", but no line of a list of contents, which a page's number ends.
static bool is_section(Str line)
{
    size_t dot = str_find_char(line, '.');
    return begins_numbered(line) && dot != STR_NONE && dot + 1 < line.len && str_is_digit(line.ptr[dot + 1]) && !str_is_digit(line.ptr[line.len - 1]);
}

// A size is one of headings where most of it looks so, and most of these have prose below or are numbered.
static void judge(Runs *r, const PdfPage *pages, size_t total)
{
    size_t good[SIZES] = {0}, bad[SIZES] = {0}, leads[SIZES] = {0}, count[SIZES] = {0}, all = 0;
    for (size_t i = 0; i < r->n; i++) {
        Run *run = &r->items[i];
        run->heading = looks_like_heading(&pages[run->page], run);
        *(run->heading ? &good[run->size] : &bad[run->size]) += run->bytes;
        if (!run->heading) continue;
        all += run->bytes;
        count[run->size]++;
        leads[run->size] += run->leads || is_section(pages[run->page].lines[run->first]);
    }
    bool body = all * 4 <= total;   // else there is none to compare with
    for (size_t i = 0; i < r->n; i++) {
        Run *run = &r->items[i];
        run->heading &= body && good[run->size] >= 2 * bad[run->size] && leads[run->size] * 2 >= count[run->size];
    }
}

static bool has_figure(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (str_is_digit(s.ptr[i])) return true;
    return false;
}

// Whether the last of the title's block heads what follows: its size is that of headings elsewhere, it is no date, and there
// is text below it.
static bool heads_page(const Runs *r, const PdfPage *page, size_t i)
{
    const Run *run = &r->items[i];
    size_t elsewhere = 0;
    for (size_t k = i + 1; k < r->n && elsewhere < 2; k++) elsewhere += r->items[k].heading && r->items[k].size == run->size;
    return elsewhere == 2 && !has_figure(page->lines[run->first]) && has_prose(page, &(Run){.end = run->end}, &(Run){.first = (uint32_t)page->n});
}

// Names, dates and places below the title are no headings; what is numbered, or heads the page's text, is one.
static void clear_title_page(Runs *r, const PdfPage *pages)
{
    size_t first = 0, end, title;
    while (first < r->n && !r->items[first].heading) first++;
    if (first == r->n) return;
    const PdfPage *page = &pages[r->items[first].page];
    for (title = end = first; end < r->n && r->items[end].page == r->items[first].page; end++) {
        if (end > first && r->items[end - 1].prose) break;
        if (r->items[end].heading && r->items[end].size > r->items[title].size) title = end;
    }
    for (size_t i = first; i < end; i++) {
        Run *run = &r->items[i];
        run->heading &= i == title || begins_numbered(page->lines[run->first]) || (i + 1 == end && heads_page(r, page, i));
    }
}

static bool is_followed(const PdfPage *pages, const Run *a, const Run *b)
{
    if (a->page != b->page) return false;
    for (size_t i = a->end; i < b->first; i++)
        if (pages[a->page].lines[i].len && !pages[a->page].gone[i]) return false;
    return true;
}

// "CHAPTER", "ONE", and then the chapter's heading: what another heading follows that is as large heads nothing.
static void drop_empty(Runs *r, const PdfPage *pages)
{
    const Run *next = NULL;
    for (size_t i = r->n; i-- > 0;) {
        Run *run = &r->items[i];
        if (!run->heading) next = NULL;
        else if (next && next->size >= run->size && i > 0 && is_followed(pages, run, next)) run->heading = false;
        else next = run;
    }
}

static void rank(Runs *r)
{
    uint8_t levels[SIZES] = {0};
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].heading) levels[r->items[i].size] = 1;
    for (size_t s = SIZES, level = 0, before = 0; s-- > 1;) {
        if (!levels[s]) continue;
        if ((level == 0 || before - s > ALIKE) && level < LEVELS) level++;
        levels[s] = (uint8_t)level;
        before = s;
    }
    for (size_t i = 0; i < r->n; i++) r->items[i].level = r->items[i].heading ? levels[r->items[i].size] : 0;
}

static void mark(const Run *run, PdfPage *p)
{
    bool first = true;
    for (size_t i = run->first; i < run->end; i++) {
        if (p->lines[i].len == 0 || p->gone[i]) continue;
        p->headings[i] = first ? run->level : run->level | PDF_HEADING_GOES_ON;
        first = false;
    }
}

void pdf_headings(PdfPage *pages, size_t n, Arena *a)
{
    Runs runs = {0};
    size_t total;
    uint8_t body = find_body(pages, n, &total);
    if (body == 0 || body >= SIZES - LARGER) return;
    find_runs(&runs, pages, n, (uint8_t)(body + LARGER), a);
    find_prose(&runs, pages, n);
    judge(&runs, pages, total);
    drop_common(&runs, pages, n, a);
    clear_title_page(&runs, pages);
    drop_empty(&runs, pages);
    rank(&runs);
    for (size_t i = 0; i < runs.n; i++)
        if (runs.items[i].heading) mark(&runs.items[i], &pages[runs.items[i].page]);
}
