// SPDX-License-Identifier: Apache-2.0
//
// What has been seen: an index of texts that is asked of each new one whether it is nearly the same
// as an earlier one, and of which. "Nearly" is a Jaccard index of shingles (shingle.h) of at least
// the threshold. Candidates come from bands of sketches (minhash.h); each is then compared exactly,
// so nothing is called a duplicate that is none. At the threshold itself 99.8% are found, above it
// more. The answer depends on the set of texts seen alone, not on their order.
//
// Memory: with the threshold 0.8 a text takes 22 table slots of 8 bytes (a table is half to three
// quarters full), 4 bytes a shingle and 40 more; a million conversations of 110 shingles about
// 800 MB. Beyond `memory` the shingles go to an unnamed file in `folder`.
#ifndef CONFAB_DEDUP_SEEN_H
#define CONFAB_DEDUP_SEEN_H

#include "base/error.h"
#include "dedup/shingle.h"

typedef struct SeenOptions {
    double threshold;     // above 0, at most 1
    unsigned words;       // of a shingle; 0: SHINGLE_WORDS
    size_t memory;        // most bytes of shingles in memory; 0: no bound
    const char *folder;   // for what is beyond; NULL: $TMPDIR or /tmp
} SeenOptions;

typedef struct SeenMatch {
    uint64_t id;          // as it was added
    double similarity;    // 1: the same words in the same order, or the same set of shingles
    bool exact;           // the normal forms are equal
} SeenMatch;

// Whether a says more of a text than b: an exact match first, then the more similar, then the lower id.
static inline bool seen_better(const SeenMatch *a, const SeenMatch *b)
{
    if (a->exact != b->exact) return a->exact;
    return a->similarity != b->similarity ? a->similarity > b->similarity : a->id < b->id;
}

typedef struct Seen Seen;

Seen *seen_new(const SeenOptions *options);
void seen_free(Seen *s);  // NULL is fine

// The most similar of all seen texts at or above the threshold (of several the one with the lowest
// id): true with *match. The text is remembered until the next look, for seen_add.
bool seen_look(Seen *s, Str text, SeenMatch *match);
// Adds the text of the last look. False when the file for its shingles failed.
bool seen_add(Seen *s, uint64_t id, Error *e);

// What seen_look made of the text, for whoever measures it as well. When the text is an exact
// duplicate only its words are there.
const Shingles *seen_shingles(const Seen *s);
size_t seen_count(const Seen *s);
size_t seen_bytes(const Seen *s);  // memory held

#endif
