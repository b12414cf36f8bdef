// SPDX-License-Identifier: Apache-2.0
#include "tokens/pair_table.h"

#include <string.h>

#include "base/arena.h"

// The rest of a product, the lines behind, a rank and an id fill at most 64 bits.
static bool fits(PairShape s) { return 2 * s.bits - s.line_bits + 2 + s.rank_bits + s.bits <= 64; }

bool pair_shape_is_sound(PairShape s)
{
    return s.bits >= 8 && s.bits <= 20 && s.rank_bits >= 1 && s.rank_bits <= 21 && s.line_bits >= 4 && s.line_bits <= 24 &&
           s.line_bits < 2 * s.bits && s.filter_bits >= 3 && s.filter_bits <= 20 && s.filter_bits < 2 * s.bits && fits(s);
}

static size_t filter_size(PairShape s) { return sizeof(uint64_t) << s.filter_bits; }

size_t pair_table_size(PairShape s) { return filter_size(s) + (((size_t)1 << s.line_bits) + PAIR_LINES_BEHIND) * PAIR_LINE * sizeof(uint64_t); }

PairTable pair_table_at(PairShape s, const void *memory)
{
    const uint64_t *words = memory;
    return (PairTable){s, words, words + ((size_t)1 << s.filter_bits)};
}

static uint32_t bits_for(uint32_t below, uint32_t least)
{
    while (UINT64_C(1) << least < below) least++;
    return least;
}

static bool put(uint64_t *lines, PairShape s, Pair p)
{
    uint64_t product = pair_product(s, p.left, p.right), rest = pair_rest(s, product);
    uint64_t *line = lines + (product >> (64 - s.line_bits)) * PAIR_LINE, low = (uint64_t)(p.rank + 1) << s.bits | p.id;
    unsigned shift = s.bits + s.rank_bits;
    for (unsigned behind = 0; behind <= PAIR_LINES_BEHIND; behind++, line += PAIR_LINE)
        for (unsigned i = 0; i < PAIR_LINE; i++)
            if (!line[i] || line[i] >> shift == rest + behind) {
                line[i] = (rest + behind) << shift | low;
                return true;
            }
    return false;
}

static bool put_all(uint64_t *words, PairShape s, const Pair *pairs, size_t n)
{
    memset(words, 0, pair_table_size(s));
    for (size_t i = 0; i < n; i++) {
        uint64_t product = pair_product(s, pairs[i].left, pairs[i].right);
        words[product >> (64 - s.filter_bits)] |= pair_filter_bits(s, product);
        if (!put(words + ((size_t)1 << s.filter_bits), s, pairs[i])) return false;
    }
    return true;
}

void *pair_table_build(const Pair *pairs, size_t n, uint32_t ids, uint32_t ranks, PairShape *shape)
{
    PairShape s = {bits_for(ids, 8), bits_for(ranks + 1, 1), 4, 3};
    // At most two thirds full; about 8 pairs a word of the filter.
    while (!fits(s) || PAIR_LINE * (size_t)2 << s.line_bits < 3 * n) s.line_bits++;
    while ((size_t)11 << s.filter_bits < n) s.filter_bits++;
    uint64_t *words = mem_alloc(pair_table_size(s));
    while (!put_all(words, s, pairs, n)) {
        s.line_bits++;
        words = mem_realloc(words, pair_table_size(s));
    }
    *shape = s;
    return words;
}
