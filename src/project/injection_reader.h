// SPDX-License-Identifier: Apache-2.0
//
// How a file of prompting/injections/ is read, by its ending. A further kind of file is one more
// InjectionReader in a file of its own, listed in injections.c.
#ifndef CONFAB_PROJECT_INJECTION_READER_H
#define CONFAB_PROJECT_INJECTION_READER_H

#include "project/injections.h"

typedef struct InjectionReader {
    Str ending;
    // Fills values and columns from injection->text; `weight` is 1 where none is written, `value`
    // and `fields` hold what is written, uncompiled. False when anything was reported.
    bool (*read)(Injection *injection, Arena *a, Problems *problems);
} InjectionReader;

extern const InjectionReader injection_txt, injection_json, injection_csv;

// A new value at the end, its weight 1; NULL (reported once) where there are too many.
InjectionValue *injection_add(Injection *injection, size_t *cap, Arena *a, Problems *problems);

#endif
