// SPDX-License-Identifier: Apache-2.0
//
// How a run stands: plain numbers that the engine keeps, the journal stores, and whoever shows a
// run reads. All counts and sums are over the whole run, resumed parts included.
#ifndef CONFAB_RUN_PROGRESS_H
#define CONFAB_RUN_PROGRESS_H

#include "base/clock.h"
#include "base/str.h"
#include "journal/journal.h"

typedef struct Progress {
    uint64_t total;             // iterations asked of the run
    JournalSums totals;         // over the whole run, with what is not yet durable
    uint64_t resent;            // sent again after a failure of network or server
    uint64_t maybe_paid_twice;  // asked again because a process had ended before the answer came
    Nanos time_before;          // spent running by earlier processes
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
