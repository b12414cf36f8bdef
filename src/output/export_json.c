// SPDX-License-Identifier: Apache-2.0
//
// json: the project's own records in one array, a record a line, as in generated/<stamp>.json.
#include "output/export_formats.h"

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    buf_add(&f->line, f->rows++ ? S(",\n") : S("[\n"));
    buf_add(&f->line, row->record);
    return true;
}

static bool end(ExportFile *f, Error *e)
{
    (void)e;
    buf_add(&f->line, f->rows ? S("\n]\n") : S("[]\n"));
    return true;
}

const ExportFormat export_json = {.name = "json", .ending = ".json", .text = true, .row = row, .end = end};
