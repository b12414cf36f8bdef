// SPDX-License-Identifier: Apache-2.0
//
// config/chunk-strategy.json as text: where things stand in it, and how an entry is added without
// touching what a person wrote. The text is valid JSON, an object, unless said otherwise.
#ifndef CONFAB_KNOWLEDGE_STRATEGY_TEXT_H
#define CONFAB_KNOWLEDGE_STRATEGY_TEXT_H

#include "base/arena.h"

typedef struct EntryPlace {
    size_t key;         // its opening quote
    size_t value, end;  // the value's first byte, and behind its last
} EntryPlace;

// Walks the entries of the outermost object: start with *at = 0; false behind the last one.
bool entry_next(Str text, size_t *at, EntryPlace *place);

// The byte of `text` where byte `offset` of a decoded JSON string stands, which opens at `quote`.
size_t json_string_place(Str text, size_t quote, size_t offset);

// The text with a default entry for each of `paths` behind the last one there is, indented as that
// file is; nothing else changes. Absent or empty text gives a new file. In arena `a`.
Str strategy_add_missing(Arena *a, Str text, const Str *paths, size_t n);

#endif
