// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <errno.h>
#include <math.h>

Str str_from(const char *nul_terminated)
{
    if (!nul_terminated) return (Str){0};
    return (Str){nul_terminated, strlen(nul_terminated)};
}

Str str_slice(Str s, size_t from, size_t to)
{
    if (to > s.len) to = s.len;
    if (from > to) from = to;
    return (Str){s.ptr ? s.ptr + from : NULL, to - from};
}

bool str_eq(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static unsigned char lower(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

bool str_eq_ignore_case(Str a, Str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

int str_cmp(Str a, Str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(Str s, Str prefix)
{
    return s.len >= prefix.len && str_eq(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends(Str s, Str suffix)
{
    return s.len >= suffix.len && str_eq(str_slice(s, s.len - suffix.len, s.len), suffix);
}

size_t str_find(Str s, Str needle)
{
    if (needle.len == 0) return 0;
    if (needle.len > s.len) return STR_NONE;
    const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return hit ? (size_t)(hit - s.ptr) : STR_NONE;
}

size_t str_find_char(Str s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : STR_NONE;
}

size_t str_rfind_char(Str s, char c)
{
    const char *hit = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : STR_NONE;
}

bool str_contains(Str s, Str needle) { return str_find(s, needle) != STR_NONE; }

Str str_trim_end(Str s)
{
    while (s.len && str_is_space(s.ptr[s.len - 1])) s.len--;
    return s;
}

Str str_trim(Str s)
{
    while (s.len && str_is_space(s.ptr[0])) s.ptr++, s.len--;
    return str_trim_end(s);
}

bool str_cut(Str *rest, char sep, Str *part)
{
    if (!rest->ptr) return false;
    size_t at = str_find_char(*rest, sep);
    if (at == STR_NONE) {
        *part = *rest;
        *rest = (Str){0};
        return true;
    }
    *part = str_slice(*rest, 0, at);
    *rest = str_slice(*rest, at + 1, rest->len);
    return true;
}

bool str_to_u64(Str s, uint64_t *out)
{
    if (s.len == 0) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!str_is_digit(s.ptr[i])) return false;
        unsigned digit = (unsigned)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool str_to_i64(Str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t magnitude;
    if (!str_to_u64(negative ? str_slice(s, 1, s.len) : s, &magnitude)) return false;
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1u : 0u)) return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool str_to_double(Str s, double *out)
{
    char text[64];
    if (s.len == 0 || s.len >= sizeof text) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!str_is_digit(s.ptr[i]) && !memchr("+-.eE", s.ptr[i], 5)) return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = 0;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end != text + s.len || !isfinite(value)) return false;
    *out = value;
    return true;
}

enum { DISTANCE_MAX = 64 };

unsigned str_distance(Str a, Str b, unsigned limit)
{
    if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX) return limit + 1;
    unsigned rows[3][DISTANCE_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++) above[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (unsigned)i;
        unsigned best = row[0];
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]);
            unsigned d = above[j - 1] + cost;
            if (above[j] + 1 < d) d = above[j] + 1;
            if (row[j - 1] + 1 < d) d = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
                before[j - 2] + 1 < d)
                d = before[j - 2] + 1;
            row[j] = d;
            if (d < best) best = d;
        }
        if (best > limit) return limit + 1;
        unsigned *spare = before;
        before = above, above = row, row = spare;
    }
    return above[b.len];
}

Str str_nearest(Str s, const Str *names, size_t n)
{
    unsigned limit = s.len / 3 > 1 ? (unsigned)(s.len / 3) : 1;
    Str nearest = {0};
    for (size_t i = 0; i < n; i++) {
        unsigned d = str_distance(s, names[i], limit);
        if (d > limit) continue;
        nearest = names[i];
        if (d == 0) break;
        limit = d - 1;
    }
    return nearest;
}
