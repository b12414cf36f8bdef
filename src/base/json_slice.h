// SPDX-License-Identifier: Apache-2.0
//
// Values inside JSON text as slices of it, without building a tree: for text that confab wrote
// itself (the journal's columns) and reads a million times. Nothing is allocated. The text need not
// be trusted: what is not JSON ends a walk or gives an absent Str, never a read beyond the text, and
// nesting is bounded. A slice is raw: a string with its quotes and escapes, so that it can be copied
// into other JSON as it is.
#ifndef CONFAB_BASE_JSON_SLICE_H
#define CONFAB_BASE_JSON_SLICE_H

#include "base/buf.h"
#include "base/str.h"

// A walk over the items of an array or the members of an object. {0} with `text` set is ready.
typedef struct JsonWalk {
    Str text;     // the whole value, white space before it allowed
    size_t at;
    bool ended;
} JsonWalk;

bool json_walk_item(JsonWalk *w, Str *value);              // of an array; false at the end
bool json_walk_member(JsonWalk *w, Str *key, Str *value);  // of an object; the key is raw, with quotes

// The member of that name (written without escapes, as confab's own keys are); absent: none.
Str json_slice_member(Str object, Str key);

// A raw string's text appended, escapes undone. Any other raw value is appended as it is, null as nothing.
void json_slice_text(Buf *out, Str raw);
static inline bool json_slice_is_null(Str raw) { return raw.len == 0 || str_eq(raw, S("null")); }

#endif
