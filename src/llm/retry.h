// SPDX-License-Identifier: Apache-2.0
//
// Asking again: how long to wait, how much of it is allowed, and when to stop asking an endpoint
// at all. Three pure values over an injected `now`; what may be asked again judge.h says.
#ifndef CONFAB_LLM_RETRY_H
#define CONFAB_LLM_RETRY_H

#include "base/clock.h"

// ---- backoff ------------------------------------------------------------------------------------

#define BACKOFF_BASE (INT64_C(500) * NANOS_PER_MS)
#define BACKOFF_CAP (INT64_C(60) * NANOS_PER_SECOND)

// Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): evenly drawn from
// 0 … min(cap, base * 2^(tries-1)), `tries` being the requests that failed so far (from 1). What
// the server asked for (retry_after; -1: nothing) is waited for at least, with up to a tenth more,
// so that many who were told the same moment do not return at once. `key` makes the draw.
Nanos backoff(unsigned tries, Nanos retry_after, uint64_t key);

// ---- budget -------------------------------------------------------------------------------------

// At most a tenth of the traffic is retries, so that a sick server is not asked twice as often
// as a well one. Each first request pays in a tenth of a retry; what is saved up is bounded, and
// a small run begins with a few.
typedef struct RetryBudget {
    double saved;       // retries that may go now
    Nanos filled;       // the moment of the last trickle
    uint64_t first, retries;
} RetryBudget;

#define RETRY_SHARE 0.1
#define RETRY_FLOOR 10.0     // saved at the beginning
#define RETRY_SAVED_MAX 100.0
#define RETRY_TRICKLE 0.1    // retries a second that are always allowed, or a dead run could never heal

void retry_budget_init(RetryBudget *b, Nanos now);
void retry_budget_first(RetryBudget *b);             // a first request went out
// Takes one retry; false: *when is the earliest moment the trickle alone allows it.
bool retry_budget_take(RetryBudget *b, Nanos now, Nanos *when);

// ---- breaker ------------------------------------------------------------------------------------

// Closed: requests go. After BREAKER_FAILURES sick ends in a row it opens: none go for a while
// (a second, doubling to a minute). Then half open: one probe goes; its success closes, its failure
// opens again. Ends of requests sent before it opened change nothing but a success, which closes.
typedef struct Breaker {
    enum { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN } state;
    unsigned failures;  // in a row
    Nanos until;        // open until then
    Nanos span;         // of the current opening
    Nanos opened;
    bool probing;       // the one probe is out
    uint64_t openings;  // for the summary
} Breaker;

enum { BREAKER_FAILURES = 8 };
#define BREAKER_SPAN NANOS_PER_SECOND
#define BREAKER_SPAN_MAX (INT64_C(60) * NANOS_PER_SECOND)

void breaker_init(Breaker *b);
// False: *when is the moment to ask again; INT64_MAX: when the probe has ended.
bool breaker_may_send(Breaker *b, Nanos now, Nanos *when);
void breaker_sent(Breaker *b, Nanos now);
void breaker_ended(Breaker *b, Nanos now, Nanos sent_at, bool sick);
// A request that ended without telling anything (cancelled): a probe is given back.
void breaker_gone(Breaker *b);

#endif
