// SPDX-License-Identifier: Apache-2.0
//
// Reading the JSON that models write: RFC 8259, and what is broken about it in practice: missing
// or doubled commas, brackets and quotes, brackets of the wrong kind, single and typographic
// quotes, quotes and line breaks inside strings, unquoted keys and values, comments, Python's
// literals, and an end that never came. Strict JSON reads as what it says. Nothing is invented:
// every text of the result stands in the input. (Keys
// above LOOSE_KEY bytes are no keys: a name is short, and looking for their end shall stay cheap.)
//
// One pass, linear time, no recursion. Values nested deeper than LOOSE_DEPTH are dropped, and
// reading ends with `overflow` at LOOSE_VALUES values: a conversation has neither, and a hostile
// answer shall cost no more than some 20 MB beside its own size.
#ifndef CONFAB_CONVERSATION_REPAIR_H
#define CONFAB_CONVERSATION_REPAIR_H

#include "base/arena.h"

enum { LOOSE_DEPTH = 64, LOOSE_VALUES = 300000, LOOSE_KEY = 400 };

typedef enum LooseKind { LOOSE_NULL, LOOSE_SCALAR, LOOSE_STRING, LOOSE_ARRAY, LOOSE_OBJECT } LooseKind;

typedef struct Loose Loose;
struct Loose {
    LooseKind kind;
    bool open;      // the text ended inside it: an unclosed string, array or object
    Str key;        // where it is a member of an object
    Str text;       // of a string: decoded; of a scalar: a number as written, true, false
    Loose *first;   // children of an array or object
    Loose *next;    // its next sibling
};

typedef struct LooseText {
    Loose *values;   // the values that follow each other, one as a rule; NULL: none
    size_t end;      // offset behind the last
    bool cut;        // the text ended inside a string, a number, or between a key and its value
    bool overflow;
} LooseText;

// Reads the values that begin at `from`. Slices point into `text` or into the arena.
LooseText loose_read(Str text, size_t from, Arena *a);

// Offset of the first place from `from` on where an array or object plausibly begins, or STR_NONE.
size_t loose_find(Str text, size_t from);

#endif
