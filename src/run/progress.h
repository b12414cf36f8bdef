// SPDX-License-Identifier: Apache-2.0
//
// How a run stands: plain numbers that the engine keeps, the journal stores, and whoever shows a
// run reads. All counts and sums are over the whole run, resumed parts included.
#ifndef CONFAB_RUN_PROGRESS_H
#define CONFAB_RUN_PROGRESS_H

#include "base/clock.h"
#include "base/str.h"
#include "journal/journal.h"

enum { REASONS_MAX = 32 };  // kinds of rejection there can be; findings are fewer

typedef struct ReasonCount {
    char name[24];   // a finding's name, e.g. "order", "duplicate"
    uint64_t n;
} ReasonCount;

// Stored with every transaction; what a resumed run goes on from.
typedef struct Totals {
    uint64_t kept;              // iterations that gave a conversation
    uint64_t failed;            // iterations given up
    uint64_t rejected;          // answers that were not kept
    uint64_t requests;          // sent, resent ones included
    uint64_t resent;            // sent again after a failure of network or server
    uint64_t maybe_paid_twice;  // asked again because the process had ended before the answer
    int64_t prompt_tokens, completion_tokens, cached_tokens;
    bool tokens_estimated;      // some answers came without the API's count
    Money cost;
    Nanos time;                 // spent running, over all resumes
    ReasonCount reasons[REASONS_MAX];
    size_t n_reasons;
} Totals;

typedef struct Progress {
    uint64_t total;             // iterations asked of the run
    Totals totals;
    unsigned in_flight;         // requests on their way now
    unsigned concurrency;       // how many there may be
    Nanos elapsed;              // since this process began the run
    uint64_t kept_before;       // kept when this process began: rates count from here
    int64_t completion_tokens_before;
    bool cost_known;            // the model has a price
    const char *waiting;        // why nothing is sent though something could be: "rate limit",
                                // "server not reachable", …; NULL: not waiting
    Nanos waiting_for;          // how much longer, 0: not known
    bool stopping;              // finishing what is in flight
    double distinct_2;          // share of different word pairs, and
    double duplicate_rate;      // near-duplicates among the answers; < 0: not measured
} Progress;

#endif
