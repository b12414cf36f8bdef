// SPDX-License-Identifier: Apache-2.0
//
// What has been seen, by meaning: an index of vectors (embeddings of texts) that is asked of each new
// one which earlier one it is most like, by cosine. Up to VECTORS_EXACT vectors every one is compared;
// beyond, a graph (graph.h) is asked, which nearly always finds the nearest. From half of that bound
// on each add puts two vectors into the graph, so that no single one has to wait until it is built.
//
// Memory: 4 bytes a dimension, rounded up to 32 dimensions, and 8; in the graph VECTORS_LINKS more. Beyond
// `memory` vectors that are not in the graph go to an unnamed file (spill.h).
#ifndef CONFAB_DEDUP_VECTORS_H
#define CONFAB_DEDUP_VECTORS_H

#include "base/error.h"
#include "dedup/seen.h"

enum {
    VECTORS_EXACT = 100000,     // 384 dimensions of so many are gone over in about 20 ms
    VECTORS_DIMENSIONS = 16384, // more is no embedding of today's
    VECTORS_LINKS = 150,        // bytes that the graph needs for a vector, beside the vector
};

#define VECTORS_ALWAYS SIZE_MAX // for `exact`: there is no graph

typedef struct VectorsOptions {
    size_t dimensions;    // 1 … VECTORS_DIMENSIONS
    double threshold;     // cosine from which two are near
    size_t exact;         // so many are compared one by one; 0: VECTORS_EXACT
    size_t memory;        // most bytes of vectors in memory, while there is no graph; 0: no bound
    const char *folder;   // for what is beyond; NULL: $TMPDIR or /tmp
} VectorsOptions;

typedef struct Vectors Vectors;

Vectors *vectors_new(const VectorsOptions *options);
void vectors_free(Vectors *v);  // NULL is fine

// The most similar of all at or above the threshold, of equal ones the one with the lowest id; never
// `exact`. Any length but 0 will do; a vector of zeros is near to nothing. The vector is remembered
// until the next look, for vectors_add.
bool vectors_look(Vectors *v, const float *vector, SeenMatch *match);
bool vectors_add(Vectors *v, uint64_t id, Error *e);  // the vector of the last look; false: no room for it

// For n vectors that are known beforehand, one behind the other: what is there is gone over once for all of them, ten times as
// fast as n looks. Each is then looked up by its place, in any order, and compared with what was added since, so that the
// answers are those of vectors_look.
void vectors_ahead(Vectors *v, const float *vectors, size_t n);
bool vectors_look_ahead(Vectors *v, size_t place, SeenMatch *match);

size_t vectors_count(const Vectors *v);
size_t vectors_bytes(const Vectors *v);      // in memory
size_t vectors_room(size_t dimensions);      // bytes of a vector with its links

#endif
