// SPDX-License-Identifier: Apache-2.0
//
// Rewrites what Python's `re` reads differently into PCRE2's words (the list is in pattern.h). It
// only rewrites; faults are left for PCRE2 to find.
#ifndef CONFAB_TEXT_PATTERN_PYTHON_H
#define CONFAB_TEXT_PATTERN_PYTHON_H

#include "base/buf.h"

typedef struct PythonPattern {
    Buf text;       // PCRE2's pattern
    Buf origins;    // uint32_t for each byte of `text`: the byte of the source it came from
    bool ascii;     // (?a): classes are ASCII's
} PythonPattern;

void python_pattern(Str source, PythonPattern *out);
void python_pattern_free(PythonPattern *p);
size_t python_pattern_origin(const PythonPattern *p, size_t at, size_t source_len);

#endif
