// SPDX-License-Identifier: Apache-2.0
//
// A text as the set of its shingles: the runs of five words of its normal form (text/normalise.h),
// each as a hash. Two texts are as alike as the Jaccard index of their sets: what both have, divided
// by what either has (Broder, "On the resemblance and containment of documents", 1997).
//
// A text of fewer words has one shingle, all its words: such texts are alike only when equal.
// A text without a word has none, and is like nothing but its own bytes.
//
// Words are hashed straight from the text; only words with an apostrophe or letters beyond ASCII go
// through the normal form first. Sets are compared by 32 bits of each hash: in a union of n
// shingles two fall together with probability n*n / 2^33, which for a conversation is nothing.
#ifndef CONFAB_DEDUP_SHINGLE_H
#define CONFAB_DEDUP_SHINGLE_H

#include "base/buf.h"
#include "base/hash.h"

enum { SHINGLE_WORDS = 5 };

typedef struct Shingles {
    uint64_t *words;     // hash of each word of the text, in order
    size_t n_words;
    uint32_t *items;     // keys of the different shingles, in the order in which they first come
    size_t n;
    size_t repeated;     // shingles that came again
    Hash128 exact;       // of the normal form; of the bytes where there is no word
    // Below: memory that is used again for the next text.
    size_t cap_words, cap_items;
    uint32_t *slots;     // the set: open addressing, 0 is free
    size_t n_slots, cap_slots;
    Buf lower;
    Buf normal;
} Shingles;              // {0} is ready

void shingles_words(Shingles *s, Str text);  // fills words and exact only
void shingles_items(Shingles *s, unsigned words);  // items: runs of so many words; after shingles_words
void shingles_from_keys(Shingles *s, const uint32_t *keys, size_t n);  // items that are known already
void shingles_free(Shingles *s);

// How many of `n` different keys are in the set.
size_t shingles_common(const Shingles *s, const uint32_t *keys, size_t n);
static inline double jaccard(size_t a, size_t b, size_t common)
{
    return a + b == common ? 0 : (double)common / (double)(a + b - common);
}

// The hash of the last n words, moved on word by word (Karp and Rabin 1987, modulo 2^64). `leaving` is
// the word n places back, 0 while there is none; the hash is of use once n words went in.
typedef struct WordRun {
    uint64_t power;      // of the word that leaves
    uint64_t sum;
} WordRun;

WordRun word_run(unsigned n);
uint64_t word_run_next(WordRun *r, uint64_t word, uint64_t leaving);

#endif
