// SPDX-License-Identifier: Apache-2.0
//
// How many tokens lie between any two places of a text, each slice counted as if it stood alone: exactly
// what counting it anew gives, but at the price of looking up two places. The text is tokenized once, as
// far as it is asked for; what lies before `keep` may be forgotten, and is read again if asked for.
//
// A text whose tokenizer cannot say where its pieces end has no map; its slices are counted one by one.
#ifndef CONFAB_KNOWLEDGE_TOKEN_MAP_H
#define CONFAB_KNOWLEDGE_TOKEN_MAP_H

#include "tokens/boundaries.h"

// Of a slice's start: from `sync` on, where `before` units lie in front, the slice's pieces are the
// text's own; up to there it has `units`.
typedef struct TokenHead {
    size_t at;          // SIZE_MAX: none
    size_t inside;      // the end of the text's piece that it lies in; itself where it begins one
    size_t sync;        // 0: not yet known
    uint64_t units, before;
} TokenHead;

enum { TOKEN_HEADS = 4 };

// text[from, to) has at most `limit` tokens, and so has each shorter slice from there.
typedef struct TokenFit {
    size_t from, to, limit;
} TokenFit;

// The last answer, and what a slice had behind its last whole piece: the same is often asked again.
typedef struct TokenAnswer {
    size_t from, to, limit, tokens;
} TokenAnswer;

typedef struct TokenRest {
    size_t from, to;
    uint64_t units;
} TokenRest;

typedef struct TokenMap {
    Counter *counter;   // NULL: tokens cannot be counted
    bool whole;         // count each slice whole, for tests
    bool open;          // the text has a map
    Boundaries pieces;
    Str text;
    size_t keep;        // the caller's: what it asks for begins here or behind
    Boundary *places;   // ends of pieces in rising order; the first is the map's beginning, with 0 units
    size_t n, cap;
    size_t hints[2];    // where a slice's start and end were found last
    TokenHead heads[TOKEN_HEADS];
    unsigned next_head;
    TokenFit fit;
    TokenAnswer last;
    TokenRest rest;
} TokenMap;  // {.counter = …} is ready

void token_map_begin(TokenMap *m, Str text);  // another text; it must outlive the questions
void token_map_free(TokenMap *m);

// Tokens of text[from, to); where there are more than `limit`, more than that.
size_t token_map_count(TokenMap *m, size_t from, size_t to, size_t limit);

// Whether text[from, to) has at most `limit` tokens. Of many ends behind one start, in rising order,
// nearly all are answered by one comparison.
bool token_map_fits_counted(TokenMap *m, size_t from, size_t to, size_t limit);
static inline bool token_map_fits(TokenMap *m, size_t from, size_t to, size_t limit)
{
    return (m->open && m->fit.from == from && m->fit.limit == limit && to <= m->fit.to) || token_map_fits_counted(m, from, to, limit);
}

// ---- for a text that has a map ------------------------------------------------------------------

// The longest beginning of text[from, to) with at most `limit` tokens that ends where a token does and
// parts no letter; `from`: there is none.
size_t token_map_cut(TokenMap *m, size_t from, size_t to, size_t limit);

// The first end of a piece in text(from, to) from which on, in the text, at most `n` tokens are left;
// `to`: there is none.
size_t token_map_tail(TokenMap *m, size_t from, size_t to, size_t n);

size_t token_map_next(TokenMap *m, size_t at);                // the next end of a piece behind `at`
size_t token_map_back(TokenMap *m, size_t from, size_t at);   // the last one in (from, at), or `from`

#endif
