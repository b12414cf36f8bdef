// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_boxes.h"

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
    PdfWord *w = text.len ? pdf_pages_add(&b->pages, read_box(tag), b->pending) : NULL;
    if (!w) return;
    add_letters(&b->pages.letters, text);
    w->len = (uint32_t)(b->pages.letters.len - w->at);
    b->pending = PDF_SAME_LINE;
    b->unordered |= is_right_to_left(text);
}

static void read_break(PdfBoxes *b, Str tag)
{
    PdfBreak next = str_starts(tag, S("flow")) ? PDF_NEW_FLOW : str_starts(tag, S("block")) ? PDF_NEW_BLOCK
                  : str_starts(tag, S("line")) ? PDF_NEW_LINE : PDF_SAME_LINE;
    if (next > b->pending) b->pending = next;
    if (str_eq(tag, S("/page"))) pdf_pages_end(&b->pages);
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
    return !pdf_pages_full(&b->pages) && b->printed <= PDF_BOXES_PRINTED_MAX;
}
