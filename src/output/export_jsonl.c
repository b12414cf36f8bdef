// SPDX-License-Identifier: Apache-2.0
//
// jsonl: {"messages":[{"role","content"}],"id","split","source","topic","document","template","labels":{…},
// "metadata":"…"} a line. TRL's trainers and datasets.load_dataset("json") take it as it is.
#include "output/export_formats.h"

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    f->rows++;
    buf_add(&f->line, S("{\"messages\":"));
    export_messages(row, &f->line);
    export_facts(f, row, &f->line);
    buf_add(&f->line, S("}\n"));
    return true;
}

const ExportFormat export_jsonl = {.name = "jsonl", .ending = ".jsonl", .text = true, .row = row};
