// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are a pure function of a key, the same on every machine: SplitMix64 (Steele,
// Lea, Flood 2014). A key is made with hash_mix from the run's seed, a name's hash and indices.
#ifndef CONFAB_BASE_RANDOM_H
#define CONFAB_BASE_RANDOM_H

#include "base/str.h"

typedef struct Random {
    uint64_t state;
} Random;

static inline Random random_from(uint64_t key) { return (Random){key}; }
uint64_t random_next(Random *r);
uint64_t random_below(Random *r, uint64_t n);  // even over 0 … n-1, without bias; n > 0
double random_unit(Random *r);                 // [0, 1), 53 bits
void random_shuffle(Random *r, uint32_t *items, size_t n);  // Fisher–Yates

// From the operating system, for a run's default seed and one-time keys.
bool random_system(void *bytes, size_t n);

#endif
