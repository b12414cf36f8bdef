// SPDX-License-Identifier: Apache-2.0
#include "dedup/wordmask.h"

#if defined(__SSE2__)
#include <emmintrin.h>

static uint64_t bits(__m128i m, int part) { return (uint64_t)(uint32_t)_mm_movemask_epi8(m) << (16 * part); }

// Signed comparison: bytes of 80 and above are below every letter.
static __m128i between(__m128i x, char below, char above)
{
    return _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8(below)), _mm_cmplt_epi8(x, _mm_set1_epi8(above)));
}

WordMask wordmask(const char *p, char *lower)
{
    WordMask m = {0};
    for (int part = 0; part < WORDMASK_BLOCK / 16; part++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * part));
        __m128i low = _mm_or_si128(x, _mm_set1_epi8(0x20));
        _mm_storeu_si128((__m128i *)(void *)(lower + 16 * part), low);
        m.plain |= bits(_mm_or_si128(between(low, 'a' - 1, 'z' + 1), between(x, '0' - 1, '9' + 1)), part);
        m.special |= bits(_mm_or_si128(x, _mm_cmpeq_epi8(x, _mm_set1_epi8('\''))), part);
    }
    return m;
}

#else

WordMask wordmask(const char *p, char *lower) { return wordmask_portable(p, lower); }

#endif

WordMask wordmask_portable(const char *p, char *lower)
{
    WordMask m = {0};
    for (unsigned i = 0; i < WORDMASK_BLOCK; i++) {
        unsigned char x = (unsigned char)p[i], low = x | 0x20;
        uint64_t plain = (low >= 'a' && low <= 'z') || (x >= '0' && x <= '9');
        uint64_t special = x >= 0x80 || x == '\'';
        lower[i] = (char)low;
        m.plain |= plain << i;
        m.special |= special << i;
    }
    return m;
}
