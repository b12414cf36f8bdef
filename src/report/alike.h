// SPDX-License-Identifier: Apache-2.0
//
// How alike a dataset's conversations are to each other, measured on a sample of them (reservoir sampling; Vitter 1985,
// algorithm R, with draws that follow from the count), since both measures compare all with all:
//
//   Self-BLEU     BLEU-4 of each of ALIKE_BLEU conversations against all others of them, averaged (Zhu et al., "Texygen",
//                 2018): 0 is nothing in common, 1 is the same text again and again. BLEU as Papineni et al. 2002 define it:
//                 clipped precisions of 1- to 4-grams, their geometric mean, the brevity penalty against the reference of
//                 the closest length (the shorter of two); a precision of 0 counts as 0.1 of a match (smoothing 1 of Chen,
//                 Cherry 2014).
//   neighbours    the similarity of each of ALIKE_SAMPLE conversations to the one of them that it is most like: Jaccard
//                 index of their sets of 5-grams (Broder 1997; dedup/shingle.h)
//
// Words are those of the normal form (text/normalise.h), of each conversation the first ALIKE_WORDS. Memory: 12 bytes a word.
#ifndef CONFAB_REPORT_ALIKE_H
#define CONFAB_REPORT_ALIKE_H

#include "dedup/shingle.h"

enum {
    ALIKE_SAMPLE = 1000,
    ALIKE_BLEU = 200,
    ALIKE_WORDS = 2000,   // of one conversation: 24 MB at most in all
    ALIKE_STEPS = 20,     // of similarity in a plot
};

typedef struct AlikeText {
    uint64_t *words;
    uint32_t *items;      // different 5-grams, ascending
    uint32_t n_words, n_items;
} AlikeText;

typedef struct Alike {
    AlikeText texts[ALIKE_SAMPLE];
    uint64_t seen;
    // After alike_finish:
    size_t n;                        // texts that were compared
    double self_bleu;                // < 0: fewer than two texts
    double nearest_mean;             // likewise
    double nearest[ALIKE_STEPS];     // how many by similarity: [16] from 0.80 to below 0.85; the last one with 1
} Alike;                             // {0} is ready

void alike_add(Alike *a, const Shingles *text);  // after shingles_items
void alike_finish(Alike *a);
void alike_free(Alike *a);

// BLEU-4 of texts[which] against all others of the n. Some other text must be there.
double alike_bleu(const AlikeText *texts, size_t n, size_t which);

#endif
