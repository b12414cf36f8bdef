// SPDX-License-Identifier: Apache-2.0
//
// JSON through jansson, with what confab adds: strict RFC 8259 reading where a duplicate key is an
// error with line, column and caret; the place of any value in a file, for errors about its
// meaning; and compact writing straight into a Buf with the shortest numbers that read back equal.
#ifndef CONFAB_BASE_JSON_H
#define CONFAB_BASE_JSON_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

// Reads one JSON text; trailing bytes other than white space are an error. Error code "json".
// The caller owns *out (json_decref). `file` is for errors.
bool json_read(Str text, Str file, json_t **out, Error *e);

// The byte offset in `text` (valid JSON) of the value that a path names, for error_at. A path is
// keys and array indices joined by '/', as RFC 6901 without escapes: "labels/mood/of/2". With
// `key` the offset of the last key itself. Returns 0 where the path leads nowhere.
size_t json_locate(Str text, const char *path, bool key);

// The same with the path in parts, for keys that hold a '/'.
size_t json_locate_parts(Str text, const Str *parts, size_t n, bool key);

Str json_str(const json_t *string);               // bytes of a JSON string; absent otherwise
json_t *json_from_str(Str s);                     // invalid UTF-8 becomes U+FFFD

void json_write(Buf *b, const json_t *value);     // compact, keys in their order
void json_write_pretty(Buf *b, const json_t *value, unsigned indent);
// Where from `at` on the first byte stands that ends plain text in a JSON string: a quote, a backslash,
// a control character or DEL. s.len: none.
size_t json_plain_end(Str s, size_t at);
void json_write_string(Buf *b, Str s);            // quoted and escaped; invalid UTF-8 as U+FFFD
void json_write_double(Buf *b, double x);         // shortest that reads back equal; 1 stays 1.0

#endif
