// SPDX-License-Identifier: Apache-2.0
//
// Byte pair encoding of pieces: what a piece gave before (piece_cache.h), else the token that it is by itself, else
// what merging gives (merge.h). The vocabulary has only those tokens as pieces whose merges give just them, or whose
// tokenizer looks there first.
//
// Pieces are best given many at a time: what they need from memory is then fetched for all together. A Bpe is for
// one thread at a time and holds at most 7 MB.
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

void bpe_init(Bpe *b, const Vocabulary *v, ScanLevel level);
void bpe_free(Bpe *b);

// Up to 16 bytes behind the piece are read (not used). The piece is not empty.
void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out);

// n pieces that follow each other, at most BATCH_PIECES: the first begins at p, each ends at p + ends[i], where
// the next begins.
void bpe_pieces(Bpe *b, const char *p, const uint32_t *ends, size_t n, IdList *out);

#endif
