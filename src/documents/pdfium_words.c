// SPDX-License-Identifier: Apache-2.0
#include "documents/pdfium_words.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "documents/pdfium_order.h"

// ---- lines --------------------------------------------------------------------------------------

static float smaller(float a, float b) { return a < b ? a : b; }
static float larger(float a, float b) { return a > b ? a : b; }

static float common(const PdfBox *a, const PdfBox *b) { return smaller(a->bottom, b->bottom) - larger(a->top, b->top); }

static bool same_row(const PdfBox *a, const PdfBox *b)
{
    const float least = 0.4F;   // of the lower one's height, so that exponents are in it and close lines are not
    return common(a, b) >= least * smaller(pdf_box_height(a), pdf_box_height(b));
}

static bool is_turned(const PdfPages *p, const PdfWord *w)
{
    return w->len > 2 && pdf_box_height(&w->box) > 1.5F * (w->box.right - w->box.left) && utf8_count((Str){p->letters.ptr + w->at, w->len}) > 2;
}

// Leaders, the dots from a title to its page's number, hold its line together.
static bool is_dots(const PdfPages *p, const PdfWord *w)
{
    for (uint32_t i = 0; i < w->len; i++)
        if (p->letters.ptr[w->at + i] != '.') return false;
    return true;
}

static PdfBreak break_in_row(const PdfPages *p, const PdfWord *a, const PdfWord *b)
{
    if (is_dots(p, a) || is_dots(p, b)) return PDF_SAME_LINE;
    const float cell = 0.7F, back = 0.5F;   // of the letters' height
    float height = larger(pdf_box_height(&a->box), pdf_box_height(&b->box)), across = b->box.left - a->box.right;
    if (across > cell * height) return PDF_NEW_CELL;
    return across > -back * height || b->before == PDF_SAME_LINE ? PDF_SAME_LINE : PDF_NEW_LINE;
}

// `line`: where the line of `a` lies.
static PdfBreak break_between(const PdfPages *p, const PdfBox *line, const PdfWord *a, const PdfWord *b)
{
    const float apart = 0.8F, larger_font = 1.25F;
    if (is_turned(p, a) || is_turned(p, b)) return b->before == PDF_SAME_LINE ? PDF_SAME_LINE : PDF_NEW_FLOW;
    if (same_row(&a->box, &b->box)) return break_in_row(p, a, b);
    float one = pdf_box_height(&a->box), other = pdf_box_height(&b->box), low = smaller(one, other), high = larger(one, other);
    float down = b->box.top - line->bottom;
    bool beside = b->box.left > line->right || b->box.right < line->left;
    return down < -low || down > apart * low || high > larger_font * low || (beside && down < 0) ? PDF_NEW_FLOW : PDF_NEW_LINE;
}

static void find_breaks(PdfPages *p)
{
    PdfBox line = {0};
    for (size_t i = 0; i < p->n; i++) {
        PdfWord *w = &p->words[i];
        PdfBreak before = i ? break_between(p, &line, w - 1, w) : PDF_NEW_FLOW;
        if (before > PDF_NEW_CELL) line = w->box;
        else line = (PdfBox){smaller(line.left, w->box.left), smaller(line.top, w->box.top), larger(line.right, w->box.right), larger(line.bottom, w->box.bottom)};
        w->before = before;
    }
}

// ---- reading ------------------------------------------------------------------------------------

static bool read_number(Str *s, float *x)
{
    const int32_t most = 1000000000;
    size_t i = str_starts(*s, S("-"));
    int32_t n = 0;
    bool minus = i == 1;
    for (; i < s->len && str_is_digit(s->ptr[i]) && n < most / 10; i++) n = n * 10 + (s->ptr[i] - '0');
    if (i >= s->len || s->ptr[i] != ' ') return false;
    *x = (float)(minus ? -n : n) / PDFIUM_UNIT;
    *s = str_slice(*s, i + 1, s->len);
    return true;
}

static bool has_marks(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] == 0xCC || (unsigned char)s.ptr[i] == 0xCD) return true;
    return false;
}

// A letter and the accent over it as one (NFC).
static void add_composed(Buf *out, Str s)
{
    enum { LETTERS = 1024 };
    UChar wide[LETTERS], composed[LETTERS];
    char back[3 * LETTERS];
    int32_t n, len = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(wide, LETTERS, &n, s.ptr, (int32_t)smaller((float)s.len, 3 * LETTERS), &status);
    n = unorm2_normalize(unorm2_getNFCInstance(&status), wide, n, composed, LETTERS, &status);
    u_strToUTF8(back, sizeof back, &len, composed, n, &status);
    buf_add(out, U_SUCCESS(status) ? (Str){back, (size_t)len} : s);
}

static void read_word(PdfPages *p, Str line, PdfBreak before)
{
    PdfBox box;
    bool ok = read_number(&line, &box.left) && read_number(&line, &box.top) && read_number(&line, &box.right) && read_number(&line, &box.bottom);
    PdfWord *w = ok && line.len ? pdf_pages_add(p, box, before) : NULL;
    if (!w) return;
    if (has_marks(line)) add_composed(&p->letters, line);
    else buf_add(&p->letters, line);
    w->len = (uint32_t)(p->letters.len - w->at);
    if (w->len == 0) p->n--;
}

static void end_page(PdfiumWords *w)
{
    find_breaks(&w->pages);
    pdfium_order(&w->pages, &w->steps);
    pdf_pages_end(&w->pages);
}

bool pdfium_words_take(PdfiumWords *w, Buf *printed)
{
    Str rest = buf_str(printed);
    size_t end;
    while ((end = str_find_char(rest, '\n')) != STR_NONE) {
        Str line = str_slice(rest, 0, end);
        char kind = end ? line.ptr[0] : 0;
        if (kind == PDFIUM_PAGE) end_page(w);
        else if (kind == PDFIUM_NEW || kind == PDFIUM_SAME) read_word(&w->pages, str_slice(line, 1, end), kind == PDFIUM_NEW ? PDF_NEW_LINE : PDF_SAME_LINE);
        rest = str_slice(rest, end + 1, rest.len);
    }
    w->printed += printed->len - rest.len;
    if (rest.len) memmove(printed->ptr, rest.ptr, rest.len);
    printed->len = rest.len;
    return !pdf_pages_full(&w->pages) && w->printed <= PDFIUM_PRINTED_MAX;
}
