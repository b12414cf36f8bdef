// SPDX-License-Identifier: Apache-2.0
//
// chatml: {"text":"<|im_start|>user\n…<|im_end|>\n…"} a line. A marker inside a message is broken by a space, so
// that no message can end its own turn and open another.
#include "base/json.h"
#include "output/export_formats.h"

static void add_content(Buf *out, Str text)
{
    size_t at;
    while ((at = str_find(text, S("<|im_"))) != STR_NONE) {
        buf_add(out, str_slice(text, 0, at + 1));
        buf_add_char(out, ' ');
        text = str_slice(text, at + 1, text.len);
    }
    buf_add(out, text);
}

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    Buf text = {0}, content = {0};
    for (size_t i = 0; i < row->n; i++) {
        buf_clear(&content);
        json_slice_text(&content, row->messages[i].content);
        buf_add(&text, S("<|im_start|>"));
        buf_add(&text, export_role(row->messages[i].role));
        buf_add_char(&text, '\n');
        add_content(&text, buf_str(&content));
        buf_add(&text, S("<|im_end|>\n"));
    }
    f->rows++;
    buf_add(&f->line, S("{\"text\":"));
    json_write_string(&f->line, buf_str(&text));
    buf_add(&f->line, S("}\n"));
    buf_free(&text);
    buf_free(&content);
    return true;
}

const ExportFormat export_chatml = {.name = "chatml", .ending = ".jsonl", .text = true, .row = row};
