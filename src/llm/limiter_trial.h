// SPDX-License-Identifier: Apache-2.0
//
// Are requests refused because of the pace, or for reasons of the server's own? A limiter asks this where
// single requests go on being refused although it has gone slower. A trial finds out: the pace is doubled,
// and what comes back is counted. Where it was the limit, every second request is refused, and the trial
// has failed after half a dozen; where it was not, as few are refused as before, and the pace doubles again.
//
// The count is a sequential test (Wald 1945) between one refused in fifty and one in five: each request
// takes a little from a score, each refusal adds one. A trial costs the server's refusals only where it
// fails, and then the next one has to wait, for long where the answer was clear.
//
// Pure; owned by a Limiter, which sends the requests. Requests are numbered as in LimiterTicket.
#ifndef CONFAB_LLM_LIMITER_TRIAL_H
#define CONFAB_LLM_LIMITER_TRIAL_H

#include <stdint.h>

#include "base/clock.h"

typedef struct Trial {
    bool on;
    uint64_t after;     // requests after this number are the trial's
    double score;
    double fallback;    // the pace to take where it fails, and what was refused then
    double refused;
    unsigned in_vain;   // decreases in a row after which single requests were refused still
    Nanos not_before;   // the next trial: neither before this moment
    uint64_t not_until; // nor before this request
    Nanos wait;
} Trial;

// A decrease is due again. `alone`: only single requests were refused, and nothing was raised since the
// last decrease. `late`: requests that go before a refusal is back, whose refusal a trial costs as well.
bool trial_is_due(Trial *t, Nanos now, uint64_t sent, bool alone, double late);

// Begins, or goes on to the next doubling.
void trial_begin(Trial *t, uint64_t sent, double fallback, double refused);

bool trial_sent(Trial *t);                        // true: the pace has passed
bool trial_refused(Trial *t, uint64_t number);    // true: the trial has failed

// It failed, or what it had found is no longer so: none for a while.
void trial_end(Trial *t, Nanos now, uint64_t sent);

#endif
