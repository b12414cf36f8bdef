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

CsvRow csv_row(Buf *out) { return (CsvRow){.out = out, .start = out->len}; }

void csv_field(CsvRow *row, Str value)
{
    if (row->fields++) buf_add_char(row->out, ',');
    if (!needs_quotes(value)) {
        buf_add(row->out, value);
        return;
    }
    buf_add_char(row->out, '"');
    size_t at;
    while ((at = str_find_char(value, '"')) != STR_NONE) {
        buf_add(row->out, str_slice(value, 0, at + 1));
        buf_add_char(row->out, '"');
        value = str_slice(value, at + 1, value.len);
    }
    buf_add(row->out, value);
    buf_add_char(row->out, '"');
}

void csv_end(CsvRow *row)
{
    if (row->fields == 1 && row->out->len == row->start) buf_add(row->out, S("\"\""));
    buf_add(row->out, S("\r\n"));
}
