// SPDX-License-Identifier: Apache-2.0
#include "text/letters.h"

#include <unicode/ubrk.h>

#include "base/arena.h"
#include "base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BACK = 256, AHEAD = 32 };  // code points that are looked at around a cut

// Bytes that continue a letter are 80–BF: as signed numbers all below -64.
size_t letters_count(Str text)
{
    size_t n = 0, i = 0;
#if defined(__SSE2__)
    const __m128i edge = _mm_set1_epi8(-65);
    while (i + 16 <= text.len) {
        __m128i sums = _mm_setzero_si128();
        for (int k = 0; k < 255 && i + 16 <= text.len; k++, i += 16) {
            __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + i));
            sums = _mm_sub_epi8(sums, _mm_cmpgt_epi8(x, edge));
        }
        __m128i wide = _mm_sad_epu8(sums, _mm_setzero_si128());
        n += (size_t)_mm_cvtsi128_si64(wide) + (size_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(wide, wide));
    }
#endif
    // Eight bytes in a number: one for each that continues a letter, summed by a multiplication.
    for (; i + 8 <= text.len; i += 8) {
        uint64_t x;
        memcpy(&x, text.ptr + i, sizeof x);
        uint64_t ones = UINT64_C(0x0101010101010101), inside = x >> 7 & ~(x >> 6) & ones;
        n += 8 - (size_t)(inside * ones >> 56);
    }
    for (; i < text.len; i++) n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

size_t letters_skip(Str text, size_t at, size_t n)
{
    enum { STEP = 256 };
    while (n > 0 && at < text.len) {
        // A slice of as many bytes never has more letters than are wanted.
        Str part = str_slice(text, at, at + (n < STEP ? n : STEP));
        n -= letters_count(part);
        at += part.len;
        if (n == 0 || part.len == 0) break;
    }
    while (!letter_starts(text, at)) at++;
    return at;
}

void clusters_free(Clusters *c)
{
    if (c->breaker) ubrk_close(c->breaker);
    c->breaker = NULL;
}

size_t clusters_boundary(Clusters *c, Str text, size_t from, size_t at)
{
    if (at >= text.len) return text.len;
    UErrorCode status = U_ZERO_ERROR;
    if (!c->breaker) c->breaker = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    if (U_FAILURE(status) || !c->breaker) oom();
    size_t start = at;
    for (int k = 0; k < BACK && start > from; k++)
        do start--;
        while (start > from && !letter_starts(text, start));
    UChar units[2 * (BACK + AHEAD)];
    size_t offsets[2 * (BACK + AHEAD)];
    int32_t n = 0, cut = 0;
    for (size_t i = start; i < text.len && n < 2 * (BACK + AHEAD) - 1;) {
        if (i == at) cut = n;
        size_t offset = i;
        uint32_t letter = utf8_next(text, &i);
        if (letter == UTF8_BAD) letter = 0xFFFD;
        offsets[n] = offset;
        if (letter >= 0x10000) {
            units[n++] = (UChar)(0xD7C0 + (letter >> 10));
            offsets[n] = offset;
            letter = 0xDC00 | (letter & 0x3FF);
        }
        units[n++] = (UChar)letter;
    }
    ubrk_setText(c->breaker, units, n, &status);
    if (U_FAILURE(status)) oom();
    if (ubrk_isBoundary(c->breaker, cut)) return at;
    int32_t found = ubrk_preceding(c->breaker, cut);
    return found <= 0 ? at : offsets[found];
}
