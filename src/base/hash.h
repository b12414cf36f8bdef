// SPDX-License-Identifier: Apache-2.0
//
// Hashes: XXH3 (libxxhash; fast, stable across machines) to find and to key, SHA-256 (nettle)
// where a person or another program compares.
#ifndef CONFAB_BASE_HASH_H
#define CONFAB_BASE_HASH_H

#include "base/arena.h"
#include "base/str.h"

typedef struct Hash128 {
    uint64_t low, high;
} Hash128;

uint64_t hash64(Str s, uint64_t seed);
Hash128 hash128(Str s);
static inline bool hash128_eq(Hash128 a, Hash128 b) { return a.low == b.low && a.high == b.high; }

// One number from several, for keyed draws. Same on every machine.
uint64_t hash_mix(uint64_t a, uint64_t b);

typedef struct Sha256 {
    unsigned char bytes[32];
} Sha256;

Sha256 sha256(Str s);
Sha256 sha256_all(const Str *parts, size_t n);  // of the parts behind one another
Str hash_hex(Arena *a, const unsigned char *bytes, size_t n);  // lower case

#endif
