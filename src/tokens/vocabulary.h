// SPDX-License-Identifier: Apache-2.0
//
// A tokenizer's vocabulary in the form that counting uses: one block of memory without pointers, so
// that a file of it can be mapped instead of read. It is built once from what the tokenizer's makers
// publish (vocabulary_file.h) and kept beside it.
//
//   header │ byte ids │ short pieces │ long pieces │ pairs │ byte pairs │ neighbours │ added pairs │ added edges │
//   added ids │ offsets │ bytes of all tokens
//
// All tables are open addressing with a power of two of slots.
//   short    pieces of up to 12 bytes that are one token: the bytes and the id in 16 bytes; a hash names four
//            slots, a line of the processor's cache, of which the lowest ids (the most frequent) have the first
//   long     the id of a longer piece and some bits of its hash; its bytes are compared
//   pairs    two neighbouring tokens that merge: the rank of the merge and the token it gives (pair_table.h)
//   byte pairs  the same of two bytes, without a search; where symbols are letters, of two of ASCII, or ▁ as a space
//   neighbours  a bit for each two bytes that a merge joins, the last of a letter and the first of the next (▁ is
//            a space there); only where symbols are letters. A text may be cut between all others.
//   added pairs  a bit for each two bytes that an added token begins with
//   added    tokens that are found in a text before anything else, as a trie: edges from node and byte to node, and the
//            token that ends at a node
//
// A mapped file is checked against its own hash, and whatever a block holds, no search in it runs on for ever
// and none reads outside.
#ifndef CONFAB_TOKENS_VOCABULARY_H
#define CONFAB_TOKENS_VOCABULARY_H

#include "base/arena.h"
#include "tokens/pair_table.h"
#include "tokens/pretokenise.h"

#define NO_TOKEN UINT32_MAX
enum { VOCABULARY_VERSION = 7 };

typedef enum NormaliserKind {
    NORMALISE_NONE,
    NORMALISE_NFC,
    NORMALISE_SPACES,  // each space becomes ▁
} NormaliserKind;

enum {
    SHORT_MAX = 12,            // bytes of a short piece
    VOCABULARY_TOKEN = 4096,   // bytes of a token; the longest known have some hundred
    VOCABULARY_IDS = 1 << 20,  // no tokenizer has a third of it; nor merges more than half
    PATTERN_BYTES = 2048,      // of a split pattern that no scanner is known for
    ADDED_MAX = 128,           // bytes of an added token
    SHORT_LINE = 4,            // short pieces that share a hash
    ASCII = 128,
    BYTE_PAIR_SHIFT = 8,       // room for a place in a piece (merge_group.h)
};

typedef struct ShortPiece {
    uint64_t low;   // bytes 0 … 7
    uint64_t high;  // bytes 8 … 11, length << 32, id << 40; 0: an empty slot
} ShortPiece;

typedef struct LongPiece {
    uint32_t id;           // NO_TOKEN: an empty slot
    uint32_t check;        // the upper half of the hash
} LongPiece;

typedef struct BytePair {
    uint32_t order, id;    // rank + 1, then BYTE_PAIR_SHIFT bits of 0; all of the first 1: they do not merge
} BytePair;

typedef struct AddedEdge {
    uint32_t from;         // node << 8 | byte; the root is node 0
    uint32_t to;           // 0: an empty slot
} AddedEdge;

typedef struct VocabularyHeader {
    char magic[8];
    uint32_t version;
    uint32_t split;          // SplitKind
    uint32_t normaliser;     // NormaliserKind
    uint32_t byte_level;     // symbols are bytes; else letters, with bytes where a letter is not known
    uint32_t unknown;        // id for what is not known and has no bytes; NO_TOKEN: none
    uint32_t no_cuts;        // an added token could span any place that a text may be cut at
    uint32_t n_ids;
    uint32_t longest;        // bytes of a token, at most
    uint32_t short_mask;     // lines - 1
    uint32_t long_mask, added_mask;  // slots - 1
    uint32_t n_nodes;        // of the trie
    PairShape pair_shape;
    uint32_t n_added;
    uint32_t no_neighbours;  // a piece that is a token is that, so no piece may be cut
    uint64_t size;           // of the whole block
    uint64_t source_size;    // what it was built from
    int64_t source_mtime;
    uint64_t hash;           // of the whole block with 0 here
    uint64_t shorts, longs, pairs, byte_pairs, neighbours, added_pairs, added_edges, added_ids, offsets, bytes;  // where the tables begin, multiples of 64
    uint64_t n_bytes;
    uint32_t byte_ids[256];
    uint32_t letter_ids[ASCII];      // where symbols are letters; NO_TOKEN: none. ' ' is ▁
    unsigned char added_first[256];  // 1: an added token begins with this byte
    char pattern[PATTERN_BYTES];     // of SPLIT_PATTERN
} VocabularyHeader;

typedef struct Vocabulary {
    const VocabularyHeader *h;
    const ShortPiece *shorts;
    const LongPiece *longs;
    PairTable pairs;
    const BytePair *byte_pairs;  // [256 * first + second]; NULL: symbols are letters, or a byte has none
    const BytePair *letter_pairs;  // [ASCII * first + second]; NULL: symbols are bytes
    const uint64_t *neighbours;  // 65536 bits; NULL: symbols are bytes, or a piece that is a token is never merged
    const uint64_t *added_pairs; // 65536 bits
    const AddedEdge *added_edges;
    const uint32_t *added_ids;   // of the token that ends at a node, or NO_TOKEN
    const uint32_t *offsets;   // n_ids + 1: of a token's bytes
    const char *bytes;
    size_t mapped;             // 0: the block was allocated
    char name[40];
} Vocabulary;

Str token_bytes(const Vocabulary *v, uint32_t id);
// The longest added token that the text begins with, and its bytes; or NO_TOKEN.
uint32_t vocabulary_added(const Vocabulary *v, Str text, size_t *n);

// From a block as vocabulary_build makes it: checks that its tables and the tokens' bytes lie inside, not
// its hash. The block is not owned.
bool vocabulary_from_block(const void *block, size_t size, Vocabulary *out);

uint64_t vocabulary_hash(const void *block, size_t size);  // what h->hash must be

// ---- for the loops of bpe.c ---------------------------------------------------------------------------

static inline uint64_t short_hash(uint64_t low, uint64_t high)
{
    uint64_t x = (low ^ high * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    return x ^ x >> 32;
}

// The key of a short piece, without its id.
static inline ShortPiece short_key(const char *p, size_t n)
{
    ShortPiece k = {0, (uint64_t)n << 32};
    uint32_t tail = 0;
    memcpy(&k.low, p, n < 8 ? n : 8);
    if (n > 8) memcpy(&tail, p + 8, n - 8);
    k.high |= tail;
    return k;
}

static inline void short_prefetch(const Vocabulary *v, uint64_t low, uint64_t high)
{
    __builtin_prefetch(&v->shorts[(short_hash(low, high) & v->h->short_mask) * SHORT_LINE]);
}

#define SHORT_KEY_MASK ((UINT64_C(1) << 40) - 1)

static inline uint32_t short_find(const Vocabulary *v, uint64_t low, uint64_t high)
{
    uint64_t at = short_hash(low, high);
    for (uint32_t line = 0; line <= v->h->short_mask; line++, at++) {
        const ShortPiece *s = &v->shorts[(at & v->h->short_mask) * SHORT_LINE];
        for (unsigned i = 0; i < SHORT_LINE; i++)
            if (s[i].low == low && (s[i].high & SHORT_KEY_MASK) == high) return (uint32_t)(s[i].high >> 40);
        if (s[SHORT_LINE - 1].high == 0) break;
    }
    return NO_TOKEN;
}

static inline uint32_t edge_hash(uint32_t from) { return (uint32_t)(from * UINT64_C(0x9E3779B97F4A7C15) >> 32); }

// Bit [256 * first + second] of a table of pairs of bytes.
enum { PAIR_BITS = 65536 };
static inline bool pair_bit(const uint64_t *bits, unsigned first, unsigned second)
{
    return bits[first << 2 | second >> 6] >> (second & 63) & 1;
}

// Of more than SHORT_MAX bytes, with their hash64 (seed 0).
static inline void long_prefetch(const Vocabulary *v, uint64_t hash) { __builtin_prefetch(&v->longs[hash & v->h->long_mask]); }
uint32_t long_find(const Vocabulary *v, Str piece, uint64_t hash);

#endif
