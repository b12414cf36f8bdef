// SPDX-License-Identifier: Apache-2.0
#include "output/csv.h"

static bool needs_quotes(Str value)
{
    if (value.len == 0) return false;
    if (str_is_space(value.ptr[0]) || str_is_space(value.ptr[value.len - 1])) return true;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == ',' || c == '"' || c == '\r' || c == '\n') return true;
    }
    return false;
}

CsvLine csv_line(Buf *out) { return (CsvLine){.out = out, .start = out->len}; }

void csv_field(CsvLine *line, Str value)
{
    if (line->fields++) buf_add_char(line->out, ',');
    if (!needs_quotes(value)) {
        buf_add(line->out, value);
        return;
    }
    buf_add_char(line->out, '"');
    size_t at;
    while ((at = str_find_char(value, '"')) != STR_NONE) {
        buf_add(line->out, str_slice(value, 0, at + 1));
        buf_add_char(line->out, '"');
        value = str_slice(value, at + 1, value.len);
    }
    buf_add(line->out, value);
    buf_add_char(line->out, '"');
}

void csv_end(CsvLine *line)
{
    if (line->fields == 1 && line->out->len == line->start) buf_add(line->out, S("\"\""));
    buf_add(line->out, S("\r\n"));
}
