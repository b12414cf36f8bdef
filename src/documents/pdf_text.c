// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_text.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "documents/markdown_writer.h"
#include "documents/pdf_contents.h"
#include "documents/pdf_headings.h"
#include "documents/pdf_hyphens.h"
#include "documents/pdf_tables.h"
#include "text/words.h"

enum {
    EDGE = 3,       // lines at a page's top and bottom where headers and footers stand
    LINES_MAX = 4096,  // of a page; what follows is one line
};

static PdfPage read_page(Str text, Str sizes, Arena *a)
{
    PdfPage p = {.sizes = sizes};
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++) n += text.ptr[i] == '\n';
    if (n > LINES_MAX) n = LINES_MAX;
    p.lines = arena_new(a, Str, n);
    p.gone = arena_new(a, bool, n);
    p.table = arena_new(a, bool, n);
    p.headings = arena_new(a, uint8_t, n);
    Str rest = text, line;
    while (p.n < n && str_cut(&rest, '\n', &line)) p.lines[p.n++] = space_trim(line);
    if (rest.len && p.n) p.lines[p.n - 1] = space_trim(rest);
    return p;
}

// ---- tables -------------------------------------------------------------------------------------

// The lines that have exactly these words, from `first` to before `end`; false: there are none.
static bool find_lines(const PdfPage *p, const PdfWords *words, PdfWords want, size_t *first, size_t *end)
{
    PdfWords have = {0};
    *first = *end = 0;
    for (; *end < p->n && want.n; ++*end) {
        if (p->gone[*end] || p->table[*end]) {
            have = (PdfWords){0};
            *first = *end + 1;
            continue;
        }
        have.sum += words[*end].sum;
        have.n += words[*end].n;
        for (; have.n > want.n || (*first < *end && words[*first].n == 0); ++*first) {
            have.sum -= words[*first].sum;
            have.n -= words[*first].n;
        }
        if (have.n == want.n && have.sum == want.sum) return ++*end, true;
    }
    return false;
}

// Whether lines, or the tabs within them, have taken the table's rows apart; else they read well as they are.
static bool is_scattered(const PdfPage *p, size_t first, size_t end, size_t rows)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        n += p->lines[i].len > 0;
        for (size_t k = 0; k < p->lines[i].len; k++) n += p->lines[i].ptr[k] == '\t';
    }
    return n * 4 > rows * 5;
}

// Rows at its top and bottom may be a line of text that only stood near.
static void put_table(PdfPage *p, const PdfWords *words, const PdfTable *t, Arena *a)
{
    enum { LEFT_OUT = 2 };
    for (size_t out = 0; out <= 2 * LEFT_OUT; out++)
        for (size_t top = out > LEFT_OUT ? out - LEFT_OUT : 0; top <= out && top <= LEFT_OUT; top++) {
            size_t bottom = out - top, first, end;
            if (t->rows < out + PDF_TABLE_ROWS) return;
            PdfWords want = {0};
            for (size_t row = top; row < t->rows - bottom; row++) want.sum += t->words[row].sum, want.n += t->words[row].n;
            if (!find_lines(p, words, want, &first, &end)) continue;
            if (!is_scattered(p, first, end, t->rows - out)) return;
            for (size_t i = first; i < end; i++) p->lines[i] = (Str){0};
            p->table[first] = true;
            p->lines[first] = pdf_table_markdown(t, top, t->rows - bottom, a);
            return;
        }
}

static void put_tables(PdfPage *p, Str laid_out, Arena *a)
{
    PdfTable *tables;
    size_t n = pdf_tables_find(laid_out, a, &tables);
    if (n == 0) return;
    PdfWords *words = arena_new(a, PdfWords, p->n);
    for (size_t i = 0; i < p->n; i++) words[i] = pdf_words(p->lines[i]);
    for (size_t i = 0; i < n; i++) put_table(p, words, &tables[i], a);
}

// ---- headers and footers ------------------------------------------------------------------------

// A line with its numbers taken for one, so that "Page 3" and "Page 4" are the same.
static uint64_t shape(Str line)
{
    char text[200];
    size_t n = 0;
    for (size_t i = 0; i < line.len && n < sizeof text; i++) {
        bool digit = str_is_digit(line.ptr[i]);
        if (digit && n && text[n - 1] == '0') continue;
        text[n++] = digit ? '0' : line.ptr[i];
    }
    return hash64((Str){text, n}, n);
}

// The k-th line with text from the top (or the bottom), or STR_NONE.
static size_t edge_line(const PdfPage *p, unsigned k, bool bottom)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t line = bottom ? p->n - 1 - i : i;
        if (p->table[line]) return STR_NONE;
        if (p->lines[line].len && k-- == 0) return line;
    }
    return STR_NONE;
}

typedef struct Shape {
    uint64_t hash;
    uint32_t page, line;
} Shape;

static int by_hash(const void *a, const void *b)
{
    const Shape *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->page > y->page) - (x->page < y->page);
}

// A line at the same edge of at least three pages, and of a fifth of them (chapters change titles),
// is no text.
static void drop_repeated(PdfPage *pages, size_t n, Arena *a)
{
    Shape *shapes = arena_new(a, Shape, n * EDGE);
    for (int bottom = 0; bottom < 2; bottom++) {
        size_t m = 0;
        for (size_t p = 0; p < n; p++)
            for (unsigned k = 0; k < EDGE; k++) {
                size_t line = edge_line(&pages[p], k, bottom);
                if (line != STR_NONE) shapes[m++] = (Shape){shape(pages[p].lines[line]), (uint32_t)p, (uint32_t)line};
            }
        if (m) qsort(shapes, m, sizeof *shapes, by_hash);
        for (size_t i = 0, j; i < m; i = j) {
            for (j = i + 1; j < m && shapes[j].hash == shapes[i].hash;) j++;
            if (j - i < 3 || (j - i) * 5 < n) continue;
            // What the first page has on top may be the title that the others repeat.
            for (size_t k = i; k < j; k++)
                if (shapes[k].page || bottom) pages[shapes[k].page].gone[shapes[k].line] = true;
        }
    }
}

// "12", "- 12 -", "Page 12 of 30", "xii" alone at an edge.
static bool is_page_number(Str line)
{
    size_t digits = 0, letters = 0, others = 0, roman = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (str_is_digit(line.ptr[i])) digits++;
        else if (str_is_alpha(line.ptr[i])) letters++, roman += memchr("ivxlIVXL", line.ptr[i], 8) != NULL;
        else others += !str_is_space(line.ptr[i]);
    }
    if (line.len == 0 || line.len > 24) return false;
    if (letters == 0) return digits > 0 && digits <= 5 && others <= 4;
    if (digits == 0) return letters == roman && letters <= 6 && others == 0;
    return str_eq_ignore_case(str_slice(line, 0, 4), S("page")) && letters <= 6;
}

static void drop_numbers(PdfPage *p)
{
    size_t top = edge_line(p, 0, false), bottom = edge_line(p, 0, true);
    if (top != STR_NONE && is_page_number(p->lines[top])) p->gone[top] = true;
    if (bottom != STR_NONE && is_page_number(p->lines[bottom])) p->gone[bottom] = true;
}

// ---- paragraphs ---------------------------------------------------------------------------------

static bool lower(char c) { return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0xC3; }

// Whether a line reads on in the next: it is as long as its neighbours, or the next begins small.
static bool reads_on(Str line, Str next, size_t width)
{
    char first = next.ptr[0];
    if (first == '-' || first == '*') return false;
    return line.len * 10 >= width * 7 || lower(first);
}

// The bytes of a bullet that a line begins with; 0: none.
static size_t bullet_len(Str line)
{
    static const Str bullets[] = {S_INIT("\xE2\x80\xA2"), S_INIT("\xE2\x96\xAA"), S_INIT("\xE2\x97\xA6"), S_INIT("\xE2\x97\x8F"),
                                  S_INIT("\xE2\x96\xA0"), S_INIT("\xEF\x82\xB7"), S_INIT("\xE2\x80\xA3"), S_INIT("\xE2\x97\x8B")};
    for (size_t i = 0; i < sizeof bullets / sizeof *bullets; i++)
        if (str_starts(line, bullets[i])) return bullets[i].len;
    return 0;
}

typedef struct Flow {
    Buf *out;
    const PdfHyphens *hyphens;
    size_t width;       // of the page's longest line
    Str before;         // the line before, in the same paragraph or item
    bool paragraph;     // the next line begins one
    bool bullet;        // the next line is an item
    bool in_list;       // the last paragraph was one
    bool heading;       // the last line was one's
    size_t line;        // where the line that is written begins; STR_NONE: it may look like what it is
    bool first;         // it is its block's first one
} Flow;

// A line that Markdown would take for something else. The first of a page may come to stand at the document's start.
static void end_line(Flow *f)
{
    Buf *b = f->out;
    if (f->line == STR_NONE || !markdown_is_mark(str_slice(buf_str(b), f->line, b->len), f->first && f->line > 0)) return;
    buf_add_char(b, 0);
    if (b->full) return;
    memmove(b->ptr + f->line + 1, b->ptr + f->line, b->len - 1 - f->line);
    b->ptr[f->line] = '\\';
}

static void begin_line(Flow *f, Str gap)
{
    end_line(f);
    if (f->out->len) buf_add(f->out, gap);
    f->line = f->out->len;
    f->first = !str_eq(gap, S("\n"));
}

static bool in_word(char c) { return str_is_alpha(c) || str_is_digit(c) || (unsigned char)c >= 0x80; }
static bool ends_in_hyphen(Str line) { return line.len > 1 && line.ptr[line.len - 1] == '-' && in_word(line.ptr[line.len - 2]); }
static bool begins_word(Str line) { return in_word(line.ptr[0]) && bullet_len(line) == 0; }

// What goes between the line before and this one; takes back a hyphen that only the line end made.
static void join_line(Flow *f, Str line)
{
    Buf *b = f->out;
    Str before = f->before;
    if (f->bullet) {
        begin_line(f, f->in_list ? S("\n") : S("\n\n"));
        buf_add(b, S("- "));
    } else if (f->paragraph) {
        begin_line(f, S("\n\n"));
    } else if (ends_in_hyphen(before) && begins_word(line)) {
        if (!pdf_hyphen_stays(f->hyphens, before, line)) b->len--;
    } else if (str_ends(before, S("\xC2\xAD"))) {
        b->len -= 2;
    } else {
        if (f->heading || reads_on(before, line, f->width)) buf_add_char(b, ' ');
        else begin_line(f, S("\n"));
    }
    if (f->bullet || f->paragraph) f->in_list = f->bullet;
}

// Cells that were taken for no table are words of a line.
static void add_line(Buf *b, Str line)
{
    Str part;
    for (bool first = true; str_cut(&line, '\t', &part); first = false) {
        if (!first) buf_add_char(b, ' ');
        buf_add(b, part);
    }
}

static void begin_heading(Flow *f, unsigned level)
{
    begin_line(f, S("\n\n"));
    f->line = STR_NONE;
    while (level--) buf_add_char(f->out, '#');
    buf_add_char(f->out, ' ');
    f->in_list = false;
}

// Lines of a heading follow each other whatever stood between them.
static void write_heading(Flow *f, Str line, uint8_t heading)
{
    if (!(heading & PDF_HEADING_GOES_ON)) {
        begin_heading(f, heading);
    } else {
        f->paragraph = f->bullet = false;
        f->heading = true;
        join_line(f, line);
    }
    add_line(f->out, line);
    f->before = line;
    f->heading = f->paragraph = true;
    f->bullet = false;
}

// Whether its last line is a heading's.
static bool write_page(Buf *b, const PdfPage *p, const PdfHyphens *hyphens)
{
    Flow f = {.out = b, .hyphens = hyphens, .paragraph = true, .line = STR_NONE};
    for (size_t i = 0; i < p->n; i++)
        if (!p->gone[i] && !p->table[i] && p->lines[i].len > f.width && p->lines[i].len < 400) f.width = p->lines[i].len;
    for (size_t i = 0; i < p->n; i++) {
        if (p->gone[i]) continue;
        Str line = p->lines[i];
        if (p->table[i]) {
            begin_line(&f, S("\n\n"));
            buf_add(b, line);
            f = (Flow){.out = b, .hyphens = hyphens, .width = f.width, .paragraph = true, .line = STR_NONE};
            continue;
        }
        if (p->headings[i]) {
            write_heading(&f, line, p->headings[i]);
            continue;
        }
        size_t mark = bullet_len(line);
        f.paragraph |= line.len == 0;
        f.bullet |= mark > 0;
        line = space_trim(str_slice(line, mark, line.len));
        if (line.len == 0) continue;
        join_line(&f, line);
        add_line(b, line);
        f.before = line;
        f.paragraph = f.bullet = f.heading = false;
    }
    end_line(&f);
    return f.heading;
}

// What parts a page's text from the next page's: a space within a sentence that goes on.
static Str page_break(Str text, Str page)
{
    char last = text.ptr[text.len - 1], first = page.ptr[0], second = page.len > 1 ? page.ptr[1] : ' ';
    bool item = second == ')' || second == '.';
    bool goes_on = !item && first >= 'a' && first <= 'z' && (last == ',' || (last >= 'a' && last <= 'z'));
    return goes_on ? S(" ") : S("\n\n");
}

// The end of the dots that lead the eye from a title to its page's number, which begin at `at`; `at`: there are none.
static size_t leader_end(Str s, size_t at)
{
    enum { FEWEST = 5 };  // fewer may be a sentence that trails off
    size_t dots = 0, end = at;
    for (size_t i = at; i < s.len && (s.ptr[i] == '.' || (s.ptr[i] == ' ' && i > 0 && s.ptr[i - 1] == '.')); i++)
        if (s.ptr[i] == '.') {
            dots++;
            end = i + 1;
        }
    return dots >= FEWEST ? end : at;
}

// Without leaders, and without control characters, which some fonts map to.
static Str clean(Str text, Arena *a)
{
    Buf b = {0};
    utf8_add_lossy(&b, text);
    size_t n = 0;
    for (size_t i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i], next = i + 1 < b.len ? (unsigned char)b.ptr[i + 1] : 0;
        size_t end = c == '.' && (n == 0 || b.ptr[n - 1] != '.') ? leader_end(buf_str(&b), i) : i;
        if (end > i) {
            while (end < b.len && b.ptr[end] == ' ') end++;
            if (n && b.ptr[n - 1] != ' ') b.ptr[n++] = ' ';
            i = end - 1;
        } else if (c == 0xC2 && next >= 0x80 && next < 0xA0) {
            i++;
        } else if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t' || c == '\f') {
            b.ptr[n++] = b.ptr[i];
        }
    }
    Str out = arena_str(a, (Str){b.ptr, n});
    buf_free(&b);
    return out;
}

Str pdf_text(Str printed, PdfLayout layout, Arena *a, uint64_t **starts, uint32_t *n_pages)
{
    Str rest = clean(printed, a), text, raw;
    PdfHyphens hyphens = pdf_hyphens(rest, a);
    size_t n = 0, cap = 0, in_all = 0;
    for (size_t i = 0; i < printed.len; i++) in_all += printed.ptr[i] == '\f';
    PdfPage *pages = NULL;
    while (str_cut(&rest, '\f', &text) && n < PDF_PAGES_MAX) {
        if (!rest.ptr && text.len == 0) break;  // behind the last form feed
        pages = arena_grow(a, pages, n, &cap, sizeof *pages);
        bool contents = str_cut(&printed, '\f', &raw) && pdf_is_contents(raw, in_all);
        if (contents) text = clean(pdf_above_contents(raw), a);
        pages[n] = read_page(text, layout.sizes && n < layout.n ? layout.sizes[n] : (Str){0}, a);
        if (!contents && n < layout.n && layout.pages[n].ptr) put_tables(&pages[n], clean(layout.pages[n], a), a);
        n++;
    }
    if (n >= 3) drop_repeated(pages, n, a);
    for (size_t i = 0; i < n; i++) drop_numbers(&pages[i]);
    pdf_headings(pages, n, a);
    *starts = arena_new(a, uint64_t, n + 1);
    *n_pages = (uint32_t)n;
    Buf b = {0};
    bool heading = false;   // before this page
    for (size_t i = 0; i < n; i++) {
        size_t before = b.len;
        Buf page = {0};
        bool ends_in_heading = write_page(&page, &pages[i], &hyphens);
        if (page.len && before) buf_add(&b, heading ? S("\n\n") : page_break(buf_str(&b), buf_str(&page)));
        if (page.len) heading = ends_in_heading;
        (*starts)[i] = b.len;
        buf_add(&b, buf_str(&page));
        buf_free(&page);
    }
    Str out = arena_str(a, buf_str(&b));
    buf_free(&b);
    return out;
}
