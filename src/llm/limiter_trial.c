// SPDX-License-Identifier: Apache-2.0
#include "llm/limiter_trial.h"

#include <math.h>

#define EACH 0.05      // what a request takes from the score
#define FAILED 3.0
#define PASSED (-2.0)  // 40 requests, none of them refused
#define CLEAR 32       // a trial that fails within so many requests did not fail by chance

// The next trial, so that those that fail cost less than one request in a hundred. Where the server asks
// for pauses each costs time as well.
#define NEXT_COUNT 300
#define NEXT_COUNT_CLEAR 10000
#define WAIT_MIN (INT64_C(5) * NANOS_PER_SECOND)
#define WAIT_MAX (INT64_C(600) * NANOS_PER_SECOND)
#define CLEAR_TIMES 4

// With so many requests on their way before a refusal is back, one more decrease is to be in vain.
#define LATE 2.0
#define LATE_MOST 2.0

bool trial_is_due(Trial *t, Nanos now, uint64_t sent, bool alone, double late)
{
    t->in_vain = alone ? t->in_vain + 1 : 0;
    return t->in_vain >= 1 + (unsigned)fmin(late / LATE, LATE_MOST) && now >= t->not_before && sent >= t->not_until;
}

void trial_begin(Trial *t, uint64_t sent, double fallback, double refused)
{
    t->on = true;
    t->after = sent;
    t->score = 0;
    t->fallback = fallback;
    t->refused = refused;
    t->in_vain = 0;
}

bool trial_sent(Trial *t)
{
    t->score = fmax(t->score - EACH, PASSED);
    return t->score <= PASSED;
}

bool trial_refused(Trial *t, uint64_t number)
{
    if (!t->on || number <= t->after) return false;
    t->score += 1;
    return t->score >= FAILED;
}

void trial_end(Trial *t, Nanos now, uint64_t sent)
{
    bool clear = t->on && sent - t->after <= CLEAR;
    t->wait = t->wait < WAIT_MIN ? WAIT_MIN : t->wait * 2 < WAIT_MAX ? t->wait * 2 : WAIT_MAX;
    t->not_before = now + t->wait * (clear ? CLEAR_TIMES : 1);
    t->not_until = sent + (clear ? NEXT_COUNT_CLEAR : NEXT_COUNT);
    t->on = false;
}
