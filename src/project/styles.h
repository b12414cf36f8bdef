// SPDX-License-Identifier: Apache-2.0
//
// prompting/templates.txt: the styles of conversation, of which `{template}` is the drawn one.
#ifndef CONFAB_PROJECT_STYLES_H
#define CONFAB_PROJECT_STYLES_H

#include "project/template.h"

typedef struct Style {
    Str name;        // its label, or template-1, template-2, …
    double weight;   // 0 or more, finite
    Template text;   // compiled by styles_compile
    Str raw;
    Origin origin;   // of the text
} Style;

typedef struct Styles {
    Style *items;
    size_t n;
} Styles;

// From the text of the file. False when anything is wrong; what could be read is in *out.
bool styles_read(Str text, Str file, Arena *a, Styles *out, Problems *problems);
bool styles_compile(Styles *styles, const Names *names, Arena *a, Problems *problems);
int64_t styles_find(const Styles *styles, Str name);  // -1: none

#endif
