// SPDX-License-Identifier: Apache-2.0
//
// axolotl: the lines of jsonl, and axolotl.yml with the `datasets:` entry that reads them; the first part is
// trained on, a part named val, valid, validation, eval or test is evaluated on.
#include "base/json.h"
#include "output/export_formats.h"

static bool row(ExportFile *f, const ExportRow *row, Error *e) { return export_jsonl.row(f, row, e); }

static bool is_for_evaluation(Str part)
{
    static const Str names[] = {S_INIT("val"), S_INIT("valid"), S_INIT("validation"), S_INIT("eval"), S_INIT("test")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(part, names[i])) return true;
    return false;
}

static void add_entries(const ExportPlan *plan, bool evaluation, Buf *b)
{
    bool any = false;
    for (size_t i = 0; i < plan->n_parts; i++) {
        Buf path = {0};
        if (is_for_evaluation(plan->parts[i]) != evaluation) continue;
        if (!any) buf_add(b, evaluation ? S("test_datasets:\n") : S("datasets:\n"));
        any = true;
        export_part_path(plan, i, &path);
        buf_add(b, S("  - path: "));
        json_write_string(b, buf_str(&path));  // a JSON string is a YAML string
        buf_add(b, S("\n    ds_type: json\n"));
        if (evaluation) buf_add(b, S("    split: train\n"));
        buf_add(b, S("    type: chat_template\n    field_messages: messages\n    message_property_mappings:\n"
                     "      role: role\n      content: content\n"));
        buf_free(&path);
    }
}

static bool beside(const ExportPlan *plan, const ExportFile *files, Error *e)
{
    (void)files;
    Buf b = {0};
    buf_add(&b, S("# Add these to a configuration of axolotl, and run it from this folder.\n"));
    add_entries(plan, false, &b);
    add_entries(plan, true, &b);
    bool ok = export_write_beside(plan, "axolotl.yml", buf_str(&b), e);
    buf_free(&b);
    return ok;
}

const ExportFormat export_axolotl = {.name = "axolotl", .ending = ".jsonl", .text = true, .folder = true, .row = row,
                                     .beside = beside};
