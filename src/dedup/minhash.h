// SPDX-License-Identifier: Apache-2.0
//
// A set of keys as a sketch of fixed size: two sketches agree at a place with a probability that is
// the Jaccard index of their sets (Broder 1997). One pass puts every key into one of the places, where
// the smallest hash stays (one-permutation hashing: Li, Owen, Zhang 2012). Places left empty are
// filled by further passes, which count only there, and at last each by the smallest hash of all keys:
// the scheme of Dahlgaard, Knudsen and Thorup, "Fast Similarity Sketching" (FOCS 2017), with their
// final rounds begun early. So a set of five keys has as good a sketch as one of five thousand.
//
// Bands of rows of a sketch find the sets that are alike (Leskovec, Rajaraman, Ullman, "Mining of
// Massive Datasets", 3.4): they share a band of r rows among b with probability 1-(1-J^r)^b.
#ifndef CONFAB_DEDUP_MINHASH_H
#define CONFAB_DEDUP_MINHASH_H

#include "base/str.h"

enum { SKETCH_PLACES = 126 };  // 21 bands of 6 rows find 99.8% of the pairs at exactly 0.8

typedef struct Sketch {
    uint32_t places[SKETCH_PLACES];
} Sketch;

void sketch_of(const uint32_t *keys, size_t n, Sketch *out);  // different keys; n > 0
void sketch_portable(const uint32_t *keys, size_t n, Sketch *out);  // the same without SIMD

typedef struct Banding {
    unsigned bands, rows;  // bands * rows <= SKETCH_PLACES
} Banding;

// The fewest bands that find a pair at exactly `threshold` with a probability of at least 99.7%.
Banding banding_for(double threshold);
double banding_finds(Banding b, double jaccard);

void sketch_bands(const Sketch *s, Banding b, uint64_t *out);  // b.bands hashes

#endif
