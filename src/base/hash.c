// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <nettle/sha2.h>
#include <xxhash.h>

uint64_t hash64(Str s, uint64_t seed) { return XXH3_64bits_withSeed(s.len ? s.ptr : "", s.len, seed); }

Hash128 hash128(Str s)
{
    XXH128_hash_t h = XXH3_128bits(s.len ? s.ptr : "", s.len);
    return (Hash128){h.low64, h.high64};
}

uint64_t hash_mix(uint64_t a, uint64_t b)
{
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over a sum that keeps (a, b) apart from (b, a).
    uint64_t z = a * 0x9E3779B97F4A7C15u + b + 0x632BE59BD9B4E019u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

Sha256 sha256_all(const Str *parts, size_t n)
{
    Sha256 out;
    struct sha256_ctx context;
    sha256_init(&context);
    for (size_t i = 0; i < n; i++) sha256_update(&context, parts[i].len, (const uint8_t *)parts[i].ptr);
    sha256_digest(&context, sizeof out.bytes, out.bytes);
    return out;
}

Sha256 sha256(Str s) { return sha256_all(&s, 1); }

Str hash_hex(Arena *a, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, n * 2 + 1);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (Str){text, n * 2};
}
