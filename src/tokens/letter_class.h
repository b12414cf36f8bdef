// SPDX-License-Identifier: Apache-2.0
//
// The general category of a code point, as far as split patterns ask for it: one letter a class.
//
//   U  \p{Lu} \p{Lt}    L  \p{Ll}    O  \p{Lm} \p{Lo}    M  \p{M}    N  \p{N}    P  \p{P}    S  \p{S}
//   W  \s but line breaks            R  \r \n            x  all others
//
// Unicode 16, which is what tiktoken 0.14 and tokenizers 0.23 use; checked against both for every
// code point.
#ifndef CONFAB_TOKENS_LETTER_CLASS_H
#define CONFAB_TOKENS_LETTER_CLASS_H

#include "base/str.h"

enum { LETTER_BLOCK = 128 };
extern const char letter_blocks[][LETTER_BLOCK];
extern const uint8_t letter_index[0x110000 / LETTER_BLOCK];

static inline char letter_class(uint32_t code_point)
{
    return letter_blocks[letter_index[code_point / LETTER_BLOCK]][code_point % LETTER_BLOCK];
}

// The class of the letter at p, and in *n how many bytes it has. The text must be valid UTF-8.
static inline char letter_class_at(const unsigned char *p, unsigned *n)
{
    unsigned c = p[0];
    if (c < 0x80) {
        *n = 1;
        return letter_blocks[0][c];
    }
    if (c < 0xE0) {
        *n = 2;
        return letter_class((c & 0x1F) << 6 | (p[1] & 0x3Fu));
    }
    if (c < 0xF0) {
        *n = 3;
        return letter_class((c & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu));
    }
    *n = 4;
    return letter_class((c & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu));
}

// 4E00–9FA5, 3040–309F, 30A0–30FF at p, with three bytes there: what DeepSeek's tokenizer cuts out of a text first.
static inline bool letter_is_han_or_kana(const unsigned char *p)
{
    if (*p < 0xE3 || *p > 0xE9) return false;
    unsigned c = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    return (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3040 && c <= 0x30FF);
}

#endif
