// SPDX-License-Identifier: Apache-2.0
//
// Merging a piece's symbols: again and again the leftmost of the neighbours with the lowest rank become one token,
// until no neighbours merge (Sennrich, Haddow, Birch 2016).
//
// Pieces of up to MERGE_SYMBOLS bytes are merged in arrays (merge_group.h). Longer ones take a heap, so that a
// megabyte of one letter takes n log n steps.
#ifndef CONFAB_TOKENS_MERGE_H
#define CONFAB_TOKENS_MERGE_H

#include "tokens/id_list.h"
#include "tokens/merge_group.h"

typedef struct Merger {
    const Vocabulary *v;
    GroupMerge group;      // for several pieces at once
    void *work;            // of long pieces
    size_t work_size;
} Merger;

void merger_init(Merger *m, const Vocabulary *v, ScanLevel level);
void merger_free(Merger *m);

void merge_piece(Merger *m, const char *p, size_t n, IdList *out);

#endif
