// SPDX-License-Identifier: Apache-2.0
//
// Merging a piece's symbols: again and again the leftmost of the neighbours with the lowest rank become one token,
// until no neighbours merge (Sennrich, Haddow, Birch 2016).
//
// Pieces of up to 64 symbols are merged in an array, several side by side: after a merge its new neighbours are only
// asked for, and looked at in the next turn, so that all wait for memory at once. Longer ones take a heap, so that a
// megabyte of one letter takes n log n steps.
#ifndef CONFAB_TOKENS_MERGE_H
#define CONFAB_TOKENS_MERGE_H

#include "tokens/block_scan.h"
#include "tokens/vocabulary.h"

enum { MERGE_GROUP = 8, MERGE_SYMBOLS = 64 };

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
void id_list_add_all(IdList *list, const uint32_t *ids, size_t n);
static inline void id_list_add(IdList *list, uint32_t id)
{
    if (list->keep) {
        if (list->n == list->cap) id_list_reserve(list, 1);
        list->ids[list->n] = id;
    }
    list->n++;
}

// A piece of at most MERGE_SYMBOLS bytes, and what it gave.
typedef struct Merging {
    const char *p;
    size_t n;
    uint32_t ids[MERGE_SYMBOLS];
    size_t n_ids;
    // Of symbol i with the next that is alive: rank + 1 and i in one number, so that the smallest is the merge to
    // do; and the token it gives.
    _Alignas(64) uint32_t order[MERGE_SYMBOLS];
    uint32_t made[MERGE_SYMBOLS];
    uint64_t alive;        // what was merged into its left neighbour is not
    unsigned lanes;        // numbers in `order`, a multiple of 16
    // Pairs to look at in the next turn (bit 0, bit 1): the last merge's token with what is behind it, and what is
    // to its left with it.
    unsigned asked, place, left;
    uint64_t products[2];
} Merging;

typedef void (*GroupMerge)(const Vocabulary *v, Merging *all, size_t n);

typedef struct Merger {
    const Vocabulary *v;
    GroupMerge group;
    void *work;            // of long pieces
    size_t work_size;
} Merger;

void merger_init(Merger *m, const Vocabulary *v, ScanLevel level);
void merger_free(Merger *m);

void merge_piece(Merger *m, const char *p, size_t n, IdList *out);

// At most MERGE_GROUP pieces, whose p and n are set, side by side.
static inline void merge_group(const Merger *m, Merging *all, size_t n) { m->group(m->v, all, n); }

#endif
