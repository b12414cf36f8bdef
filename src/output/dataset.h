// SPDX-License-Identifier: Apache-2.0
//
// The dataset's two files: generated/<stamp>.json, one JSON array with a record a line, and
// generated/<stamp>.csv. Rows stream through, so memory does not grow with their number. Both files
// are written and synced beside their places before the first of them is renamed: on any failure
// what was there before is still there, whole.
#ifndef CONFAB_OUTPUT_DATASET_H
#define CONFAB_OUTPUT_DATASET_H

#include "base/arena.h"
#include "base/error.h"

// One kept conversation as record.h rendered it.
typedef struct DatasetRow {
    Str record_json;  // one JSON value, on one line
    Str csv_rows;     // whole rows with their CRLF
} DatasetRow;

// Where rows come from, in the order they are written in. `next` gives false at the end, or with
// e->kind set when the row could not be had; a row need only live until the next call.
typedef struct DatasetSource {
    bool (*next)(void *ctx, DatasetRow *row, Error *e);
    void *ctx;
} DatasetSource;

enum { DATASET_PATH_MAX = 4096 };

typedef struct DatasetFiles {
    char json_path[DATASET_PATH_MAX], csv_path[DATASET_PATH_MAX];
    uint64_t rows;  // records written
} DatasetFiles;

// Writes both files into `folder` (made if absent), named by the stamp. `csv_header` is the header
// row with its CRLF. Fills *out; its paths are set even on failure.
bool dataset_write(const char *folder, const char *stamp, Str csv_header, const DatasetSource *source, DatasetFiles *out,
                   Error *e);

#endif
