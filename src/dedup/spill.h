// SPDX-License-Identifier: Apache-2.0
//
// Arrays that are in memory together up to a bound; one that grows beyond it moves to an unnamed file of
// its own, which is mapped: the system then writes out what it needs the memory of. Programs look at a
// SpillArray's `p` and call spill_grow where they would have called realloc.
#ifndef CONFAB_DEDUP_SPILL_H
#define CONFAB_DEDUP_SPILL_H

#include "base/error.h"

typedef struct SpillArray {
    void *p;
    size_t bytes;
    int fd1;             // of its file, + 1; 0: it is in memory
} SpillArray;            // {0} is an empty one

typedef struct Spill {
    size_t memory;       // bytes; 0: no bound
    const char *folder;  // of the files; NULL: $TMPDIR or /tmp
    size_t held;         // in memory now
    size_t most;         // held, and in files: at its most
    size_t all;
} Spill;

// Room for so many bytes; what was there stays, what is new has any value. False when a file failed.
bool spill_grow(Spill *s, SpillArray *a, size_t bytes, Error *e);
void spill_free(Spill *s, SpillArray *a);
void spill_rest(const SpillArray *a);  // lets go of a file's pages that were looked at
void spill_rest_range(const SpillArray *a, size_t from, size_t to);  // of those between two bytes

#endif
