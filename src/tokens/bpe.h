// SPDX-License-Identifier: Apache-2.0
//
// Byte pair encoding of pieces: what a piece gave before (piece_cache.h), else the token that it is by itself, else
// what merging gives (merge.h). The vocabulary has only those tokens as pieces whose merges give just them, or whose
// tokenizer looks there first.
//
// Pieces are best given many at a time: what they need from memory is then fetched for all together. A batch of them
// goes through three steps, each of which asks memory for what the next reads; between two steps of one batch those
// of another may stand, and the search for the next pieces. A Bpe is for one thread at a time and holds at most
// 22 MB, of long varied texts.
#ifndef CONFAB_TOKENS_BPE_H
#define CONFAB_TOKENS_BPE_H

#include "tokens/merge.h"
#include "tokens/piece_cache.h"

enum { BATCH_PIECES = 256 };

typedef struct Bpe {
    const Vocabulary *v;
    Merger merger;
    PieceCache cache;
} Bpe;

// What a piece is looked up by: its bytes if it is short, with their hash.
typedef struct Lookup {
    ShortKey key;
    uint64_t hash;
} Lookup;

// A piece that the cache does not have as a short one.
typedef struct Missed {
    const char *p;
    size_t n;
    uint64_t hash;   // of more than SHORT_MAX bytes
    uint32_t place;  // in the batch
    PieceIds ids;
} Missed;

// n pieces that follow each other: the first begins at p, each ends at p + ends[i], where the next begins. The caller
// sets these three.
typedef struct Batch {
    const char *p;
    size_t n;
    uint32_t ends[BATCH_PIECES];
    Lookup lookups[BATCH_PIECES];
    const PieceIds *found[BATCH_PIECES];
    Missed missed[BATCH_PIECES];
    size_t n_missed;
} Batch;

void bpe_init(Bpe *b, const Vocabulary *v, ScanLevel level);
void bpe_free(Bpe *b);

// The three steps. Up to 16 bytes behind the last piece are read (not used); no piece is empty. Between bpe_look and
// bpe_give of a batch no other batch is looked for.
void bpe_ask(const Bpe *b, Batch *batch);
void bpe_look(Bpe *b, Batch *batch);
void bpe_give(Bpe *b, Batch *batch, IdList *out);

// Where a piece ends in a text, and how much lies before that place.
typedef struct Boundary {
    size_t end;
    uint64_t units;
} Boundary;

// The third step for whoever only asks where pieces end, of a batch that begins at `at`; ids are counted on from `before`.
void bpe_mark(Bpe *b, Batch *batch, size_t at, uint64_t before, Boundary *out);

void bpe_batch(Bpe *b, Batch *batch, IdList *out);  // all three
void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out);

#endif
