// SPDX-License-Identifier: Apache-2.0
//
// What a run's conversations are dealt from: which values take part (those that the partition may
// use and the prompts can reach) and a deck for each variable. Immutable once open; draw.h takes
// single conversations out of it.
#ifndef CONFAB_PLAN_DEALER_H
#define CONFAB_PLAN_DEALER_H

#include "plan/related.h"

// A deck over some of a part's values: card c is values[c].
typedef struct Choice {
    const uint32_t *values;
    const double *weights;
    size_t n;
    Deck deck;
} Choice;

typedef struct InjectionDeal {
    bool drawn;     // the prompts can reach it
    bool crossed;   // dealt with others
    Choice choice;  // those of the partition; with `when` without a deck
    uint64_t key;   // of random draws
} InjectionDeal;

typedef struct CrossPart {
    Variable variable;
    const uint32_t *values;  // of VARIABLE_TOPIC: indices into passages.topics
    const double *weights;
    size_t n;
} CrossPart;

typedef struct Dealer {
    const Project *project;
    const Reach *reach;
    uint64_t seed;
    unsigned min_exchanges, max_exchanges;
    PassageDecks passages;
    Related *related;          // of passages of several chunks
    Choice styles, flows, examples;
    size_t shown;              // examples of an item
    InjectionDeal *injections;
    CrossPart *cross;
    size_t n_cross;            // 0 also where the prompts reach none of them
    Deck combinations;
    bool topic_crossed, style_crossed;
    bool keep_document, keep_passage;  // on further attempts, because something kept shows them
    const uint64_t *parameter_keys;
} Dealer;

// Everything is in `a` but for what dealer_close releases, which is right also after a failure.
// False when something cannot be drawn at all: min_exchanges above the limit, or a partition that
// has nothing of what the prompts need. Warns of variables that alternate in step. The project
// must outlive the dealer.
bool dealer_open(const Project *project, uint64_t seed, unsigned max_exchanges, Arena *a, Dealer **out,
                 Problems *problems);
void dealer_close(Dealer *dealer);

// Whether the prompts need the variable.
bool dealer_reaches(const Dealer *dealer, Variable variable);
// Which of its values (an index into d->cross[part]) a combination of `cross` has.
size_t dealer_combination(const Dealer *dealer, size_t combination, size_t part);

#endif
