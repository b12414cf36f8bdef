// SPDX-License-Identifier: Apache-2.0
#include "dedup/minhash.h"

#include <math.h>

#include "base/hash.h"

enum { SHARED_PASSES = 3 };  // more are dearer than filling the rest one by one, fewer as well (bench/dedup)

// A smaller pass counts before a smaller hash.
static uint64_t entry(unsigned pass, uint64_t hash) { return (uint64_t)pass << 32 | (uint32_t)hash; }

static uint64_t rehash(uint64_t hash, uint64_t key)
{
    uint64_t x = (hash ^ key) * 0xBF58476D1CE4E5B9u;
    x ^= x >> 32;
    return x * 0x94D049BB133111EBu;
}

static uint64_t key_of(unsigned pass) { return hash_mix(0x636F6E666162u, pass); }

static void shared_pass(const uint64_t *hashes, size_t n, unsigned pass, uint64_t *places)
{
    uint64_t key = key_of(pass);
    for (size_t i = 0; i < n; i++) {
        uint64_t x = rehash(hashes[i], key);
        size_t place = (size_t)((x >> 32) * SKETCH_PLACES >> 32);
        uint64_t e = entry(pass, x);
        if (e < places[place]) places[place] = e;
    }
}

// The upper half of the product: its lower bits hang on fewer bits of the hash.
static uint32_t smallest(const uint64_t *hashes, size_t n, unsigned place)
{
    uint64_t key = key_of(SHARED_PASSES + place);
    uint32_t low = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t x = (uint32_t)(rehash(hashes[i], key) >> 32);
        low = x < low ? x : low;
    }
    return low;
}

void sketch_of(const uint64_t *hashes, size_t n, Sketch *out)
{
    uint64_t places[SKETCH_PLACES];
    memset(places, 0xFF, sizeof places);
    for (unsigned pass = 0; pass < SHARED_PASSES; pass++) shared_pass(hashes, n, pass, places);
    for (unsigned i = 0; i < SKETCH_PLACES; i++) {
        if (places[i] == UINT64_MAX) places[i] = entry(SHARED_PASSES, smallest(hashes, n, i));
        out->places[i] = (uint32_t)(places[i] ^ places[i] >> 32);
    }
}

double banding_finds(Banding b, double jaccard) { return 1 - pow(1 - pow(jaccard, b.rows), b.bands); }

Banding banding_for(double threshold)
{
    const double enough = 0.997;
    Banding best = {SKETCH_PLACES, 1};
    for (unsigned rows = 2; rows <= SKETCH_PLACES; rows++) {
        Banding b = {SKETCH_PLACES / rows, rows};
        if (b.bands < best.bands && banding_finds(b, threshold) >= enough) best = b;
    }
    return best;
}

void sketch_bands(const Sketch *s, Banding b, uint64_t *out)
{
    const uint32_t *row = s->places;
    for (unsigned i = 0; i < b.bands; i++) {
        uint64_t h = i + 1;
        for (unsigned k = 0; k < b.rows; k++) {
            h = (h ^ *row++) * 0x9FB21C651E98DF25u;
            h ^= h >> 32;
        }
        out[i] = h;
    }
}
