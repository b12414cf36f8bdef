// SPDX-License-Identifier: Apache-2.0
//
// A growing byte buffer with a ceiling, owned by whoever declared it. Once an append would pass
// the ceiling the buffer keeps what it had, sets `full`, and ignores every further append, so a
// caller checks once at the end. {0} is a buffer without a ceiling.
#ifndef CONFAB_BASE_BUF_H
#define CONFAB_BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

typedef struct Buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;   // most bytes it may hold; 0: no ceiling
    bool full;    // an append was refused
} Buf;

void buf_free(Buf *b);
void buf_clear(Buf *b);                       // keeps the memory, clears `full`
bool buf_reserve(Buf *b, size_t more);        // room for `more` further bytes, or false and full
void buf_add(Buf *b, Str s);
void buf_add_char(Buf *b, char c);
void buf_printf(Buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_u64(Buf *b, uint64_t n);
static inline Str buf_str(const Buf *b) { return (Str){b->ptr, b->len}; }

#endif
