// SPDX-License-Identifier: Apache-2.0
#include "dedup/minhash.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    SHARED_PASSES = 4,  // more are dearer than filling the rest one by one, fewer as well
    PART = 256,         // keys hashed at a time
};

// One hash function for each pass and each place that is filled by itself: a key is xored with
// salt_of(i) and mixed. The multipliers are odd numbers with well spread bits.
#define FACTOR_1 0x7FEB352Du
#define FACTOR_2 0x846CA68Bu

static uint32_t salt_of(unsigned i) { return (i + 1) * 0x9E3779B9u; }

typedef struct Hashing {
    void (*hash)(const uint32_t *keys, size_t n, uint32_t salt, uint32_t *out);
    uint32_t (*smallest)(const uint32_t *keys, size_t n, uint32_t salt);
} Hashing;

// ---- the hashes, one by one and eight at a time -------------------------------------------------

static uint32_t mix(uint32_t key, uint32_t salt)
{
    uint32_t x = key ^ salt;
    x ^= x >> 16;
    x *= FACTOR_1;
    x ^= x >> 15;
    x *= FACTOR_2;
    return x ^ x >> 16;
}

static void hash_portable(const uint32_t *keys, size_t n, uint32_t salt, uint32_t *out)
{
    for (size_t i = 0; i < n; i++) out[i] = mix(keys[i], salt);
}

static uint32_t smallest_portable(const uint32_t *keys, size_t n, uint32_t salt)
{
    uint32_t low = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t x = mix(keys[i], salt);
        low = x < low ? x : low;
    }
    return low;
}

static const Hashing portable = {hash_portable, smallest_portable};

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline __m256i mix8(const uint32_t *keys, __m256i salt)
{
    __m256i x = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)keys), salt);
    x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
    x = _mm256_mullo_epi32(x, _mm256_set1_epi32((int)FACTOR_1));
    x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
    x = _mm256_mullo_epi32(x, _mm256_set1_epi32((int)FACTOR_2));
    return _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
}

__attribute__((target("avx2"))) static void hash_avx2(const uint32_t *keys, size_t n, uint32_t salt, uint32_t *out)
{
    __m256i salts = _mm256_set1_epi32((int)salt);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_si256((__m256i *)(void *)(out + i), mix8(keys + i, salts));
    hash_portable(keys + i, n - i, salt, out + i);
}

__attribute__((target("avx2"))) static uint32_t smallest_avx2(const uint32_t *keys, size_t n, uint32_t salt)
{
    __m256i salts = _mm256_set1_epi32((int)salt), low = _mm256_set1_epi32(-1);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) low = _mm256_min_epu32(low, mix8(keys + i, salts));
    uint32_t lanes[8], rest = smallest_portable(keys + i, n - i, salt);
    _mm256_storeu_si256((__m256i *)(void *)lanes, low);
    for (int k = 0; k < 8; k++) rest = lanes[k] < rest ? lanes[k] : rest;
    return rest;
}

static const Hashing avx2 = {hash_avx2, smallest_avx2};

static const Hashing *best(void) { return __builtin_cpu_supports("avx2") ? &avx2 : &portable; }

#else

static const Hashing *best(void) { return &portable; }

#endif

// ---- the sketch ---------------------------------------------------------------------------------

// The upper half of a place says the pass, so that an earlier pass counts before a smaller hash.
static void shared_pass(const Hashing *h, const uint32_t *keys, size_t n, unsigned pass, uint64_t *places)
{
    uint32_t hashes[PART];
    uint64_t early = (uint64_t)pass << 32;
    for (size_t from = 0; from < n; from += PART) {
        size_t part = n - from < PART ? n - from : PART;
        h->hash(keys + from, part, salt_of(pass), hashes);
        for (size_t i = 0; i < part; i++) {
            // The whole part of the product is the place, what is left of it the hash there.
            uint64_t x = (uint64_t)hashes[i] * SKETCH_PLACES;
            uint64_t *place = &places[x >> 32], entry = early | (uint32_t)x, now = *place;
            *place = entry < now ? entry : now;
        }
    }
}

static void make(const Hashing *h, const uint32_t *keys, size_t n, Sketch *out)
{
    uint64_t places[SKETCH_PLACES];
    memset(places, 0xFF, sizeof places);
    for (unsigned pass = 0; pass < SHARED_PASSES; pass++) shared_pass(h, keys, n, pass, places);
    for (unsigned i = 0; i < SKETCH_PLACES; i++) {
        bool empty = places[i] == UINT64_MAX;
        uint32_t low = empty ? h->smallest(keys, n, salt_of(SHARED_PASSES + i)) : (uint32_t)places[i];
        out->places[i] = low ^ (empty ? SHARED_PASSES : (uint32_t)(places[i] >> 32));
    }
}

void sketch_of(const uint32_t *keys, size_t n, Sketch *out) { make(best(), keys, n, out); }
void sketch_portable(const uint32_t *keys, size_t n, Sketch *out) { make(&portable, keys, n, out); }

// ---- bands --------------------------------------------------------------------------------------

double banding_finds(Banding b, double jaccard) { return 1 - pow(1 - pow(jaccard, b.rows), b.bands); }

Banding banding_for(double threshold)
{
    const double enough = 0.997;
    Banding fewest = {SKETCH_PLACES, 1};
    for (unsigned rows = 2; rows <= SKETCH_PLACES; rows++) {
        Banding b = {SKETCH_PLACES / rows, rows};
        if (b.bands < fewest.bands && banding_finds(b, threshold) >= enough) fewest = b;
    }
    return fewest;
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
