// SPDX-License-Identifier: Apache-2.0
//
// What a chunk's bound is counted in: words, letters (code points) or tokens. One row each of a
// constant table; the packer knows nothing else of them. Slices are trimmed of space by the caller.
#ifndef CONFAB_KNOWLEDGE_CHUNK_UNIT_H
#define CONFAB_KNOWLEDGE_CHUNK_UNIT_H

#include "knowledge/chunk.h"

typedef struct UnitRules {
    // Units of a slice standing alone; above `limit` it is enough to say so.
    size_t (*count)(ChunkTools *t, Str slice, size_t limit);
    // What joining `piece` to a chunk that ends at `end` adds: with the gap between, where the unit
    // counts gaps; `alone` is the piece's own count.
    size_t (*joined)(ChunkTools *t, Str text, size_t end, Str piece, size_t alone);
    // The end of the longest good beginning of text[at, to) with at most `limit` units, above `at`,
    // and its units; `at` where not even one letter fits.
    size_t (*cut)(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units);
    // Where the last `n` units of the slice text[from, to) begin; `to` for none.
    size_t (*tail)(ChunkTools *t, Str text, size_t from, size_t to, size_t n);
    bool adds_up;       // counts of joined pieces add up exactly, when gaps are only space
    bool strides;       // a long piece is cut with room for what is repeated
} UnitRules;

extern const UnitRules *const chunk_units[3];  // by ChunkUnit
extern const UnitRules unit_tokens;            // chunk_unit_tokens.c

// The last place at or before `end` where a reader would cut text[at, to): a space, else between two
// clusters.
size_t unit_good_cut(ChunkTools *t, Str text, size_t at, size_t end, size_t to);

#endif
