// SPDX-License-Identifier: Apache-2.0
//
// The normal form in which texts are compared word by word (leaked prompts, near-duplicates): words
// in lower case (Unicode simple case folding), one space between them, without punctuation,
// symbols, control and format characters. Marks stay with their letter, composed (NFC). An
// apostrophe inside a word vanishes ("don't" is "dont"), any other punctuation ends the word. Each
// letter of a script without spaces is a word of its own, together with its marks, so that n-grams
// mean something there too. Deterministic; the same text fed in any parts gives the same.
#ifndef CONFAB_TEXT_NORMALISE_H
#define CONFAB_TEXT_NORMALISE_H

#include "base/buf.h"

// Appends the normal form of `text` (UTF-8; invalid bytes separate words) to `out`, which should
// be empty or end where a new text may begin; no space before the first or behind the last word.
void normalise(Str text, Buf *out);

// The same as a stream: feed parts, then finish. {0} with `out` set is ready to start; a letter may
// be split between parts. The output is complete after normalise_end.
typedef struct Normaliser {
    Buf *out;
    Buf word;            // the word that is being read, folded; freed by normalise_end
    char held[4];        // the start of a letter that the part cut
    unsigned n_held;
    bool apostrophe;     // one was seen behind the last letter of `word`
    bool marks;          // `word` has a combining mark and wants composing
    bool any;            // a word has been written
} Normaliser;

void normalise_feed(Normaliser *n, Str part);
void normalise_end(Normaliser *n);

// Word by word, over text in normal form: false at the end.
bool normal_next(Str *rest, Str *word);

#endif
