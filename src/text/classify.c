// SPDX-License-Identifier: Apache-2.0
#include "text/classify.h"

#if defined(__SSE2__)
#include <immintrin.h>

// All of a block at once, where the machine has it.
__attribute__((target("avx512bw"))) static ByteClasses classify_avx512(const char *p)
{
    __m512i x = _mm512_loadu_si512(p);
    __m512i from_tab = _mm512_sub_epi8(x, _mm512_set1_epi8(0x09)), from_separators = _mm512_sub_epi8(x, _mm512_set1_epi8(0x1C));
    return (ByteClasses){
        .space = _mm512_cmple_epu8_mask(from_tab, _mm512_set1_epi8(0x0D - 0x09)) | _mm512_cmple_epu8_mask(from_separators, _mm512_set1_epi8(0x20 - 0x1C)),
        .rare = _mm512_cmpge_epu8_mask(x, _mm512_set1_epi8((char)0xE0)) | _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8((char)0xC2)),
        .stop = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('.')) | _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('!')) |
                _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('?')),
    };
}

static uint64_t bits(__m128i m, int part)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(m) << (16 * part);
}

// x in low … low + span, as unsigned bytes: the saturating subtraction leaves 0 for no larger one.
static __m128i in_range(__m128i x, char low, char span)
{
    __m128i shifted = _mm_sub_epi8(x, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_subs_epu8(shifted, _mm_set1_epi8(span)), _mm_setzero_si128());
}

static ByteClasses classify_sse2(const char *p)
{
    ByteClasses c = {0};
    for (int part = 0; part < CLASS_BLOCK / 16; part++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * part));
        __m128i space = _mm_or_si128(in_range(x, 0x09, 0x0D - 0x09), in_range(x, 0x1C, 0x20 - 0x1C));
        __m128i rare = _mm_or_si128(in_range(x, (char)0xE0, 0x1F), _mm_cmpeq_epi8(x, _mm_set1_epi8((char)0xC2)));
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('.')),
                                    _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('!')), _mm_cmpeq_epi8(x, _mm_set1_epi8('?'))));
        c.space |= bits(space, part);
        c.rare |= bits(rare, part);
        c.stop |= bits(stop, part);
    }
    return c;
}

ByteClasses classify(const char *p)
{
    return __builtin_cpu_supports("avx512bw") ? classify_avx512(p) : classify_sse2(p);
}

#else

ByteClasses classify(const char *p) { return classify_portable(p); }

#endif

ByteClasses classify_portable(const char *p)
{
    ByteClasses c = {0};
    for (unsigned i = 0; i < CLASS_BLOCK; i++) {
        unsigned char x = (unsigned char)p[i];
        uint64_t space = (x >= 0x09 && x <= 0x0D) || (x >= 0x1C && x <= 0x20);
        uint64_t rare = x == 0xC2 || x >= 0xE0;
        uint64_t stop = x == '.' || x == '!' || x == '?';
        c.space |= space << i;
        c.rare |= rare << i;
        c.stop |= stop << i;
    }
    return c;
}
