// SPDX-License-Identifier: Apache-2.0
//
// The headings and blank lines of a text in Markdown form, as far as cutting needs them: ATX and
// setext headings and blank lines outside fenced code (CommonMark 0.31, 4.2, 4.3, 4.5).
#ifndef CONFAB_KNOWLEDGE_OUTLINE_H
#define CONFAB_KNOWLEDGE_OUTLINE_H

#include "base/arena.h"

typedef struct Heading {
    size_t start, end;  // of the heading's lines, without the last line break
    Str text;           // without marks; a slice of the text
    uint32_t level;     // 1 to 6
    uint32_t parent;    // the heading above: index + 1; 0: none
} Heading;

enum { OUTLINE_MAX = 200000 };  // headings of one document; what follows is text like any other

typedef struct Outline {
    Heading *items;     // in the text's order
    size_t n, cap;
} Outline;

void outline_read(Str text, Outline *out, Arena *a);

// Index + 1 of the last heading that begins at or before `at`; 0: none.
uint32_t outline_at(const Outline *outline, size_t at);

// The parts of a text between its blank lines, fenced code whole: start with *at = 0.
bool block_next(Str text, size_t *at, Str *block);

#endif
