// SPDX-License-Identifier: Apache-2.0
//
// What 64 bytes of UTF-8 are, as three bit masks (bit i: byte i), for the loops that go over text.
// The forms for AVX-512, for SSE2 and for any machine give the same; `classify` is the best there is.
#ifndef CONFAB_TEXT_CLASSIFY_H
#define CONFAB_TEXT_CLASSIFY_H

#include "base/str.h"

enum { CLASS_BLOCK = 64 };

typedef struct ByteClasses {
    uint64_t space;   // ASCII space: 09–0D, 1C–20
    uint64_t rare;    // C2 and E0–FF: may open a space or a letter of a script without spaces
    uint64_t stop;    // . ! ?
} ByteClasses;

ByteClasses classify(const char *p);           // reads CLASS_BLOCK bytes
#if defined(__SSE2__)
ByteClasses classify_sse2(const char *p);
#endif
ByteClasses classify_portable(const char *p);  // the same without SIMD

#endif
