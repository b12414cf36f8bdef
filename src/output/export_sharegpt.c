// SPDX-License-Identifier: Apache-2.0
//
// sharegpt: {"conversations":[{"from":"human","value"},{"from":"gpt","value"}],"system","id"} a line, human and
// gpt by turns as LLaMA-Factory demands, and a dataset_info.json that it reads beside it.
#include "base/json.h"
#include "output/export_formats.h"

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    (void)e;
    ExportPairs pairs;
    if (!export_pairs(row, &f->arena, &pairs)) {
        f->unfit++;
        return true;
    }
    f->rows++;
    f->trimmed += pairs.trimmed;
    buf_add(&f->line, S("{\"conversations\":["));
    for (size_t i = 0; i < pairs.n; i++) {
        if (i) buf_add_char(&f->line, ',');
        buf_add(&f->line, i % 2 ? S("{\"from\":\"gpt\",\"value\":") : S("{\"from\":\"human\",\"value\":"));
        json_write_string(&f->line, pairs.texts[i]);
        buf_add_char(&f->line, '}');
    }
    buf_add(&f->line, S("],\"system\":"));
    json_write_string(&f->line, pairs.system.ptr ? pairs.system : S(""));
    buf_add(&f->line, S(",\"id\":"));
    buf_add(&f->line, row->id.ptr ? row->id : S("null"));
    buf_add(&f->line, S("}\n"));
    return true;
}

static bool beside(const ExportPlan *plan, const ExportFile *files, Error *e)
{
    (void)files;
    Buf b = {0}, name = {0};
    buf_add(&b, S("{\n"));
    for (size_t i = 0; i < plan->n_parts; i++) {
        buf_clear(&name);
        buf_add(&name, plan->project);
        buf_add_char(&name, '_');
        buf_add(&name, plan->parts[i]);
        buf_add(&b, i ? S(",\n  ") : S("  "));
        json_write_string(&b, buf_str(&name));
        buf_clear(&name);
        export_part_path(plan, i, &name);
        buf_add(&b, S(": {\"file_name\": "));
        json_write_string(&b, buf_str(&name));
        buf_add(&b, S(", \"formatting\": \"sharegpt\", \"columns\": {\"messages\": \"conversations\", \"system\": \"system\"}}"));
    }
    buf_add(&b, S("\n}\n"));
    bool ok = export_write_beside(plan, "dataset_info.json", buf_str(&b), e);
    buf_free(&b);
    buf_free(&name);
    return ok;
}

const ExportFormat export_sharegpt = {.name = "sharegpt", .ending = ".jsonl", .text = true, .folder = true, .row = row,
                                      .beside = beside};
