// SPDX-License-Identifier: Apache-2.0
#include "cli/wrap.h"

#include "base/utf8.h"

void wrap_words(Buf *out, Str text, size_t at, size_t indent, unsigned width)
{
    Str word;
    bool first = true;
    while (str_cut(&text, ' ', &word)) {
        size_t letters = utf8_count(word);
        if (!first && at > indent && at + 1 + letters > width) {
            buf_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            buf_add_char(out, ' ');
            at++;
        }
        buf_add(out, word);
        at += letters;
        first = false;
    }
    buf_add_char(out, '\n');
}

void wrap_lines(Buf *out, Str text, size_t indent, unsigned width)
{
    Str line;
    if (text.len && text.ptr[text.len - 1] == '\n') text.len--;
    while (str_cut(&text, '\n', &line)) {
        if (width == 0 || utf8_count(line) <= width) {
            buf_add(out, line);
            buf_add_char(out, '\n');
        } else {
            wrap_words(out, line, 0, indent, width);
        }
    }
}
