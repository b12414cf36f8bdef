// SPDX-License-Identifier: Apache-2.0
//
// What has been seen, by meaning: an index of vectors (embeddings of texts) that is asked of each new
// one which earlier one it is most like, by cosine. Up to VECTORS_EXACT vectors every one is compared;
// beyond, a graph (graph.h) is asked, which nearly always finds the nearest. From half of that bound
// on each add puts two vectors into the graph, so that no single one has to wait until it is built.
//
// Memory: 4 bytes a dimension, rounded up to 32 dimensions, and 16; in the graph some 150 more.
#ifndef CONFAB_DEDUP_VECTORS_H
#define CONFAB_DEDUP_VECTORS_H

#include "base/error.h"
#include "dedup/seen.h"

enum {
    VECTORS_EXACT = 100000,     // 384 dimensions of so many are gone over in about 20 ms
    VECTORS_DIMENSIONS = 16384, // more is no embedding of today's
};

typedef struct VectorsOptions {
    size_t dimensions;    // 1 … VECTORS_DIMENSIONS
    double threshold;     // cosine from which two are near
    size_t exact;         // 0: VECTORS_EXACT
} VectorsOptions;

typedef struct Vectors Vectors;

Vectors *vectors_new(const VectorsOptions *options);
void vectors_free(Vectors *v);  // NULL is fine

// The most similar of all at or above the threshold, of equal ones the one with the lowest id; never
// `exact`. Any length but 0 will do; a vector of zeros is near to nothing. The vector is remembered
// until the next look, for vectors_add.
bool vectors_look(Vectors *v, const float *vector, SeenMatch *match);
bool vectors_add(Vectors *v, uint64_t id, Error *e);  // the vector of the last look; false: out of memory

size_t vectors_count(const Vectors *v);
size_t vectors_bytes(const Vectors *v);

#endif
