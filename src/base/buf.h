// SPDX-License-Identifier: Apache-2.0
//
// A growing byte buffer with a ceiling, owned by whoever declared it. Once an append would pass
// the ceiling the buffer keeps what it had, sets `full`, and ignores every further append, so a
// caller checks once at the end. {0} is a buffer without a ceiling.
#ifndef CONFAB_BASE_BUF_H
#define CONFAB_BASE_BUF_H

#include <stdarg.h>
#include <string.h>

#include "base/str.h"

typedef struct Buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;   // most bytes it may hold, set before the first append; 0: no ceiling
    bool full;    // an append was refused
} Buf;

void buf_free(Buf *b);
void buf_clear(Buf *b);                       // keeps the memory, clears `full`
bool buf_reserve(Buf *b, size_t more);        // room for `more` further bytes, or false and full
static inline void buf_add(Buf *b, Str s);
static inline void buf_add_char(Buf *b, char c);
void buf_printf(Buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_u64(Buf *b, uint64_t n);
static inline Str buf_str(const Buf *b) { return (Str){b->ptr, b->len}; }

// Inline, since records and requests are written in many short pieces.
static inline void buf_add(Buf *b, Str s)
{
    if (s.len == 0 || ((b->full || s.len > b->cap - b->len) && !buf_reserve(b, s.len))) return;
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

static inline void buf_add_char(Buf *b, char c)
{
    if ((b->full || b->len == b->cap) && !buf_reserve(b, 1)) return;
    b->ptr[b->len++] = c;
}

#endif
