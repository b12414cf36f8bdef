// SPDX-License-Identifier: Apache-2.0
//
// How diverse a growing set of texts is, computed as a stream in bounded memory (about 4 MB):
//
//   distinct-1, -2, -3   different runs of so many words, divided by all (Li et al. 2016)
//   new 5-grams          share of a hundred texts' 5-grams that no text before had
//   openers              the commonest beginnings
//
// Different runs are counted by adaptive sampling (Flajolet, "On adaptive sampling", 1990): the set
// of all hashes while it is small, so exactly; once it is full, of a half, a quarter, … of all hashes,
// chosen by the hash itself, with an error of about half a percent. Openers are counted by
// space saving (Metwally, Agrawal, El Abbadi 2005): a count is at most too high by its `over`.
#ifndef CONFAB_DEDUP_DIVERSITY_H
#define CONFAB_DEDUP_DIVERSITY_H

#include "dedup/shingle.h"

enum {
    DISTINCT_BITS = 17,     // most slots of a sample, as a power of two: 1 MiB
    OPENERS = 128,          // counted at a time
    OPENER_WORDS = 4,
    OPENER_MAX = 64,        // bytes that are shown
    DIVERSITY_WINDOW = 100, // texts
};

typedef struct Distinct {
    uint64_t *slots;        // sampled hashes; 0: free
    unsigned bits;          // 1 << bits slots; 0: none yet
    unsigned halved;        // how often the sample was halved
    size_t n;
} Distinct;

typedef enum DistinctNews { DISTINCT_NEW, DISTINCT_KNOWN, DISTINCT_UNSAMPLED } DistinctNews;
DistinctNews distinct_add(Distinct *d, uint64_t hash);  // a well mixed hash
double distinct_count(const Distinct *d);
void distinct_free(Distinct *d);

typedef struct Opener {
    uint64_t hash;
    uint64_t n, over;
    char text[OPENER_MAX];
} Opener;

typedef struct Diversity {
    uint64_t texts;
    uint64_t runs[3];         // of 1, 2, 3 words, all that came
    Distinct different[3];
    Distinct shingles;
    uint64_t sampled, fresh;  // 5-grams of the open window that could be judged, and the new ones
    double last_window;       // share of new 5-grams of the last full one; < 0: none yet
    Opener openers[OPENERS];
    unsigned n_openers;
} Diversity;

void diversity_init(Diversity *d);
void diversity_free(Diversity *d);
// Of the text only its hashes are needed; `opening` is its first turn.
void diversity_add(Diversity *d, const Shingles *text, Str opening);

double diversity_distinct(const Diversity *d, unsigned words);  // 1, 2 or 3; < 0: nothing measured
double diversity_new(const Diversity *d);    // share of new 5-grams in the last hundred texts, or those so far; < 0
// The commonest openers that came at least twice, commonest first; returns how many.
size_t diversity_openers(const Diversity *d, const Opener **out, size_t max);

#endif
