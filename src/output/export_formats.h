// SPDX-License-Identifier: Apache-2.0
//
// The list of export formats, one a file.
#ifndef CONFAB_OUTPUT_EXPORT_FORMATS_H
#define CONFAB_OUTPUT_EXPORT_FORMATS_H

#include "output/export.h"

extern const ExportFormat export_json, export_csv, export_jsonl, export_openai, export_sharegpt, export_alpaca, export_chatml,
    export_hf, export_parquet, export_dpo, export_axolotl;

#endif
