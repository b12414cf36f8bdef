// SPDX-License-Identifier: Apache-2.0
//
// Merging the symbols of several pieces side by side: a turn does one merge in each of them, and only asks memory
// for the new pairs, which the next turn reads. So all pieces wait for memory at once, and none for another.
//
// A piece's symbols stand in arrays; the smallest of `order`, rank and place in one number, is the merge to do.
#ifndef CONFAB_TOKENS_MERGE_GROUP_H
#define CONFAB_TOKENS_MERGE_GROUP_H

#include "tokens/block_scan.h"
#include "tokens/vocabulary.h"

enum {
    MERGE_GROUP = 8,
    MERGE_SYMBOLS = 255,                     // most symbols of a piece; a place fits in a byte
    MERGE_LANES = MERGE_SYMBOLS + 1,
};

// A piece of at most MERGE_SYMBOLS bytes, and what it gave.
typedef struct Merging {
    const char *p;
    size_t n;
    size_t n_ids;
    uint32_t ids[MERGE_LANES];
    // Of symbol i with the next: rank + 1 and i in one number; and the token that both give.
    _Alignas(64) uint32_t order[MERGE_LANES];
    uint32_t made[MERGE_LANES];
    uint8_t next[MERGE_LANES], before[MERGE_LANES];  // places; what was merged into its left neighbour is skipped
    unsigned lanes;                          // numbers in `order`, a multiple of 16
    // The pairs that the last merge made: its token with what is behind it, and what is to its left with it. Their
    // places, where they stand in the pair table, and what they look like there.
    uint8_t places[2];
    const uint64_t *lines[2];
    uint64_t rests[2];
} Merging;

// At most MERGE_GROUP pieces, whose p and n are set.
typedef void (*GroupMerge)(const Vocabulary *v, Merging *all, size_t n);

GroupMerge group_merge_of(ScanLevel level);

// The symbols that a piece begins with, at most n: its bytes' tokens, or its letters'.
size_t first_symbols(const Vocabulary *v, const char *p, size_t n, uint32_t *out);

#endif
