// SPDX-License-Identifier: Apache-2.0
//
// Conversations on a terminal: every turn in a bubble, the first role's on the left, the others' on the
// right, wrapped at the width in columns (wide letters take two). Text of a model is data: its
// control characters are shown as "?", so it can neither move the cursor nor set a colour.
#ifndef CONFAB_CLI_BUBBLE_H
#define CONFAB_CLI_BUBBLE_H

#include "base/buf.h"

typedef struct BubbleStyle {
    unsigned width;   // of the terminal; at least 24 is used
    bool colour;
    bool unicode;     // lines of boxes, else + - |
} BubbleStyle;

// Appends one bubble. `side` 0 is left, 1 right. Plain text, not raw JSON.
void bubble_add(const BubbleStyle *style, unsigned side, Str name, Str text, Buf *out);

// Appends text with what a terminal must not get as "?"; line breaks and tabs become spaces.
void bubble_safe(Str text, Buf *out);

// A letter's columns: 0 for marks and joiners, 2 for wide ones (East Asian Width W and F, emoji), else 1.
unsigned letter_columns(uint32_t code_point);

#endif
