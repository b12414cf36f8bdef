// SPDX-License-Identifier: Apache-2.0
//
// What is to be done next: first answers that an earlier process received and did not judge (what
// they cost must be known before anything is reserved), then what it left unfinished, then the
// iterations never asked for, each in order. Memory does not grow with the number of iterations, only with what
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
    Task *stored;          // answered; from an earlier process
    size_t n_stored, cap_stored, next_stored;
    Task *left;            // to be asked for; from an earlier process
    size_t n_left, cap_left, next_left;
    int64_t tokens_cut;    // worst case of what was on its way when a process ended,
    Money cost_cut;        // beyond what the journal already counts as lost
    int64_t tokens_open;   // worst case of the answers that are here and not judged
    Money cost_open;
    size_t reopened;       // of those left, iterations that had been given up
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
bool pending_has_stored(const Pending *p);
uint64_t pending_lowest(const Pending *p);  // of the iterations that are still to come
void pending_free(Pending *p);

#endif
