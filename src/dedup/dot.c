// SPDX-License-Identifier: Apache-2.0
#include "dedup/dot.h"

// Halves the lanes until one is left: every form ends with this, or does the same in registers.
static float fold(float *lanes)
{
    for (size_t half = DOT_LANES / 2; half; half /= 2)
        for (size_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

float dot_portable(const float *a, const float *b, size_t n)
{
    float lanes[DOT_LANES] = {0};
    for (size_t i = 0; i < n; i += DOT_LANES)
        for (size_t k = 0; k < DOT_LANES; k++) lanes[k] += a[i + k] * b[i + k];
    return fold(lanes);
}

#if defined __x86_64__
#include <immintrin.h>

// As fold, from the sixteen sums of the first lanes with the second.
__attribute__((target("avx2"))) static float fold_sixteen(__m256 low, __m256 high)
{
    __m256 eight = _mm256_add_ps(low, high);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

__attribute__((target("avx2"))) static float dot_avx2(const float *a, const float *b, size_t n)
{
    __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    for (size_t i = 0; i < n; i += DOT_LANES)
        for (size_t k = 0; k < 4; k++)
            sums[k] = _mm256_add_ps(sums[k], _mm256_mul_ps(_mm256_loadu_ps(a + i + 8 * k), _mm256_loadu_ps(b + i + 8 * k)));
    return fold_sixteen(_mm256_add_ps(sums[0], sums[2]), _mm256_add_ps(sums[1], sums[3]));
}

__attribute__((target("avx512f"))) static float dot_avx512(const float *a, const float *b, size_t n)
{
    __m512 low = _mm512_setzero_ps(), high = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += DOT_LANES) {
        low = _mm512_add_ps(low, _mm512_mul_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i)));
        high = _mm512_add_ps(high, _mm512_mul_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16)));
    }
    __m512 sums = _mm512_add_ps(low, high);
    __m512 upper = _mm512_shuffle_f32x4(sums, sums, _MM_SHUFFLE(3, 2, 3, 2));
    return fold_sixteen(_mm512_castps512_ps256(sums), _mm512_castps512_ps256(upper));
}

size_t dot_forms(Dot *out)
{
    size_t n = 0;
    out[n++] = dot_portable;
    if (__builtin_cpu_supports("avx2")) out[n++] = dot_avx2;
    if (__builtin_cpu_supports("avx512f")) out[n++] = dot_avx512;
    return n;
}
#else
size_t dot_forms(Dot *out)
{
    out[0] = dot_portable;
    return 1;
}
#endif

Dot dot_best(void)
{
    Dot forms[3];
    return forms[dot_forms(forms) - 1];
}
