// SPDX-License-Identifier: Apache-2.0
//
// A cheap walk over one level of JSON text: finds the members of an object or the elements of an
// array as raw slices, skipping what is nested by counting brackets outside strings. It allocates
// nothing and does not validate what it skips (`--check-json` does that with a whole parser).
#ifndef MOCKLLM_JSON_H
#define MOCKLLM_JSON_H

#include "bytes.h"

typedef struct JsonWalk {
    const char *at, *end;
    bool broken;  // the text ended or went wrong before the closing bracket
    bool done;    // the closing bracket was reached; `at` is behind it
    bool more;    // a comma was read, so something must follow
} JsonWalk;

// `text` must begin (after white space) with the bracket `open`, '{' or '['; else broken.
JsonWalk json_walk(Str text, char open);
bool json_member(JsonWalk *w, Str *key, Str *value);  // key without quotes, escapes left as they are
bool json_element(JsonWalk *w, Str *value);
bool json_ended(const JsonWalk *w);  // done, and only white space behind

Str json_get(Str object, Str key);           // the raw value of a member, or absent
Str json_path(Str object, const char *path);  // "a.b.c": members of members
Str json_string(Str raw);                    // the inside of "…", escapes as they are; else absent
bool json_number(Str raw, uint64_t *out);    // a plain non-negative integer
void json_unescape(Buf *out, Str inside);    // appends the UTF-8 text of a string's inside

#endif
