// SPDX-License-Identifier: Apache-2.0
//
// Reads a few values out of JSON text without building a tree, for answers that come by the
// thousand a second: a value is the slice of the text that it is written in, absent where there
// is none. skim_check goes through the whole text once; all other calls take slices of text
// that it has accepted.
#ifndef CONFAB_LLM_SKIM_H
#define CONFAB_LLM_SKIM_H

#include "base/arena.h"

enum { SKIM_DEPTH_MAX = 256 };  // no sane answer nests deeper

typedef enum SkimFault {
    SKIM_FINE,
    SKIM_EMPTY,    // white space alone
    SKIM_CUT,      // the text ends inside of the value
    SKIM_BROKEN,   // not JSON
    SKIM_DEEP,
} SkimFault;

// Whether the text is valid UTF-8 and begins with one value of RFC 8259; *value is that value, *at
// the offset where a fault was found. What follows the value is left.
SkimFault skim_check(Str text, Str *value, size_t *at);

static inline bool skim_is(Str value, char first) { return value.len > 0 && value.ptr[0] == first; }
static inline bool skim_is_string(Str value) { return skim_is(value, '"'); }
static inline bool skim_is_object(Str value) { return skim_is(value, '{'); }
static inline bool skim_is_array(Str value) { return skim_is(value, '['); }
static inline bool skim_is_null(Str value) { return value.len == 0 || skim_is(value, 'n'); }

// The value of a key, of equal ones the last; absent where `object` is no object or has no such key.
// Keys are compared as they are written.
Str skim_get(Str object, Str key);
void skim_get_each(Str object, const Str *keys, Str *values, size_t n);  // several keys in one pass

// Goes through an array: *at begins as 0. False behind the last element, or when it is no array.
bool skim_next(Str array, size_t *at, Str *element);
size_t skim_count(Str array);

// A string's text in the arena, without quotes and escapes, a NUL behind it; half a surrogate pair
// becomes U+FFFD. Absent for any other value.
Str skim_text(Str string, Arena *a);

// A whole number; reals are cut. `otherwise` for any other value, and for what int64_t cannot hold.
int64_t skim_number(Str number, int64_t otherwise);

#endif
