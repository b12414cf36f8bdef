// SPDX-License-Identifier: Apache-2.0
//
// What must stay in one part of a dataset, so that nobody is tested on what was trained on: conversations that were made
// from one document (also from documents that one conversation had together), that have one value of what the caller
// names, and near-duplicates (dedup/bulk.h) with all that is near to those. Rows are added in order; afterwards each has a
// group. A row whose part is given beforehand ties only what is nearly the same as it: which documents it was made from was
// the choice of who gave the part.
//
// Memory: 9 bytes a row, and 28 more while groups are found and settled; what near-duplicates are found by, about 130 bytes a row
// and their shingles, goes to unnamed files beyond GROUPS_MEMORY.
#ifndef CONFAB_OUTPUT_GROUPS_H
#define CONFAB_OUTPUT_GROUPS_H

#include "dedup/bulk.h"
#include "output/split.h"

enum {
    GROUPS_MEMORY = 8 << 20,   // bytes: enough for some ten thousand short conversations
    GROUPS_FREE = 255,         // no part is given
};

typedef struct GroupRow {
    Str chunks;       // raw JSON array of the passages, each with its "document"
    Str together;     // raw value of what is kept together; absent: nothing
    Str text;
    uint8_t part;     // GROUPS_FREE, or the part it goes to
} GroupRow;

typedef struct Groups {
    Interner names;   // of documents and values
    uint32_t *named;  // the set of each name
    size_t n_named, cap_named;
    Sets sets;
    Bulk *bulk;       // NULL: near-duplicates are not looked for
    uint32_t *of;     // set of each row; GROUPS_NONE: not taken
    uint8_t *parts;   // given, of each row
    size_t n, cap;
    uint64_t near;    // rows that are near to an earlier one, after groups_settle
    uint8_t *given;   // of each set, after groups_settle: the part of its rows that have one, or GROUPS_FREE
} Groups;

#define GROUPS_NONE UINT32_MAX

void groups_init(Groups *g, double threshold);  // above 1: near-duplicates are not looked for
void groups_free(Groups *g);
bool groups_add(Groups *g, const GroupRow *row, Error *e);  // NULL: a row that is not taken
bool groups_settle(Groups *g, Error *e);
static inline uint32_t groups_find(Groups *g, size_t row) { return sets_find(&g->sets, g->of[row]); }  // after groups_settle

#endif
