// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

// Length of the valid sequence at p, or 0; *bad is then the length of its maximal subpart.
static unsigned sequence(const unsigned char *p, size_t left, unsigned *bad)
{
    *bad = 1;
    if (p[0] < 0x80) return 1;
    unsigned n = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : p[0] >= 0xE0 && p[0] <= 0xEF ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (n == 0) return 0;
    for (unsigned i = 1; i < n; i++) {
        if (i >= left) return 0;
        unsigned char low = 0x80, high = 0xBF;
        if (i == 1 && p[0] == 0xE0) low = 0xA0;
        if (i == 1 && p[0] == 0xED) high = 0x9F;
        if (i == 1 && p[0] == 0xF0) low = 0x90;
        if (i == 1 && p[0] == 0xF4) high = 0x8F;
        if (p[i] < low || p[i] > high) return 0;
        *bad = i + 1;
    }
    return n;
}

size_t utf8_first_invalid(Str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        uint64_t eight, next;
        if (i + 16 <= s.len && (memcpy(&eight, p + i, 8), memcpy(&next, p + i + 8, 8), ((eight | next) & 0x8080808080808080u) == 0)) {
            i += 16;
            continue;
        }
        if (i + 8 <= s.len && (memcpy(&eight, p + i, 8), (eight & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        if (p[i] < 0x80) {
            i++;
            continue;
        }
        unsigned bad, n = sequence(p + i, s.len - i, &bad);
        if (n == 0) return i;
        i += n;
    }
    return STR_NONE;
}

uint32_t utf8_next(Str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.ptr + *at;
    unsigned bad, n = sequence(p, s.len - *at, &bad);
    *at += n ? n : 1;
    switch (n) {
    case 1: return p[0];
    case 2: return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3: return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    case 4: return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    default: return UTF8_BAD;
    }
}

unsigned utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

size_t utf8_count(Str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

Str utf8_cut(Str s, size_t max)
{
    if (s.len <= max) return s;
    while (max && ((unsigned char)s.ptr[max] & 0xC0) == 0x80) max--;
    return str_slice(s, 0, max);
}

void utf8_add_lossy(Buf *b, Str s)
{
    while (s.len) {
        size_t good = utf8_first_invalid(s);
        if (good == STR_NONE) good = s.len;
        buf_add(b, str_slice(s, 0, good));
        if (good == s.len) return;
        unsigned bad;
        sequence((const unsigned char *)s.ptr + good, s.len - good, &bad);
        buf_add(b, S("\xEF\xBF\xBD"));
        s = str_slice(s, good + bad, s.len);
    }
}
