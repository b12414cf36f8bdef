// SPDX-License-Identifier: Apache-2.0
#include "cli/event.h"

#include "base/json.h"

static void add_text(Buf *out, const char *key, const char *text)
{
    buf_printf(out, ",\"%s\":", key);
    if (text[0])
        json_write_string(out, str_from(text));
    else
        buf_add(out, S("null"));
}

static void add_number(Buf *out, const char *key, unsigned n)
{
    if (n)
        buf_printf(out, ",\"%s\":%u", key, n);
    else
        buf_printf(out, ",\"%s\":null", key);
}

void event_error_keys(const Error *e, Buf *out)
{
    buf_add(out, S("\"code\":"));
    json_write_string(out, str_from(e->code));
    add_text(out, "message", e->what);
    add_text(out, "file", e->place.file);
    add_number(out, "line", e->place.line);
    add_number(out, "column", e->place.column);
    add_text(out, "hint", e->hint);
}

void event_message(const Error *e, Buf *out)
{
    buf_printf(out, "{\"event\":\"%s\",", e->warning ? "warning" : "error");
    event_error_keys(e, out);
    buf_add(out, S("}\n"));
}
