// SPDX-License-Identifier: Apache-2.0
//
// What every room of the mock API stands on: text slices, a growing buffer, a hash and a small
// random stream. The mock shares no code with confab, so that one mistake cannot hide in both.
//
// A Str points into memory that somebody else owns. A Buf is owned by whoever declared it and
// never shrinks until buf_free; {0} is an empty one. Out of memory ends the process.
#ifndef MOCKLLM_BYTES_H
#define MOCKLLM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
    const char *ptr;  // NULL: absent
    size_t len;
} Str;

#define S(literal) ((Str){"" literal "", sizeof(literal) - 1})
#define S_INIT(literal) {"" literal "", sizeof(literal) - 1}

Str str_from(const char *nul_terminated);
bool str_eq(Str a, Str b);
bool str_eq_nocase(Str a, Str b);  // ASCII
bool str_ends(Str s, Str suffix);
bool str_to_u64(Str s, uint64_t *out);  // decimal digits alone, in range
char *str_copy(Str s);                  // malloc'd, with a NUL behind it

typedef struct Buf {
    char *ptr;
    size_t len, cap;
} Buf;

void buf_grow(Buf *b, size_t more);  // room for `more` further bytes
void buf_free(Buf *b);
void buf_uint(Buf *b, uint64_t n);
void buf_format(Buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_json(Buf *b, Str text);    // escaped as the inside of a JSON string; other bytes as they are
void buf_repeat(Buf *b, Str pattern, size_t times);

static inline void buf_need(Buf *b, size_t more) {
    if (b->cap - b->len < more) buf_grow(b, more);
}
static inline void buf_add(Buf *b, Str s) {
    if (s.len == 0) return;
    buf_need(b, s.len);
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}
static inline void buf_char(Buf *b, char c) {
    buf_need(b, 1);
    b->ptr[b->len++] = c;
}
static inline Str buf_str(const Buf *b) { return (Str){b->ptr, b->len}; }

// Eight bytes as one number, for loops over long texts. In a mask of this kind the high bit of a
// byte says that the byte fits.
#define EACH_BYTE 0x0101010101010101u
#define HIGH_BITS (0x80 * EACH_BYTE)
static inline uint64_t load8(const char *p) {
    uint64_t lane;
    memcpy(&lane, p, sizeof lane);
    return lane;
}
static inline uint64_t mask_above_space(uint64_t x) { return (((x | HIGH_BITS) - 0x21 * EACH_BYTE) | x) & HIGH_BITS; }
static inline uint64_t mask_continues(uint64_t x) { return x & ~(x << 1) & HIGH_BITS; }  // inside a UTF-8 sequence
static inline size_t mask_count(uint64_t mask) { return (size_t)__builtin_popcountll(mask); }

void *mem_zeroed(size_t n, size_t size);
void *mem_resize(void *p, size_t size);

// 64 bits of a text; good for tables and for choosing, not against an attacker.
uint64_t hash_bytes(Str s, uint64_t seed);
uint64_t hash_mix(uint64_t a, uint64_t b);

// A stream of numbers from one seed (splitmix64).
static inline uint64_t rng_next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
// Evenly from 0 to n - 1 (n at least 1, below 2^32).
static inline uint32_t rng_below(uint64_t *state, uint32_t n) {
    return (uint32_t)(((rng_next(state) >> 32) * n) >> 32);
}
static inline double unit_from(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }  // [0, 1)

uint64_t clock_mono_ns(void);
uint64_t clock_real_ns(void);

#endif
