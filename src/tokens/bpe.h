// SPDX-License-Identifier: Apache-2.0
//
// Byte pair encoding of one piece: again and again the leftmost of the neighbours with the lowest
// rank become one token, until no neighbours merge (Sennrich, Haddow, Birch 2016). A piece that is a
// token by itself skips that; the vocabulary has only those as pieces whose merges give just them,
// or whose tokenizer looks there first.
//
// Short pieces are merged in an array, long ones with a heap, so that a megabyte of one letter takes
// n log n steps. A Bpe keeps what pieces of several tokens gave; one thread at a time.
#ifndef CONFAB_TOKENS_BPE_H
#define CONFAB_TOKENS_BPE_H

#include "tokens/vocabulary.h"

enum {
    CACHED_IDS = 4, CACHE_SETS = 1 << 16, CACHE_WAYS = 2,
    LONG_CACHED_IDS = 14, LONG_CACHED_BYTES = 64, LONG_CACHE_SLOTS = 1 << 14,
    BATCH_PIECES = 256,
};

typedef struct CachedPiece {
    uint64_t low, high;    // up to 15 bytes and the length; 0, 0: nothing
    uint32_t ids[CACHED_IDS];
} CachedPiece;  // fewer ids: the rest is NO_TOKEN

// Two places a hash, a line of the processor's cache: what was put last comes first.
typedef struct CacheSet {
    CachedPiece ways[CACHE_WAYS];
} CacheSet;

typedef struct CachedLong {
    uint32_t check;        // more bits of the hash
    uint16_t len, n;       // 0: nothing
    uint32_t ids[LONG_CACHED_IDS];
    char bytes[LONG_CACHED_BYTES];
} CachedLong;

typedef struct Bpe {
    const Vocabulary *v;
    CacheSet *cache;
    CachedLong *longs;
    void *memory;          // of both
    void *work;            // of long pieces
    size_t work_size;
} Bpe;

// Where ids go: `ids` NULL only counts.
typedef struct IdList {
    uint32_t *ids;
    size_t cap;
    uint64_t n;
    bool keep;             // false: count only
    uint32_t *each;        // NULL, or where bpe_pieces writes how many ids each piece gave
} IdList;

void id_list_reserve(IdList *list, size_t more);
void id_list_free(IdList *list);
static inline void id_list_add(IdList *list, uint32_t id)
{
    if (list->keep) {
        if (list->n == list->cap) id_list_reserve(list, 1);
        list->ids[list->n] = id;
    }
    list->n++;
}

void bpe_init(Bpe *b, const Vocabulary *v);
void bpe_free(Bpe *b);

// Up to 16 bytes behind the piece are read (not used). The piece is not empty.
void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out);

// n pieces that follow each other, at most BATCH_PIECES: the first begins at p, each ends at p + ends[i], where
// the next begins. Faster than one by one: what the pieces need from memory is fetched for all together.
void bpe_pieces(Bpe *b, const char *p, const uint32_t *ends, size_t n, IdList *out);

// By merges alone, whether the piece is a token or not; for building vocabularies.
void bpe_merge(Bpe *b, const char *p, size_t n, IdList *out);

#endif
