// SPDX-License-Identifier: Apache-2.0
//
// Letters of a text: code points to count by, and grapheme clusters (UAX #29, what a reader sees as
// one letter) so that a cut never parts an accent from its vowel or a flag in two.
#ifndef CONFAB_TEXT_LETTERS_H
#define CONFAB_TEXT_LETTERS_H

#include "base/str.h"

size_t letters_count(Str text);                           // code points of valid UTF-8
size_t letters_skip(Str text, size_t at, size_t n);       // offset behind n code points; or text.len
static inline bool letter_starts(Str text, size_t at)     // a code point begins here, or the text ends
{
    return at >= text.len || ((unsigned char)text.ptr[at] & 0xC0) != 0x80;
}

// ICU's cluster breaker, opened when first used. {0} is ready; one thread at a time.
typedef struct Clusters {
    void *breaker;
} Clusters;

void clusters_free(Clusters *c);

// The last cluster boundary in (from, at]; `at` itself (a code point's start) where none is found
// within the 256 code points before it: no letter anybody reads is that long.
size_t clusters_boundary(Clusters *c, Str text, size_t from, size_t at);

#endif
