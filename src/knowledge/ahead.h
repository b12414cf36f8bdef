// SPDX-License-Identifier: Apache-2.0
//
// Documents that a child process converts, extracted before their turn, side by side: the child's start costs
// more than all else. Results come back in any order asked for; only a few are held at once.
#ifndef CONFAB_KNOWLEDGE_AHEAD_H
#define CONFAB_KNOWLEDGE_AHEAD_H

#include "documents/document.h"

enum {
    AHEAD_THREADS = 4,   // at most, and no more than processors
    AHEAD_RESULTS = 8,   // in work or waiting for their turn: what bounds the memory
};

// What is done for one: fills x, whose arena is its own. Runs in another thread.
typedef bool (*AheadWork)(void *ctx, size_t job, Extraction *x, Error *e);

typedef struct Ahead Ahead;

// Jobs 0 … n - 1. NULL: there is nothing to win (one job), or no thread to be had.
Ahead *ahead_start(size_t n, AheadWork work, void *ctx);

// Waits for a job's result, which may be taken once, jobs in rising order; those left out are dropped.
// The extraction's arena is the caller's from then on: arena_free and free.
bool ahead_take(Ahead *a, size_t job, Extraction *x, Error *e);

void ahead_stop(Ahead *a);  // NULL is fine

#endif
