// SPDX-License-Identifier: Apache-2.0
//
// A deck deals a variable's values. It is an endless row of shuffled rounds; which card lies at
// position n is a pure function of the run's seed, the deck's name, the number of values and their
// weights, so the first n cards of a longer run are those of a run of n, and a run can begin anywhere.
//
// A round has one card a value. With unequal weights it has at least 100 cards, and ten a value where
// there are many, shared out by largest remainder (Hamilton's method) with one at least for each
// weight above 0; a weight of 0 gets none.
//
// No value comes twice in a row where that can be, across rounds too. It can not be for a value that
// has more than half of a round's cards; then every other card still lies between two of that value.
// A round's last card depends on no other round, so the seam to the next is known without a walk.
#ifndef CONFAB_PLAN_DECK_H
#define CONFAB_PLAN_DECK_H

#include "base/arena.h"

typedef struct DeckCache DeckCache;

typedef struct Deck {
    uint64_t key;             // of seed and name
    uint32_t n;               // values
    uint32_t cards;           // cards of one round; 0: nothing to deal
    const uint32_t *counts;   // cards of each value in one round; NULL: one each
    const uint32_t *groups;   // see deck_init; NULL: each value is its own
    const uint32_t *shares;   // cards of each group in one round; NULL where groups is
    DeckCache *cache;         // the rounds dealt last, behind a lock; NULL where one card is all
} Deck;

typedef struct DeckCard {
    uint32_t value;
    uint64_t before;          // cards of this value's group at earlier positions: the nested deck's position
} DeckCard;

// The most values a deck may have, so that a round's cards fit 32 bits with room.
enum { DECK_VALUES_MAX = 100000000 };

// Fills *d; tables live in `a`, the cache is its own. `weights`: n numbers of at least 0, not
// all 0, or NULL for equal ones. `groups`: n numbers below n that say which values count as one for
// DeckCard.before (the combinations of a topic, for the decks nested in that topic), or NULL.
// Asserts nothing: n = 0 or all weights 0 gives a deck of no cards.
void deck_init(Deck *d, uint64_t seed, Str name, size_t n, const double *weights, const uint32_t *groups, Arena *a);
void deck_free(Deck *d);

// The card at a position. Safe from several threads. d->cards must not be 0. Costs a round's
// cards when it is in a round that was not asked for lately, else nothing to speak of.
DeckCard deck_card(const Deck *d, uint64_t position);

#endif
