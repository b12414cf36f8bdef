// SPDX-License-Identifier: Apache-2.0
//
// Where the tokens of a text end: piece by piece, in the text's own bytes, so that whoever cuts a text
// counts it once and not again for each place that he thinks of. A piece is what a tokenizer merges on
// its own; for an estimate, what tokens_guess looks at as one.
//
// A piece depends on what follows its start only. So a part of a text that begins where a piece begins
// has the same pieces, up to the one that its end cuts; and one that begins elsewhere has them again
// from the first place on where both begin one.
#ifndef CONFAB_TOKENS_BOUNDARIES_H
#define CONFAB_TOKENS_BOUNDARIES_H

#include "tokens/counter.h"

enum {
    BOUNDARY_PIECE_MAX = 64 << 10,  // a longer run is never merged whole: that takes 48 bytes a byte
    BOUNDARIES_MIN = 256,           // room that boundaries_read asks for
};

// What each part of such a run counts: more than any limit, and no sum of them overflows.
#define BOUNDARY_BROKEN (UINT64_C(1) << 44)

// Units of a Boundary are Boundaries.scale a token.

// Pieces from `at` on, asked for; SIZE_MAX: none.
typedef struct BoundaryBatch {
    size_t at;
    Batch pieces;
} BoundaryBatch;

typedef struct Boundaries {
    Counter *counter;
    Str text;           // valid UTF-8; must outlive this
    unsigned scale;     // units a token: a text's tokens are its units divided by it, rounded up
    size_t tail_at;     // from here on the text is read from `tail`, which has room behind it
    Buf tail;
    BoundaryBatch *batches;  // two, in turn
    bool turn;
    size_t look_to;     // how far a piece is looked for, as long as that is neither too near nor too far
} Boundaries;  // one thread at a time, which also has the counter

// False: the tokenizer cannot say (a pattern of its own, a normal form that changes this text, added
// tokens in it); such a text can only be counted whole. Then there is nothing to close.
bool boundaries_open(Boundaries *b, Counter *counter, Str text);
void boundaries_close(Boundaries *b);

// The pieces from `at` on, of text[at, to), BOUNDARIES_MIN of them at most; units are counted on from
// `units`. Returns how many; at least one where at < to.
size_t boundaries_read(Boundaries *b, size_t at, size_t to, uint64_t units, Boundary *out);

Boundary boundaries_first(Boundaries *b, size_t at, size_t to, uint64_t units);  // the first of them; at < to

size_t boundaries_end(Boundaries *b, size_t at, size_t to);  // where it ends, without counting it

// Text that is longer than this has more than `tokens`, wherever it stands.
size_t boundaries_reach(const Boundaries *b, size_t tokens);

// The units of text[at, to).
uint64_t boundaries_units(Boundaries *b, size_t at, size_t to);

// The end of the last token of text[at, to), which is one piece or the beginning of one, such that
// text[at, end) counts at most `tokens` by itself and no letter is parted; `at`: not even one does.
size_t boundaries_inside(Boundaries *b, size_t at, size_t to, size_t tokens);

// The same of the first piece of text[at, to), at < to; *whole: all of it fits.
size_t boundaries_cut(Boundaries *b, size_t at, size_t to, size_t tokens, bool *whole);

// Differs for counters that may count a text differently.
uint64_t counter_identity(const Counter *c);

#endif
