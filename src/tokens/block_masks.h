// SPDX-License-Identifier: Apache-2.0
//
// What the 64 bytes of a block are, as a bit each, for AVX-512, AVX2, SSE2 and plain C. Only for block_scan.c, into
// which all of it is inlined.
#ifndef CONFAB_TOKENS_BLOCK_MASKS_H
#define CONFAB_TOKENS_BLOCK_MASKS_H

#include "tokens/block_scan.h"
#include "tokens/letter_class.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef unsigned char Byte;

// A bit a byte of the block. Every byte that is not ASCII is `high` and nothing else at first.
typedef struct Masks {
    uint64_t letter, upper, digit;
    uint64_t blank, space;    // white space but line breaks; of these ' '
    uint64_t line;            // \r \n
    uint64_t apostrophe;
    uint64_t control;         // below the space, but none of the above; DEL
    uint64_t high;
} Masks;

INLINE Masks classify_plain(const Byte *p)
{
    Masks m = {0};
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if (p[i] >= 0x80) {
            m.high |= bit;
            continue;
        }
        char k = letter_blocks[0][p[i]];
        if (k == 'U' || k == 'L') m.letter |= bit;
        if (k == 'U') m.upper |= bit;
        if (k == 'N') m.digit |= bit;
        if (k == 'W') m.blank |= bit;
        if (k == 'R') m.line |= bit;
        if (p[i] == ' ') m.space |= bit;
        if (p[i] == '\'') m.apostrophe |= bit;
        if (k == 'x') m.control |= bit;
    }
    return m;
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt")))

INLINE uint64_t within16(const __m128i v[4], char first, int count)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m128i moved = _mm_sub_epi8(v[i], _mm_set1_epi8((char)(first + 0x80)));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(moved, _mm_set1_epi8((char)(-128 + count)))) << 16 * i;
    }
    return mask;
}

INLINE uint64_t equal16(const __m128i v[4], char c)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++) mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], _mm_set1_epi8(c))) << 16 * i;
    return mask;
}

INLINE Masks classify_sse2(const Byte *p)
{
    Masks m;
    __m128i v[4], folded[4];
    m.high = 0;
    for (unsigned i = 0; i < 4; i++) {
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        folded[i] = _mm_or_si128(v[i], _mm_set1_epi8(0x20));
        m.high |= (uint64_t)(unsigned)_mm_movemask_epi8(v[i]) << 16 * i;
    }
    m.letter = within16(folded, 'a', 26);
    m.upper = within16(v, 'A', 26);
    m.digit = within16(v, '0', 10);
    m.space = equal16(v, ' ');
    m.line = equal16(v, '\n') | equal16(v, '\r');
    m.blank = (within16(v, '\t', 5) & ~m.line) | m.space;
    m.apostrophe = equal16(v, '\'');
    m.control = (within16(v, 0, ' ') & ~(m.blank | m.line)) | equal16(v, 0x7F);
    return m;
}

INLINE AVX2 uint64_t within32(const __m256i v[2], char first, int count)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 2; i++) {
        __m256i moved = _mm256_sub_epi8(v[i], _mm256_set1_epi8((char)(first + 0x80)));
        mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8((char)(-128 + count)), moved)) << 32 * i;
    }
    return mask;
}

INLINE AVX2 uint64_t equal32(const __m256i v[2], char c)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 2; i++)
        mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v[i], _mm256_set1_epi8(c))) << 32 * i;
    return mask;
}

INLINE AVX2 Masks classify_avx2(const Byte *p)
{
    Masks m;
    __m256i v[2], folded[2];
    m.high = 0;
    for (unsigned i = 0; i < 2; i++) {
        v[i] = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
        folded[i] = _mm256_or_si256(v[i], _mm256_set1_epi8(0x20));
        m.high |= (uint64_t)(unsigned)_mm256_movemask_epi8(v[i]) << 32 * i;
    }
    m.letter = within32(folded, 'a', 26);
    m.upper = within32(v, 'A', 26);
    m.digit = within32(v, '0', 10);
    m.space = equal32(v, ' ');
    m.line = equal32(v, '\n') | equal32(v, '\r');
    m.blank = (within32(v, '\t', 5) & ~m.line) | m.space;
    m.apostrophe = equal32(v, '\'');
    m.control = (within32(v, 0, ' ') & ~(m.blank | m.line)) | equal32(v, 0x7F);
    return m;
}

INLINE AVX512 uint64_t within64(__m512i v, char first, char count)
{
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8(first)), _mm512_set1_epi8(count));
}

INLINE AVX512 uint64_t equal64(__m512i v, char c) { return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c)); }

INLINE AVX512 Masks classify_avx512(const Byte *p)
{
    __m512i v = _mm512_loadu_si512(p);
    Masks m;
    m.high = _mm512_movepi8_mask(v);
    m.letter = within64(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), 'a', 26);
    m.upper = within64(v, 'A', 26);
    m.digit = within64(v, '0', 10);
    m.space = equal64(v, ' ');
    m.line = equal64(v, '\n') | equal64(v, '\r');
    m.blank = (within64(v, '\t', 5) & ~m.line) | m.space;
    m.apostrophe = equal64(v, '\'');
    m.control = (within64(v, 0, ' ') & ~(m.blank | m.line)) | equal64(v, 0x7F);
    return m;
}
#endif

#endif
