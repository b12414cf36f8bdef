// SPDX-License-Identifier: Apache-2.0
//
// Quoted strings and keys of broken JSON: where they end, and what they say. The question is
// always the same: is this quote the end of the string, or one that should have been escaped? It
// is the end if what follows can follow a string in JSON, mistakes included.
//
// Every search runs from one quote to the next at most, so that all searches of a text together
// stay linear.
#ifndef CONFAB_CONVERSATION_QUOTED_H
#define CONFAB_CONVERSATION_QUOTED_H

#include "base/arena.h"

size_t json_skip_space(Str t, size_t at);

// Bytes of the quote at `at`: straight, single, back quote, or typographic; 0: there is none.
size_t quote_len(Str t, size_t at);

typedef struct Quoted {
    size_t from, to;  // of the content
    size_t after;     // where reading goes on
    bool escapes;     // has backslashes
    bool open;        // the text ended inside it
} Quoted;

// The string up to the next quote of its kind, on one line and at most LOOSE_KEY bytes long.
bool quoted_word(Str t, size_t at, Quoted *out);

// The key that begins at `at`, quoted or a bare word, with its colon (or `=`, `=>`).
typedef struct KeySpan {
    size_t from, to;  // of the key itself, without quotes
    size_t after;     // behind the colon
} KeySpan;

bool key_at(Str t, size_t at, KeySpan *out);
// Likewise, and behind the colon begins something that can only be a value.
bool member_at(Str t, size_t at);

// The string whose quote is at `at`, the value of a member or an item of an array, inside `depth`
// open arrays and objects.
Quoted quoted_read(Str t, size_t at, bool member, size_t depth);

// Content without quotes, the opening one being forgotten, up to a quote, a bracket, the next
// member or the line's end. `quoted` says whether a closing quote was found.
Quoted bare_read(Str t, size_t at, bool member, size_t depth, bool *quoted);

// The content with its escapes decoded: a slice of t where there are none. Escapes that JSON does
// not know keep their letter: \' is ', \alpha stays \alpha. U+0000 and lone surrogates are U+FFFD.
Str quoted_text(Str t, const Quoted *q, Arena *a);

#endif
