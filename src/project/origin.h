// SPDX-License-Identifier: Apache-2.0
//
// Where a text that was read out of a file stands in that file, so that an error inside it points
// at the byte as the person sees it: behind JSON escapes, doubled CSV quotes, comment lines.
#ifndef CONFAB_PROJECT_ORIGIN_H
#define CONFAB_PROJECT_ORIGIN_H

#include "base/error.h"
#include "base/str.h"

typedef enum Writing {
    WRITTEN_PLAIN,      // byte for byte
    WRITTEN_JSON,       // `start` is the opening quote of a JSON string
    WRITTEN_JSON_ITEM,  // `start` is an index into the file's array: that string, or its "value"
    WRITTEN_CSV,        // `start` is a cell's first byte, its quote where it has one
    WRITTEN_COMMENTED,  // lines that begin with "# " are left out
} Writing;

typedef struct Origin {
    Str file;       // as shown in errors, relative to the project
    Str text;       // the whole file
    size_t start;   // byte offset in `text`
    Writing writing;
} Origin;

// The offset in the file of the byte `at` of the text that was read.
size_t origin_offset(const Origin *origin, size_t at);

bool error_at_origin(Error *e, const Origin *origin, size_t at);  // returns false, as error_at

#endif
