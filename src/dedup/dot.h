// SPDX-License-Identifier: Apache-2.0
//
// The inner product of two vectors, in whatever form the processor has. All forms add up the same 32
// lanes in the same order, without fused operations, so they agree to the bit: what is decided by a
// threshold is decided alike on every machine.
#ifndef CONFAB_DEDUP_DOT_H
#define CONFAB_DEDUP_DOT_H

#include <stddef.h>

enum { DOT_LANES = 32 };

typedef float (*Dot)(const float *a, const float *b, size_t n);  // n is a multiple of DOT_LANES

Dot dot_best(void);  // the fastest form that this processor has: AVX-512, AVX2, or the portable one
float dot_portable(const float *a, const float *b, size_t n);

// All forms that can run here, for tests; returns how many, at most 3.
size_t dot_forms(Dot *out);

#endif
