// SPDX-License-Identifier: Apache-2.0
#include "llm/retry.h"

#include "base/random.h"

// ---- backoff ------------------------------------------------------------------------------------

Nanos backoff(unsigned tries, Nanos retry_after, uint64_t key)
{
    Random random = random_from(key);
    if (retry_after >= 0) return retry_after + (Nanos)((double)retry_after * 0.1 * random_unit(&random));
    Nanos bound = BACKOFF_BASE;
    for (unsigned i = 1; i < tries && bound < BACKOFF_CAP; i++) bound *= 2;
    if (bound > BACKOFF_CAP) bound = BACKOFF_CAP;
    return (Nanos)(random_unit(&random) * (double)bound);
}

// ---- budget -------------------------------------------------------------------------------------

void retry_budget_init(RetryBudget *b, Nanos now) { *b = (RetryBudget){.saved = RETRY_FLOOR, .filled = now}; }

static void save(RetryBudget *b, double more)
{
    b->saved += more;
    if (b->saved > RETRY_SAVED_MAX) b->saved = RETRY_SAVED_MAX;
}

void retry_budget_first(RetryBudget *b)
{
    b->first++;
    save(b, RETRY_SHARE);
}

bool retry_budget_take(RetryBudget *b, Nanos now, Nanos *when)
{
    // The trickle fills only what a single retry needs: it is for a run that has nothing else.
    if (now > b->filled) {
        double more = (double)(now - b->filled) / (double)NANOS_PER_SECOND * RETRY_TRICKLE;
        b->filled = now;
        if (b->saved < 1) b->saved = b->saved + more < 1 ? b->saved + more : 1;
    }
    // A hair below one, or rounding in the sums would make an exact moment come too late.
    if (b->saved >= 1 - 1e-9) {
        b->saved -= 1;
        b->retries++;
        return true;
    }
    *when = now + (Nanos)((1 - b->saved) / RETRY_TRICKLE * (double)NANOS_PER_SECOND) + 1;
    return false;
}

// ---- breaker ------------------------------------------------------------------------------------

void breaker_init(Breaker *b) { *b = (Breaker){.span = BREAKER_SPAN}; }

bool breaker_may_send(Breaker *b, Nanos now, Nanos *when)
{
    if (b->state == BREAKER_OPEN && now >= b->until) b->state = BREAKER_HALF_OPEN;
    switch (b->state) {
    case BREAKER_CLOSED: return true;
    case BREAKER_OPEN: *when = b->until; return false;
    case BREAKER_HALF_OPEN: break;
    }
    *when = INT64_MAX;
    return !b->probing;
}

void breaker_sent(Breaker *b, Nanos now)
{
    (void)now;
    if (b->state == BREAKER_HALF_OPEN) b->probing = true;
}

static void open_breaker(Breaker *b, Nanos now)
{
    b->state = BREAKER_OPEN;
    b->until = now + b->span;
    b->opened = now;
    b->span = b->span * 2 < BREAKER_SPAN_MAX ? b->span * 2 : BREAKER_SPAN_MAX;
    b->probing = false;
    b->failures = 0;
    b->openings++;
}

void breaker_ended(Breaker *b, Nanos now, Nanos sent_at, bool sick)
{
    if (!sick) {
        uint64_t openings = b->openings;
        breaker_init(b);
        b->openings = openings;
        return;
    }
    // A late failure of a request from before the opening is old news, unless it is the closed
    // state that it speaks against.
    if (b->state == BREAKER_CLOSED) {
        if (++b->failures >= BREAKER_FAILURES) open_breaker(b, now);
    } else if (b->state == BREAKER_HALF_OPEN && b->probing && sent_at >= b->opened) {
        open_breaker(b, now);
    }
}

void breaker_gone(Breaker *b) { b->probing = false; }
