// SPDX-License-Identifier: Apache-2.0
//
// What 64 bytes of UTF-8 are to somebody who looks for words: two bit masks (bit i: byte i). The
// bytes are also copied with bit 0x20 set, which is lower case for ASCII letters and leaves digits
// as they are. The SSE2 and the portable form give the same.
#ifndef CONFAB_DEDUP_WORDMASK_H
#define CONFAB_DEDUP_WORDMASK_H

#include "base/str.h"

enum { WORDMASK_BLOCK = 64 };

typedef struct WordMask {
    uint64_t plain;    // ASCII letters and digits
    uint64_t special;  // apostrophes and bytes of other letters: their word needs more thought
} WordMask;

WordMask wordmask(const char *p, char *lower);           // reads and writes WORDMASK_BLOCK bytes
WordMask wordmask_portable(const char *p, char *lower);  // the same without SIMD

#endif
