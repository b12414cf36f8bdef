// SPDX-License-Identifier: Apache-2.0
//
// What pieces gave before: one thread's. It begins small, so that all of it stays near the processor, and grows with
// what texts hold, up to 16 MB and what longer pieces take, 5 MB.
//
// Pieces of up to 15 bytes stand with up to four ids in 32 bytes; a hash names two of them, a line of the processor's
// cache, of which the older one goes. Longer pieces, and more ids, lie one behind the other in an arena; when it is
// full, all of them are forgotten.
#ifndef CONFAB_TOKENS_PIECE_CACHE_H
#define CONFAB_TOKENS_PIECE_CACHE_H

#include "base/str.h"

enum {
    PIECE_SHORT = 15, PIECE_LONG = 1024,         // most bytes of a short one, of any that is kept
    PIECE_IDS = 4, PIECE_WAYS = 2,
    PIECE_BITS_FIRST = 15, PIECE_BITS_STEP = 2, PIECE_BITS_LAST = 18,  // of a set's number
    LONG_SETS = 1 << 14, LONG_WAYS = 4,
    PIECE_ARENA = 1 << 20, PIECE_ROOM = 1 << 19,  // numbers of 32 bits: all, and what one batch may take
};

// The ids that a piece gave. The first has their count in its upper 8 bits; 0: there are `ids[2]` in the arena from
// `ids[1]` on.
typedef struct PieceIds {
    uint32_t ids[PIECE_IDS];
} PieceIds;

#define PIECE_ID_MASK ((UINT32_C(1) << 24) - 1)

typedef struct ShortKey {
    uint64_t low, high;    // the bytes, and their count in the upper 8 bits
} ShortKey;

typedef struct PieceSet {
    struct {
        ShortKey key;      // 0, 0: nothing
        PieceIds ids;
    } ways[PIECE_WAYS];
} PieceSet;

typedef struct LongSet {
    struct {
        uint32_t check;    // the upper half of the hash
        uint32_t at;       // in the arena: the bytes, padded to whole numbers, then the ids
        uint32_t len, n;   // 0: nothing
    } ways[LONG_WAYS];
} LongSet;

typedef struct PieceCache {
    PieceSet *sets;        // 1 << bits
    unsigned bits;
    size_t puts;           // since it has this size
    LongSet *longs;
    uint32_t *arena;
    size_t used;           // of the arena
    void *set_memory, *long_memory;
} PieceCache;

void piece_cache_open(PieceCache *c);
void piece_cache_close(PieceCache *c);

// Before each batch: afterwards the arena has PIECE_ROOM left, and what it has lies there until the next call; sets
// stay where they are until then.
void piece_cache_make_room(PieceCache *c);

static inline uint64_t piece_hash(ShortKey key)
{
    return (key.low ^ key.high * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
}
static inline PieceSet *piece_set(const PieceCache *c, uint64_t hash) { return &c->sets[hash >> (64 - c->bits)]; }

void piece_put(PieceCache *c, ShortKey key, uint64_t hash, const PieceIds *ids);

static inline LongSet *long_set(const PieceCache *c, uint64_t hash) { return &c->longs[hash & (LONG_SETS - 1)]; }

// A longer piece, with its hash64. False: it is not kept.
bool piece_long_find(const PieceCache *c, Str piece, uint64_t hash, PieceIds *out);
// Keeps the ids of one that is not, and says where they are.
PieceIds piece_long_put(PieceCache *c, Str piece, uint64_t hash, const uint32_t *ids, size_t n);
// Of a short piece: in the arena only if there are many.
PieceIds piece_ids(PieceCache *c, const uint32_t *ids, size_t n);

#endif
