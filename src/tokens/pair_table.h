// SPDX-License-Identifier: Apache-2.0
//
// Which two tokens merge, the rank of the merge and the token it gives, in 8 bytes a pair: 8 of them are a line of
// the processor's cache, and one line nearly always answers.
//
// Both ids, `bits` wide, go through a multiplication that can be undone: the product's first `line_bits` name the
// line, so that the entry keeps only the rest of it (quotienting; Knuth, TAOCP 3, 6.4). What finds its line full
// stands up to three lines behind, and says so.
//
// Most pairs that are asked for do not merge. A filter of a byte a pair (Bloom 1970, its bits in one word: Putze,
// Sanders, Singler 2007), small enough to stay near the processor, knows that of nearly all of them.
//
//   entry, from the highest bit:  rest of the product │ lines behind its own (2) │ rank + 1 │ id     0: empty
#ifndef CONFAB_TOKENS_PAIR_TABLE_H
#define CONFAB_TOKENS_PAIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAIR_LINE = 8, PAIR_LINES_BEHIND = 3 };

typedef struct PairShape {
    uint32_t bits, rank_bits, line_bits, filter_bits;
} PairShape;

typedef struct PairTable {
    PairShape shape;
    const uint64_t *filter; // 1 << filter_bits
    const uint64_t *lines;  // PAIR_LINE << line_bits; PAIR_LINES_BEHIND further lines, so that none wraps
} PairTable;

typedef struct Pair {
    uint32_t left, right, rank, id;
} Pair;

bool pair_shape_is_sound(PairShape s);
size_t pair_table_size(PairShape s);  // bytes, the filter first
PairTable pair_table_at(PairShape s, const void *memory);

// A table of all pairs, the caller's to free, where a pair named twice means the later one. Ids are below `ids`,
// ranks below `ranks`, both at most 2^20.
void *pair_table_build(const Pair *pairs, size_t n, uint32_t ids, uint32_t ranks, PairShape *shape);

static inline uint64_t pair_product(PairShape s, uint32_t left, uint32_t right)
{
    uint64_t key = (uint64_t)left << s.bits | (left ^ right);
    return (key << (64 - 2 * s.bits)) * UINT64_C(0x9E3779B97F4A7C15);
}

// Bits of the product that neither name a line nor the filter's word.
static inline uint64_t pair_filter_bits(PairShape s, uint64_t product)
{
    uint64_t x = product >> (64 - 2 * s.bits);
    return UINT64_C(1) << (x & 63) | UINT64_C(1) << (x >> 6 & 63) | UINT64_C(1) << (x >> 12 & 63);
}

static inline bool pair_may_merge(const PairTable *t, uint64_t product)
{
    uint64_t bits = pair_filter_bits(t->shape, product);
    return (t->filter[product >> (64 - t->shape.filter_bits)] & bits) == bits;
}

static inline const uint64_t *pair_line(const PairTable *t, uint64_t product) { return t->lines + (product >> (64 - t->shape.line_bits)) * PAIR_LINE; }

// What an entry says of its pair, above rank and id, if it stands in its own line.
static inline uint64_t pair_rest(PairShape s, uint64_t product) { return product << s.line_bits >> (64 - 2 * s.bits + s.line_bits) << 2; }

// Rank + 1, in place.
static inline uint32_t pair_rank(PairShape s, uint64_t entry) { return (uint32_t)(entry >> s.bits) & ((1U << s.rank_bits) - 1); }
static inline uint32_t pair_id(PairShape s, uint64_t entry) { return (uint32_t)entry & ((1U << s.bits) - 1); }

static inline uint64_t pair_in_line(const uint64_t *line, unsigned shift, uint64_t rest)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < PAIR_LINE; i++) found |= line[i] >> shift == rest ? line[i] : 0;
    return found;
}

// The entry behind its own line; 0: the two do not merge.
static inline uint64_t pair_find_behind(const uint64_t *line, unsigned shift, uint64_t rest)
{
    uint64_t found = 0;
    for (unsigned behind = 1; behind <= PAIR_LINES_BEHIND && !found && line[PAIR_LINE - 1]; behind++)
        found = pair_in_line(line += PAIR_LINE, shift, rest + behind);
    return found;
}

// 0: the two do not merge.
static inline uint64_t pair_read(const PairTable *t, uint64_t product)
{
    uint64_t rest = pair_rest(t->shape, product);
    const uint64_t *line = pair_line(t, product);
    unsigned shift = t->shape.bits + t->shape.rank_bits;
    uint64_t found = pair_in_line(line, shift, rest);
    return found || !line[PAIR_LINE - 1] ? found : pair_find_behind(line, shift, rest);
}

static inline uint64_t pair_find(const PairTable *t, uint32_t left, uint32_t right)
{
    uint64_t product = pair_product(t->shape, left, right);
    return pair_may_merge(t, product) ? pair_read(t, product) : 0;
}

#endif
