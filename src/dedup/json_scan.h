// SPDX-License-Identifier: Apache-2.0
//
// A cursor over JSON text that finds where values end and what strings say, without building
// anything. It reads what is JSON and does not judge numbers, literals and control characters, so
// it is no validator; but whatever the bytes are it stays inside them, and takes linear time.
#ifndef CONFAB_DEDUP_JSON_SCAN_H
#define CONFAB_DEDUP_JSON_SCAN_H

#include "base/buf.h"

enum { SCAN_DEPTH = 512 };  // of arrays and objects in each other

typedef struct JsonScan {
    const char *at, *end;
    bool cut;            // a call was false because the text ended too early, not because it is wrong
} JsonScan;

static inline JsonScan json_scan(Str text) { return (JsonScan){text.ptr, text.ptr + text.len, false}; }

typedef struct JsonText {
    Str raw;             // between the quotes
    bool escaped;        // has backslashes
} JsonText;

// Each moves behind what it read; false: not there, and `at` is where reading failed.
char json_scan_peek(JsonScan *s);                  // next byte that is no space; 0: the end
bool json_scan_char(JsonScan *s, char c);          // space, then this one
bool json_scan_string(JsonScan *s, JsonText *out);
bool json_scan_skip(JsonScan *s);                  // one value of any kind

// Goes over the members of an object or array: true while there is one, whose value is then next.
// `*first` is true before the first call. False at the closing bracket, which is read, or with `at`
// where it failed; *failed tells which.
bool json_scan_member(JsonScan *s, bool *first, JsonText *key, bool *failed);
bool json_scan_element(JsonScan *s, bool *first, bool *failed);

// Appends what a string says; a broken escape as U+FFFD.
void json_scan_text(JsonText text, Buf *out);

bool json_text_is(JsonText text, Str word);

#endif
