// SPDX-License-Identifier: Apache-2.0
//
// Text as a slice: a pointer and a length, never owned. A Str is valid as long as the arena, the
// buffer or the literal it points into. Bytes are UTF-8 unless a comment says otherwise; any byte,
// NUL included, may occur. An absent text is {NULL, 0}; an empty one has len 0 and any pointer.
#ifndef CONFAB_BASE_STR_H
#define CONFAB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/banned.h"

typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

// A literal as a Str, and the two printf arguments for "%.*s".
#define S(literal) ((Str){"" literal "", sizeof(literal) - 1})
#define S_INIT(literal) {"" literal "", sizeof(literal) - 1}
#define STR_ARG(s) ((int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len)), ((s).ptr ? (s).ptr : "")

#define STR_NONE SIZE_MAX  // "not found" of the searches below

Str str_from(const char *nul_terminated);   // NULL gives the absent Str
Str str_slice(Str s, size_t from, size_t to);  // bounds are clamped to s
bool str_eq(Str a, Str b);
bool str_eq_ignore_case(Str a, Str b);      // ASCII letters only
int str_cmp(Str a, Str b);                  // by bytes, the shorter first; <0, 0, >0
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
size_t str_find(Str s, Str needle);         // offset of the first, or STR_NONE
size_t str_find_char(Str s, char c);
size_t str_rfind_char(Str s, char c);
bool str_contains(Str s, Str needle);
Str str_trim(Str s);                        // ASCII white space off both ends
Str str_trim_end(Str s);

// Takes the text before `sep` off the front of *rest and returns it; without `sep`, everything.
// False when *rest is absent (it becomes absent after the last part), so "a,,b" gives a, "", b.
bool str_cut(Str *rest, char sep, Str *part);

// Whole-string numbers: no white space, no trailing bytes, in range, or false.
bool str_to_u64(Str s, uint64_t *out);
bool str_to_i64(Str s, int64_t *out);
bool str_to_double(Str s, double *out);     // decimal notation, finite

// Edit distance with transpositions (optimal string alignment), at most 64 bytes of each, for
// "did you mean". Returns a number above `limit` as soon as it is known to be above.
unsigned str_distance(Str a, Str b, unsigned limit);

// The nearest of `names` within a third of the length of `s` (at least 1), or an absent Str.
Str str_nearest(Str s, const Str *names, size_t n);

static inline bool str_is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static inline bool str_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool str_is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

#endif
