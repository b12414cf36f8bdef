// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

__extension__ typedef unsigned __int128 Wide;

static void must(const void *p) {
    if (p) return;
    fputs("mockllm: out of memory\n", stderr);
    exit(1);
}

Str str_from(const char *s) { return s ? (Str){s, strlen(s)} : (Str){0}; }

bool str_eq(Str a, Str b) { return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0); }

bool str_eq_nocase(Str a, Str b) {
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_ends(Str s, Str suffix) {
    return s.len >= suffix.len && memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

bool str_to_u64(Str s, uint64_t *out) {
    uint64_t n = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (n > (UINT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

char *str_copy(Str s) {
    char *copy = mem_resize(NULL, s.len + 1);
    if (s.len) memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

void *mem_zeroed(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size ? size : 1);
    must(p);
    return p;
}

void *mem_resize(void *p, size_t size) {
    void *moved = realloc(p, size ? size : 1);
    must(moved);
    return moved;
}

void buf_grow(Buf *b, size_t more) {
    size_t cap = b->cap ? b->cap : 512;
    while (cap - b->len < more) cap *= 2;
    b->ptr = mem_resize(b->ptr, cap);
    b->cap = cap;
}

void buf_free(Buf *b) {
    free(b->ptr);
    *b = (Buf){0};
}

void buf_uint(Buf *b, uint64_t n) {
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    buf_add(b, (Str){digits + at, sizeof digits - at});
}

void buf_format(Buf *b, const char *format, ...) {
    va_list args;
    for (size_t room = 128;; room *= 2) {
        buf_need(b, room);
        va_start(args, format);
        int n = vsnprintf(b->ptr + b->len, b->cap - b->len, format, args);
        va_end(args);
        if (n < 0) return;
        if ((size_t)n < b->cap - b->len) {
            b->len += (size_t)n;
            return;
        }
    }
}

void buf_repeat(Buf *b, Str pattern, size_t times) {
    buf_need(b, pattern.len * times);
    for (size_t i = 0; i < times; i++) buf_add(b, pattern);
}

// Bytes that JSON wants escaped, by their second letter; 'u' stands for \u00XX.
static char escape_of(unsigned char c) {
    switch (c) {
        case '"': return '"';
        case '\\': return '\\';
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        default: return c < 0x20 ? 'u' : '\0';
    }
}

// A borrow may flag the byte above one that is flagged rightly: that only costs time.
static bool eight_are_plain(uint64_t x) {
    uint64_t quote = x ^ '"' * EACH_BYTE, backslash = x ^ '\\' * EACH_BYTE;
    uint64_t control = (x - 0x20 * EACH_BYTE) & ~x;
    return ((control | ((quote - EACH_BYTE) & ~quote) | ((backslash - EACH_BYTE) & ~backslash)) & HIGH_BITS) == 0;
}

void buf_json(Buf *b, Str text) {
    static const char hex[] = "0123456789abcdef";
    buf_need(b, text.len * 6);
    char *out = b->ptr + b->len;
    for (size_t i = 0; i < text.len; i++) {
        for (; text.len - i > 8 && eight_are_plain(load8(text.ptr + i)); i += 8, out += 8) memcpy(out, text.ptr + i, 8);
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            *out++ = (char)c;
            continue;
        }
        char letter = escape_of(c);
        *out++ = '\\';
        *out++ = letter;
        if (letter == 'u') {
            *out++ = '0';
            *out++ = '0';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        }
    }
    b->len = (size_t)(out - b->ptr);
}

uint64_t hash_mix(uint64_t a, uint64_t b) {
    Wide product = (Wide)(a ^ 0x2d358dccaa6c78a5u) * (b ^ 0x8bb84b93962eacc9u);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Eight bytes at a time through a 64x64 to 128 bit product, folded; two chains side by side, so
// that one product does not wait for the other.
uint64_t hash_bytes(Str s, uint64_t seed) {
    uint64_t h = hash_mix(seed, s.len + 1), other = ~h, last = 0;
    const char *p = s.ptr;
    size_t left = s.len;
    for (; left >= 32; p += 32, left -= 32) {
        h = hash_mix(load8(p) ^ h, load8(p + 8));
        other = hash_mix(load8(p + 16) ^ other, load8(p + 24));
    }
    for (h = hash_mix(h, other); left >= 8; p += 8, left -= 8) h = hash_mix(load8(p) ^ h, left);
    if (left) memcpy(&last, p, left);
    return left ? hash_mix(last ^ h, left) : h;
}

static uint64_t clock_ns(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t clock_real_ns(void) { return clock_ns(CLOCK_REALTIME); }
