// SPDX-License-Identifier: Apache-2.0
//
// Texts that must not turn up inside others (evaluation sets): an index of runs of words, and a search
// of a text for the first run that is in it. Runs have 13 words, as in the decontamination of GPT-3
// (Brown et al. 2020, appendix C); a text of 8 to 12 words is one run; shorter ones are too common
// to say anything and are left out. Words are those of the normal form (text/normalise.h).
#ifndef CONFAB_DEDUP_CONTAIN_H
#define CONFAB_DEDUP_CONTAIN_H

#include "dedup/shingle.h"

enum { CONTAIN_WORDS = 13, CONTAIN_WORDS_MIN = 8 };

typedef struct ContainSlot {
    uint64_t hash;       // 0: free
    uint32_t text;       // number of the text the run first came in
} ContainSlot;

typedef struct Contain {
    ContainSlot *slots;
    size_t n, cap;
    uint32_t texts, left_out;  // added; too short
    bool lengths[CONTAIN_WORDS + 1];  // which lengths of runs there are
    Shingles shingles;
} Contain;               // {0} is ready

void contain_free(Contain *c);
uint32_t contain_add(Contain *c, Str text);  // its number, from 0

typedef struct ContainHit {
    uint32_t text;       // whose run it is
    unsigned words;      // of the run
    size_t at;           // its first word in the text that was searched
} ContainHit;
bool contain_find(Contain *c, const Shingles *text, ContainHit *out);  // needs its words only

#endif
