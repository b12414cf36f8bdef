// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdalign.h>
#include <stddef.h>

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 20 };

struct ArenaBlock {
    ArenaBlock *older;
    size_t size;
    max_align_t bytes[];
};

_Noreturn void oom(void)
{
    static const char message[] = "error[memory]: out of memory\n"
                                  "hint: what was received is in the journal; `confab resume` goes on from there\n";
    fwrite(message, 1, sizeof message - 1, stderr);
    _Exit(1);
}

void *mem_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) oom();
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (!p) oom();
    return p;
}

static void add_block(Arena *a, size_t need)
{
    size_t size = a->block ? a->block->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_STEP) size = LARGEST_STEP;
    if (size < need) size = need;
    if (size > SIZE_MAX - sizeof(ArenaBlock)) oom();
    ArenaBlock *block = mem_alloc(sizeof(ArenaBlock) + size);
    block->older = a->block;
    block->size = size;
    a->block = block;
    a->used = 0;
    a->total += size;
}

static void *take(Arena *a, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX - unit) oom();
    size = (size + unit - 1) / unit * unit;
    if (!a->block || a->block->size - a->used < size) add_block(a, size);
    void *p = (char *)a->block->bytes + a->used;
    a->used += size;
    return p;
}

void *arena_alloc(Arena *a, size_t size) { return memset(take(a, size), 0, size); }

void *arena_array(Arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) oom();
    return arena_alloc(a, n * size);
}

void arena_reset(Arena *a)
{
    if (!a->block) return;
    // The newest block is the largest of the steps; the older ones go, so that a reset arena
    // holds one block and the next round of the same work allocates nothing.
    ArenaBlock *older = a->block->older;
    while (older) {
        ArenaBlock *next = older->older;
        free(older);
        older = next;
    }
    a->block->older = NULL;
    a->used = 0;
    a->total = a->block->size;
}

void arena_free(Arena *a)
{
    for (ArenaBlock *block = a->block; block;) {
        ArenaBlock *older = block->older;
        free(block);
        block = older;
    }
    *a = (Arena){0};
}

Str arena_str(Arena *a, Str s)
{
    if (s.len == SIZE_MAX) oom();
    char *copy = take(a, s.len + 1);
    if (s.len) memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return (Str){copy, s.len};
}

char *arena_cstr(Arena *a, Str s)
{
    if (s.len == SIZE_MAX) oom();
    char *copy = take(a, s.len + 1);
    if (s.len) memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

Str arena_vprintf(Arena *a, const char *format, va_list args)
{
    char near[128];  // most texts end here, and are written once
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(near, sizeof near, format, args);
    if (n < 0) n = 0;
    char *text = take(a, (size_t)n + 1);
    if ((size_t)n < sizeof near) memcpy(text, near, (size_t)n + 1);
    else vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return (Str){text, (size_t)n};
}

Str arena_printf(Arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Str s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

Str arena_u64(Arena *a, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    return arena_str(a, (Str){digits + at, sizeof digits - at});
}

Str arena_concat(Arena *a, const Str *parts, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len > SIZE_MAX - 1 - len) oom();
        len += parts[i].len;
    }
    char *text = take(a, len + 1), *end = text;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len) memcpy(end, parts[i].ptr, parts[i].len);
        end += parts[i].len;
    }
    *end = '\0';
    return (Str){text, len};
}

void *arena_grow(Arena *a, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) return items;
    size_t wider = *cap ? *cap * 2 : 8;
    if (wider < *cap) oom();
    void *copy = arena_array(a, wider, size);
    if (n) memcpy(copy, items, n * size);
    *cap = wider;
    return copy;
}
