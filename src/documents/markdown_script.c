// SPDX-License-Identifier: Apache-2.0
//
// What stands above or below the line: powers, indices, the marks of notes (see markdown_writer.h).
#include "base/utf8.h"
#include "documents/markdown_writer.h"

size_t markdown_mark(const MarkdownWriter *w) { return w->line.len; }

// The small form of a figure or sign; 0: there is none.
static uint32_t small_form(uint32_t c, bool raised)
{
    static const uint16_t high[] = {0x2070, 0xB9, 0xB2, 0xB3, 0x2074, 0x2075, 0x2076, 0x2077, 0x2078, 0x2079};
    if (c >= '0' && c <= '9') return raised ? high[c - '0'] : 0x2080 + (c - '0');
    if (c == '+') return raised ? 0x207A : 0x208A;
    if (c == '-' || c == 0x2212) return raised ? 0x207B : 0x208B;
    return 0;
}

static size_t small_forms(Str text, bool raised, char *to, bool *all)
{
    size_t n = 0;
    *all = true;
    for (size_t i = 0; i < text.len;) {
        uint32_t form = small_form(utf8_next(text, &i), raised);
        *all &= form != 0;
        if (form) n += utf8_encode(form, to + n);
    }
    return n;
}

static bool has_figures(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (str_is_digit(text.ptr[i])) return true;
    return false;
}

void markdown_script(MarkdownWriter *w, size_t mark, MarkdownScript script)
{
    enum { LONGEST = 40 };  // bytes; what is longer is a text in small letters
    if (mark < w->line.len && w->line.ptr[mark] == ' ') mark++;
    if (w->code || mark == 0 || mark >= w->line.len || w->line.len - mark > LONGEST) return;
    char old[LONGEST], small[4 * LONGEST];
    Str text = {old, w->line.len - mark};
    memcpy(old, w->line.ptr + mark, text.len);
    bool note = script == MARKDOWN_NOTE, all;
    size_t n = small_forms(text, script == MARKDOWN_RAISED, small, &all);
    if (memchr("[(", old[0], 2) || (!note && !has_figures(text))) return;
    w->line.len = mark;
    if (all && !note) {
        buf_add(&w->line, (Str){small, n});
        return;
    }
    buf_add_char(&w->line, note ? '[' : script == MARKDOWN_RAISED ? '^' : '_');
    buf_add(&w->line, text);
    if (note) buf_add_char(&w->line, ']');
}
