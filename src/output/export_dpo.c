// SPDX-License-Identifier: Apache-2.0
//
// dpo: {"prompt":[{"role","content"}],"chosen":[{"role":"assistant","content"}],"rejected":[…],"reason","id","split"} a line,
// for each answer of an iteration that was rejected: what was asked for the answer that was kept, that answer, and the
// rejected one. TRL's DPOTrainer takes it as it is. An iteration whose first answer was kept gives no line.
#include "base/json.h"
#include "output/export_formats.h"

static void add_answer(Buf *out, Str before, Str text)
{
    buf_add(out, before);
    buf_add(out, S("[{\"role\":\"assistant\",\"content\":"));
    json_write_string(out, text);
    buf_add(out, S("}]"));
}

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    Buf *b = &f->line;
    if (!row->n_rejected) f->unfit++;
    for (size_t i = 0; i < row->n_rejected; i++) {
        f->rows++;
        buf_add(b, S("{\"prompt\":"));
        buf_add(b, row->prompt);
        add_answer(b, S(",\"chosen\":"), row->chosen);
        add_answer(b, S(",\"rejected\":"), row->rejected[i].text);
        buf_add(b, S(",\"reason\":"));
        json_write_string(b, row->rejected[i].reason);
        buf_add(b, S(",\"id\":"));
        buf_add(b, row->id.ptr ? row->id : S("null"));
        buf_add(b, S(",\"split\":"));
        json_write_string(b, row->split);
        buf_add(b, S("}\n"));
    }
    return true;
}

const ExportFormat export_dpo = {.name = "dpo", .ending = ".jsonl", .text = true, .row = row};
