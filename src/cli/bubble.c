// SPDX-License-Identifier: Apache-2.0
#include "cli/bubble.h"

#include <unicode/uchar.h>

#include "base/utf8.h"

enum { MARGIN = 8, NARROWEST = 24 };

unsigned letter_columns(uint32_t c)
{
    int8_t type = u_charType((UChar32)c);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
    int width = u_getIntPropertyValue((UChar32)c, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

// Controls, and the marks that turn the direction of what follows them.
static bool is_harmful(uint32_t c)
{
    return c == UTF8_BAD || c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

void bubble_safe(Str text, Buf *out)
{
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        uint32_t c = utf8_next(text, &at);
        if (c == '\n' || c == '\t') buf_add_char(out, ' ');
        else if (is_harmful(c)) buf_add_char(out, '?');
        else buf_add(out, str_slice(text, start, at));
    }
}

static unsigned columns_of(Str s)
{
    unsigned n = 0;
    for (size_t at = 0; at < s.len;) n += letter_columns(utf8_next(s, &at));
    return n;
}

// The longest piece of *rest that fits into `width` columns, cut at a space where there is one.
static Str take_line(Str *rest, unsigned width)
{
    size_t at = 0, space = 0;
    unsigned used = 0;
    while (at < rest->len) {
        size_t next = at;
        uint32_t c = utf8_next(*rest, &next);
        unsigned columns = letter_columns(c);
        if (used + columns > width) break;
        if (c == ' ') space = at;
        used += columns;
        at = next;
    }
    size_t end = at == rest->len || !space ? at : space;
    if (at < rest->len && rest->ptr[at] == ' ') end = at;
    Str line = str_slice(*rest, 0, end);
    *rest = str_slice(*rest, end, rest->len);
    while (rest->len && rest->ptr[0] == ' ') *rest = str_slice(*rest, 1, rest->len);
    return line;
}

typedef struct Box {
    const BubbleStyle *style;
    unsigned side, inner, indent;
    Buf *out;
} Box;

static void repeat(Buf *out, Str s, unsigned n)
{
    while (n--) buf_add(out, s);
}

static void colour(const Box *b, bool on)
{
    if (b->style->colour) buf_add(b->out, !on ? S("\x1b[0m") : b->side ? S("\x1b[32m") : S("\x1b[36m"));
}

static void edge(const Box *b, bool top, Str name)
{
    bool u = b->style->unicode;
    Str line = u ? S("─") : S("-");
    unsigned used = name.len ? columns_of(name) + 3 : 0;
    repeat(b->out, S(" "), b->indent);
    colour(b, true);
    buf_add(b->out, !u ? S("+") : top ? S("╭") : S("╰"));
    if (used) {
        buf_add(b->out, line);
        buf_add_char(b->out, ' ');
        buf_add(b->out, name);
        buf_add_char(b->out, ' ');
    }
    repeat(b->out, line, b->inner + 2 - used);
    buf_add(b->out, !u ? S("+") : top ? S("╮") : S("╯"));
    colour(b, false);
    buf_add_char(b->out, '\n');
}

static void row(const Box *b, Str line)
{
    Str bar = b->style->unicode ? S("│") : S("|");
    repeat(b->out, S(" "), b->indent);
    colour(b, true);
    buf_add(b->out, bar);
    colour(b, false);
    buf_add_char(b->out, ' ');
    buf_add(b->out, line);
    repeat(b->out, S(" "), b->inner - columns_of(line));
    buf_add_char(b->out, ' ');
    colour(b, true);
    buf_add(b->out, bar);
    colour(b, false);
    buf_add_char(b->out, '\n');
}

// Calls row for each line, or with `b` NULL only finds the widest.
static unsigned lines(const Box *b, Str text, unsigned width)
{
    unsigned widest = 0;
    Str part;
    while (str_cut(&text, '\n', &part)) {
        Buf safe = {0};
        bubble_safe(part, &safe);
        Str rest = buf_str(&safe);
        do {
            Str line = take_line(&rest, width);
            unsigned columns = columns_of(line);
            if (columns > widest) widest = columns;
            if (b) row(b, line);
        } while (rest.len);
        buf_free(&safe);
    }
    return widest;
}

void bubble_add(const BubbleStyle *style, unsigned side, Str name, Str text, Buf *out)
{
    unsigned width = style->width < NARROWEST ? NARROWEST : style->width;
    unsigned room = width - 4 - (width > 3 * MARGIN ? MARGIN : 0);
    Buf safe = {0};
    bubble_safe(name, &safe);
    Str shown = buf_str(&safe), rest = shown;
    shown = columns_of(shown) + 2 > room ? take_line(&rest, room - 2) : shown;
    unsigned inner = lines(NULL, text, room), least = columns_of(shown) + 2;
    if (inner < least) inner = least;
    Box box = {style, side, inner, side ? width - inner - 4 : 0, out};
    edge(&box, true, shown);
    lines(&box, text, room);
    edge(&box, false, (Str){0});
    buf_free(&safe);
}
