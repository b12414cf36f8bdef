// SPDX-License-Identifier: Apache-2.0
//
// Packs pieces of a text into chunks up to a bound, with overlap: the rule of project-folder.md for
// `words`, in any unit. Pieces are handed in in the text's order; the open chunk is the packer's.
#ifndef CONFAB_KNOWLEDGE_CHUNK_PACK_H
#define CONFAB_KNOWLEDGE_CHUNK_PACK_H

#include "knowledge/chunk.h"
#include "knowledge/chunk_unit.h"

typedef struct Piece {
    size_t start, end;  // from its first word to its last
    size_t units;       // alone
} Piece;

typedef struct Packer {
    Str text;
    const UnitRules *unit;
    size_t max;         // 0: no bound
    size_t overlap;
    ChunkTools *tools;
    ChunkList *out;
    Piece *pieces;      // of the open chunk: pieces[head] to pieces[n - 1]
    size_t head, n, cap;
    size_t repeated;    // how many of them, from head, the chunk before has too
    bool partial;       // that one piece is only the end of one
    size_t sum;         // their units
    size_t slice;       // units of their slice, as far as joined() tells
    bool gaps_count;    // a gap between them is more than space, or the last ends within a run
    bool failed;
    Error *error;
} Packer;

bool packer_add(Packer *p, Str piece);   // any slice of the text; trims it
void packer_close(Packer *p);            // ends the open chunk; what follows may repeat its end
void packer_break(Packer *p);            // the same, but nothing is repeated
void packer_free(Packer *p);             // of its scratch; the list is the caller's

#endif
