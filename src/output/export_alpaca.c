// SPDX-License-Identifier: Apache-2.0
//
// alpaca: [{"instruction","input","output","system","history":[["user","assistant"],…]}], the last exchange as
// instruction and output, what came before it as history.
#include "base/json.h"
#include "output/export_formats.h"

static void add(Buf *out, Str before, Str text)
{
    buf_add(out, before);
    json_write_string(out, text.ptr ? text : S(""));
}

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    ExportPairs pairs;
    Buf *b = &f->line;
    if (!export_pairs(row, &f->arena, &pairs)) {
        f->unfit++;
        return true;
    }
    f->trimmed += pairs.trimmed;
    buf_add(b, f->rows++ ? S(",\n") : S("[\n"));
    add(b, S("{\"instruction\":"), pairs.texts[pairs.n - 2]);
    add(b, S(",\"input\":\"\",\"output\":"), pairs.texts[pairs.n - 1]);
    add(b, S(",\"system\":"), pairs.system);
    buf_add(b, S(",\"history\":["));
    for (size_t i = 0; i + 2 < pairs.n; i += 2) {
        add(b, i ? S(",[") : S("["), pairs.texts[i]);
        add(b, S(","), pairs.texts[i + 1]);
        buf_add_char(b, ']');
    }
    buf_add(b, S("]}"));
    return true;
}

static bool end(ExportFile *f, Error *e)
{
    (void)e;
    buf_add(&f->line, f->rows ? S("\n]\n") : S("[]\n"));
    return true;
}

const ExportFormat export_alpaca = {.name = "alpaca", .ending = ".json", .text = true, .row = row, .end = end};
