// SPDX-License-Identifier: Apache-2.0
//
// Runs of words that must not come back. An index holds a hash of every run of `words` words of its
// texts; a text leaks where one of its runs is in the index and in none of the texts that are
// allowed to be repeated. Words are compared in the normal form of text/normalise.h (case folded,
// punctuation off). No run crosses from one text into another.
// Rolling hash: Karp and Rabin, "Efficient randomized pattern-matching algorithms", 1987, modulo
// 2^64 over mixed word hashes; a false hit is as likely as a collision of 64 bits.
#ifndef CONFAB_CONVERSATION_LEAK_H
#define CONFAB_CONVERSATION_LEAK_H

#include "base/arena.h"

enum {
    LEAK_WORDS_PROMPT = 12,
    LEAK_WORDS_EXAMPLE = 8,
};

typedef struct LeakIndex {
    unsigned words;         // of a run; 0: an index of nothing
    size_t n;               // runs
    size_t mask;            // slots - 1
    const uint64_t *slots;  // open addressing; 0: free
} LeakIndex;

// Immutable once built; texts may go. Texts shorter than `words` add nothing.
void leak_index_build(LeakIndex *index, Arena *a, const Str *texts, size_t n, unsigned words);

// A text's words in normal form with their hashes, made once and looked up in several indices.
typedef struct LeakWords {
    Str normal;        // words with one space between them
    uint64_t *hashes;  // one a word
    size_t *ends;      // offset in `normal` behind each word
    size_t n;
} LeakWords;

LeakWords leak_words(Str text, Arena *a);

// The first run of words that is in one of the indices (all of the same `words`, or of nothing) and
// in none of the `allowed` texts, as a slice of words->normal; absent: none. Linear in the text; the
// allowed texts are only read when a run is in an index.
Str leak_find(const LeakIndex *const *indices, size_t n, const LeakWords *words, const Str *allowed, size_t n_allowed,
              Arena *scratch);

#endif
