// SPDX-License-Identifier: Apache-2.0
//
// What is drawn for a conversation, by "How values are drawn" of project-folder.md: indices into
// the project, no text yet. A pure function of the project, its partition, the seed, the limit of
// exchanges, the iteration and the attempt.
//
//   dealt from decks   topic, document and chunk (passage.h), template, flow, injections, the
//                      combinations of `cross`, examples of the first attempt
//   drawn at random    exchanges, injections with `when`: from seed, name and iteration;
//                      parameters, the seed to send, passage and examples of a further attempt:
//                      from seed, name, iteration and attempt
//
// Only what the prompts can reach is drawn.
#ifndef CONFAB_PLAN_DRAW_H
#define CONFAB_PLAN_DRAW_H

#include "plan/dealer.h"

enum { NOT_DRAWN = -1 };

typedef struct Drawn {
    uint64_t iteration;
    unsigned attempt;          // from 1
    uint64_t seed;             // to send; at most 31 bits, which every API takes
    unsigned exchanges;        // asked for
    int64_t topic, document;   // indices into the knowledge; NOT_DRAWN
    const uint32_t *chunks;    // the passage: indices into the knowledge, in the order of related.h
    size_t n_chunks;
    int32_t style, flow;       // NOT_DRAWN
    const int32_t *values;     // of each injection; NOT_DRAWN
    const uint32_t *examples;  // indices into the project's, rising
    size_t n_examples;
    const Str *params;         // of each parameter: compact JSON
} Drawn;

// Everything drawn lives in `a`. False (ERROR_PROJECT, code "when"): no value of an injection fits; or the
// search for related passages failed.
// Safe from several threads.
bool dealer_draw(const Dealer *dealer, uint64_t iteration, unsigned attempt, Arena *a, Drawn *out, Error *e);

#endif
