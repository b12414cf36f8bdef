// SPDX-License-Identifier: Apache-2.0
//
// What is to be asked next: first what an earlier process left unfinished, then the iterations
// never asked for, in order. Memory does not grow with the number of iterations, only with what
// was left unfinished.
#ifndef CONFAB_RUN_PENDING_H
#define CONFAB_RUN_PENDING_H

#include "journal/journal.h"

typedef struct Task {
    uint64_t iteration;
    uint32_t attempt;
    uint32_t last_attempt; // after this one the iteration is given up
    uint32_t tries;        // how often this attempt was sent by an earlier process
    int64_t tokens_lost;   // what those tries may have cost
    Money cost_lost;
    int64_t tokens_at_most;  // of an answer that is here: what it may turn out to have cost
    Money cost_at_most;
    bool answered;         // its answer is in the journal: judge it, do not ask
} Task;

typedef struct Pending {
    Task *left;            // from an earlier process, in order
    size_t n_left, cap, next_left;
    int64_t tokens_cut;    // worst case of what was on its way when a process ended,
    Money cost_cut;        // beyond what the journal already counts as lost
    int64_t tokens_open;   // worst case of the answers that are here and not judged
    Money cost_open;
    uint64_t next_fresh;
    uint32_t attempts;     // each iteration may have
    uint64_t end;          // one past the last iteration of the run
} Pending;

typedef struct PendingOptions {
    uint64_t start, iterations;
    uint32_t attempts;
    bool retry_failed;
    uint64_t watermark;    // every iteration below it has ended
} PendingOptions;

void pending_fresh(Pending *p, const PendingOptions *options);
bool pending_from_journal(Pending *p, Journal *j, const PendingOptions *options, Error *e);
bool pending_next(Pending *p, Task *out);  // false: nothing is left
bool pending_empty(const Pending *p);
void pending_free(Pending *p);

#endif
