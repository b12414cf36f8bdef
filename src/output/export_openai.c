// SPDX-License-Identifier: Apache-2.0
//
// openai: lines for fine-tuning chat models, {"messages":[…]} and nothing else. What their validation
// refuses is left out and counted: a conversation without an answer of the assistant, or with an empty message.
// Messages behind the last answer are cut off, because the last must be the assistant's.
#include "output/export_formats.h"

// How many messages there are up to the last answer; 0: none, or one is empty.
static size_t up_to_answer(const ExportRow *row)
{
    size_t n = row->n;
    while (n && !str_eq(export_role(row->messages[n - 1].role), S("assistant"))) n--;
    for (size_t i = 0; i < n; i++)
        if (row->messages[i].content.len <= 2) return 0;
    return n;
}

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    ExportRow cut = *row;
    cut.n = up_to_answer(row);
    if (!cut.n) {
        f->unfit++;
        return true;
    }
    f->rows++;
    f->trimmed += cut.n < row->n;
    buf_add(&f->line, S("{\"messages\":"));
    export_messages(&cut, &f->line);
    buf_add(&f->line, S("}\n"));
    return true;
}

const ExportFormat export_openai = {.name = "openai", .ending = ".jsonl", .text = true, .row = row};
