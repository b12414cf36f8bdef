// SPDX-License-Identifier: Apache-2.0
//
// Pseudo-English out of a random stream: sentences from some 340 words, about 2^50 of each form,
// so that among 100,000 answers no two are near-duplicates unless that is asked for. The text
// has no quote, backslash or control character (it may stand in JSON as it is) and never looks
// like a `Name:` line; a few words are not ASCII on purpose.
#ifndef MOCKLLM_PROSE_H
#define MOCKLLM_PROSE_H

#include "bytes.h"

// Two voices with the same `base` say the same, but for about `noise_share` / 1024 of the words,
// which are drawn from `noise`.
typedef struct Voice {
    uint64_t base;
    uint64_t noise;
    uint32_t noise_share;
} Voice;

uint32_t voice_below(Voice *v, uint32_t n);  // a decision (not a word): from `base` alone

void prose_sentence(Buf *out, Voice *v);
// One to three sentences; where bounds are given (in code points, max 0: none) as many and as
// short as they need. max below min counts as min.
void prose_text(Buf *out, Voice *v, size_t min, size_t max);

#endif
