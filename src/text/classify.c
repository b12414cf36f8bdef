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

ByteClasses classify_sse2(const char *p)
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

// ---- eight bytes in a number -------------------------------------------------------------------------

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define TOPS EACH(0x80)

// The first byte is the lowest.
static uint64_t eight(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

// The top bit of each byte of x that is at least `low`; all are below 0x80.
static uint64_t at_least(uint64_t x, unsigned low) { return x + EACH(0x80 - low); }

static uint64_t between(uint64_t x, unsigned low, unsigned high) { return at_least(x, low) & ~at_least(x, high + 1); }

// Top bits to eight bits in a row: the multiplication moves each to its own place in the highest byte.
static uint64_t gather(uint64_t tops) { return ((tops & TOPS) >> 7) * UINT64_C(0x0102040810204080) >> 56; }

ByteClasses classify_portable(const char *p)
{
    ByteClasses c = {0};
    for (unsigned i = 0; i < CLASS_BLOCK; i += 8) {
        uint64_t x = eight(p + i), low = x & ~TOPS;
        uint64_t space = (between(low, 0x09, 0x0D) | between(low, 0x1C, 0x20)) & ~x;
        uint64_t rare = (at_least(low, 0xE0 - 0x80) | between(low, 0xC2 - 0x80, 0xC2 - 0x80)) & x;
        uint64_t stop = (between(low, '.', '.') | between(low, '!', '!') | between(low, '?', '?')) & ~x;
        c.space |= gather(space) << i;
        c.rare |= gather(rare) << i;
        c.stop |= gather(stop) << i;
    }
    return c;
}
