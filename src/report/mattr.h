// SPDX-License-Identifier: Apache-2.0
//
// The moving-average type-token ratio of a text (Covington, McFall, "Cutting the Gordian knot", 2010): in each window of
// MATTR_WINDOW words the different ones divided by all, averaged over all windows. One look-up a word.
#ifndef CONFAB_REPORT_MATTR_H
#define CONFAB_REPORT_MATTR_H

#include "base/str.h"

enum { MATTR_WINDOW = 50 };

typedef struct Mattr {      // memory that is used again for the next text; {0} is ready
    uint64_t *hashes;       // of words; open addressing
    uint32_t *last;         // where each was last, + 1, counted on over texts
    uint32_t *before;       // of each place of the text: where the word was before, + 1; 0: nowhere
    uint32_t *after;        // where it comes next; UINT32_MAX: nowhere
    size_t slots, cap;
    uint32_t base;          // places of earlier texts
} Mattr;

double mattr_of(Mattr *m, const uint64_t *words, size_t n);  // hashes of words; n at least MATTR_WINDOW
void mattr_free(Mattr *m);

#endif
