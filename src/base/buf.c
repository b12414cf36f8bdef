// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include "base/arena.h"

void buf_free(Buf *b)
{
    free(b->ptr);
    *b = (Buf){.max = b->max};
}

void buf_clear(Buf *b)
{
    b->len = 0;
    b->full = false;
}

bool buf_reserve(Buf *b, size_t more)
{
    if (b->full) return false;
    if (more > SIZE_MAX / 2 - b->len || (b->max && more > b->max - b->len)) {
        b->full = true;
        return false;
    }
    size_t need = b->len + more;
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need) cap *= 2;
    // Room is never above the ceiling, so that an append within the room need not ask for it.
    if (b->max && cap > b->max) cap = b->max;
    b->ptr = mem_realloc(b->ptr, cap);
    b->cap = cap;
    return true;
}

void buf_printf(Buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0 && buf_reserve(b, (size_t)n + 1)) {
        vsnprintf(b->ptr + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void buf_add_u64(Buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    buf_add(b, (Str){digits + at, sizeof digits - at});
}
