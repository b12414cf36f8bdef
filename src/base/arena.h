// SPDX-License-Identifier: Apache-2.0
//
// Memory by lifetime. An Arena hands out bytes that live until it is reset or freed; nothing is
// freed singly. confab has four lifetimes: the project, the run, an item, scratch. Whoever owns
// the arena passes it down; a function that allocates says in whose arena. Memory is zeroed.
//
// Out of memory ends in oom(), the one place: it writes a line to standard error and ends the
// process with exit code 1. The journal is durable at every moment, so nothing paid is lost.
#ifndef CONFAB_BASE_ARENA_H
#define CONFAB_BASE_ARENA_H

#include <stdarg.h>

#include "base/str.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *block;  // newest block; {0} is a ready arena
    size_t used;        // bytes used in it
    size_t total;       // bytes held in all blocks
} Arena;

_Noreturn void oom(void);
void *mem_alloc(size_t size);                     // malloc that never returns NULL
void *mem_realloc(void *p, size_t size);          // realloc likewise

void *arena_alloc(Arena *a, size_t size);         // aligned for any type, zeroed
void *arena_array(Arena *a, size_t n, size_t size);  // n * size checked for overflow
void arena_reset(Arena *a);                       // keeps one block for reuse
void arena_free(Arena *a);

#define arena_new(a, T, n) ((T *)arena_array((a), (n), sizeof(T)))

Str arena_str(Arena *a, Str s);                   // a copy, with a NUL behind it
char *arena_cstr(Arena *a, Str s);                // the same as a C string; s without NUL inside
Str arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
Str arena_u64(Arena *a, uint64_t n);              // in decimal
Str arena_vprintf(Arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
Str arena_concat(Arena *a, const Str *parts, size_t n);

// Makes room for one more in an array that grows by doubling inside an arena (the old copy stays
// until the arena is reset): `items = arena_grow(a, items, n, &cap, sizeof *items)`.
void *arena_grow(Arena *a, void *items, size_t n, size_t *cap, size_t size);

#endif
