// SPDX-License-Identifier: Apache-2.0
//
// Which part of the dataset each conversation goes to. Rows of one group stay together, so that nothing
// of a document is in two parts; every part gets the same mix of strata as near as the groups allow.
//
// Groups are given out the largest first, of equals by a hash of the seed; each goes to the part that lacks
// most of what the group has (iterative stratification; Sechidis, Tsoumakas, Vlahavas 2011). Groups of one row
// give every part its share to within one row of each stratum.
#ifndef CONFAB_OUTPUT_SPLIT_H
#define CONFAB_OUTPUT_SPLIT_H

#include "base/arena.h"
#include "base/error.h"

enum { SPLIT_PARTS = 32 };

typedef struct SplitShare {
    Str name;
    double share;          // above 0; all together 1
} SplitShare;

// "train=0.8,val=0.1,test=0.1"; shares of any sum are scaled to 1.
bool split_parse(Str text, Arena *a, SplitShare out[SPLIT_PARTS], size_t *n, Error *e);

typedef struct SplitRow {
    uint32_t group;        // below n_groups
    uint32_t stratum;      // below n_strata
} SplitRow;

enum { SPLIT_FREE = 255 };

// Fills out[i] with the part of row i. `given`: of each group SPLIT_FREE or the part that it must go to, which need be none
// of the shares; NULL: all are free.
void split_assign(const SplitRow *rows, size_t n, size_t n_groups, size_t n_strata, const uint8_t *given, const SplitShare *shares,
                  size_t n_shares, uint64_t seed, uint8_t *out);

// Numbers for texts, from 0 in the order in which they first come. {0} is ready.
typedef struct Interner {
    uint64_t *hashes;      // open addressing by 64-bit hash; 0: free
    uint32_t *numbers;
    size_t n, slots;
} Interner;
uint32_t intern(Interner *in, Str text);
void interner_free(Interner *in);

// Sets that grow together (union-find with path halving). Items are added in order.
typedef struct Sets {
    uint32_t *parent;
    size_t n, cap;
} Sets;
uint32_t sets_add(Sets *s);                        // a new item, alone
uint32_t sets_find(Sets *s, uint32_t item);
void sets_join(Sets *s, uint32_t a, uint32_t b);
void sets_free(Sets *s);

#endif
