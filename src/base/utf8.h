// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef CONFAB_BASE_UTF8_H
#define CONFAB_BASE_UTF8_H

#include "base/buf.h"
#include "base/str.h"

#define UTF8_BAD UINT32_MAX

// Offset of the first byte that is not valid UTF-8, or STR_NONE.
size_t utf8_first_invalid(Str s);
static inline bool utf8_valid(Str s) { return utf8_first_invalid(s) == STR_NONE; }

// Reads the code point at *at (< s.len) and moves *at behind it; an invalid byte gives UTF8_BAD
// and moves by one.
uint32_t utf8_next(Str s, size_t *at);
unsigned utf8_encode(uint32_t code_point, char out[4]);  // bytes written; 0 for what is no scalar value
size_t utf8_count(Str s);                                // letters: code points of valid text

Str utf8_cut(Str s, size_t max);                          // at most max bytes, no letter split

// Appends s with every invalid sequence as U+FFFD (one for each maximal subpart, as Unicode 15 D93b).
void utf8_add_lossy(Buf *b, Str s);

#endif
