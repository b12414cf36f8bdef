// SPDX-License-Identifier: Apache-2.0
#include "output/export_formats.h"

static const ExportFormat *const list[] = {
    &export_json,   &export_csv,    &export_jsonl, &export_openai,  &export_sharegpt, &export_alpaca,
    &export_chatml, &export_hf,     &export_parquet, &export_dpo, &export_axolotl,
};

const ExportFormat *export_format(Str name)
{
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (str_eq(name, str_from(list[i]->name))) return list[i];
    return NULL;
}
