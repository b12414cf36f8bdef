// SPDX-License-Identifier: Apache-2.0
#include "llm/limiter.h"

#include <math.h>

#include "llm/limiter_learn.h"

enum { RAMP_START = 8 };

const char *limiter_wait_text(LimiterWait wait)
{
    switch (wait) {
    case WAIT_NOTHING: return "";
    case WAIT_SLOT: return "all slots are in use";
    case WAIT_WINDOW: return "the server takes no more at once";
    case WAIT_PACE: return "holding the server's rate";
    case WAIT_RPM: return "holding --rpm";
    case WAIT_TPM: return "holding --tpm";
    case WAIT_HEADERS: return "spreading what the server's limit leaves";
    case WAIT_RETRY_AFTER: return "the server asked for a pause";
    }
    return "";
}

void limiter_init(Limiter *l, const LimiterConfig *config, Nanos now)
{
    *l = (Limiter){.config = *config, .begun = -1, .pace_due = now};
    if (l->config.cap == 0) l->config.cap = 1;
    minute_init(&l->minute, config->rpm, config->tpm, now);
}

void limiter_set_cap(Limiter *l, unsigned cap, Nanos now)
{
    (void)now;
    l->config.cap = cap ? cap : 1;
}

// ---- the machine --------------------------------------------------------------------------------

static unsigned ramp_slots(const Limiter *l, Nanos now)
{
    if (l->config.doubling <= 0) return l->config.cap;
    double slots = RAMP_START;
    if (l->begun >= 0) slots *= exp2((double)(now - l->begun) / (double)l->config.doubling);
    return slots < l->config.cap ? (unsigned)slots : l->config.cap;
}

// How long the ramp takes to open so many slots.
static Nanos ramp_time(const Limiter *l, double slots)
{
    return slots > RAMP_START ? (Nanos)(log2(slots / RAMP_START) * (double)l->config.doubling) : 0;
}

static Nanos ramp_moment(const Limiter *l) { return l->begun < 0 ? INT64_MAX : l->begun + ramp_time(l, l->in_flight + 1.0) + 1; }

static bool wait_for(LimiterWait reason, Nanos moment, Nanos *when, LimiterWait *why)
{
    *why = reason;
    *when = moment;
    return false;
}

static bool may_send(Limiter *l, Nanos now, uint64_t tokens, Nanos *when, LimiterWait *why);

bool limiter_may_send(Limiter *l, Nanos now, uint64_t tokens, Nanos *when, LimiterWait *why)
{
    bool may = may_send(l, now, tokens, when, why);
    if (!may && *why != WAIT_SLOT) l->held = true;
    return may;
}

static bool may_send(Limiter *l, Nanos now, uint64_t tokens, Nanos *when, LimiterWait *why)
{
    Nanos moment = INT64_MAX;
    *why = WAIT_NOTHING;
    *when = now;
    if (learn_is_silent(l, now, when, why)) return false;
    if (l->in_flight >= l->config.cap) return wait_for(WAIT_SLOT, INT64_MAX, when, why);
    if (l->in_flight >= ramp_slots(l, now)) return wait_for(WAIT_SLOT, ramp_moment(l), when, why);
    MinuteWait minute = minute_may_send(&l->minute, now, tokens, &moment);
    if (minute != MINUTE_FREE) return wait_for(minute == MINUTE_RPM ? WAIT_RPM : WAIT_TPM, moment, when, why);
    if (!spread_allows(&l->requests, now, 1, &moment) || !spread_allows(&l->tokens, now, (double)tokens, &moment))
        return wait_for(WAIT_HEADERS, moment, when, why);
    return learn_may_send(l, now, when, why);
}

LimiterTicket limiter_sent(Limiter *l, Nanos now, uint64_t tokens)
{
    if (l->begun < 0) l->begun = l->last_sent = now;
    // Time in which something else held the requests back opens no flood.
    Nanos rest = now - l->last_sent;
    if (l->held && l->config.doubling > 0 && rest > l->config.doubling) l->begun = now - ramp_time(l, l->in_flight + 1.0);
    l->last_sent = now;
    l->held = false;
    l->in_flight++;
    l->sent++;
    minute_sent(&l->minute, now, tokens);
    spread_spend(&l->requests, now, 1);
    spread_spend(&l->tokens, now, (double)tokens);
    learn_sent(l, now);
    return (LimiterTicket){.at = now, .number = l->sent, .tokens = tokens, .in_flight = l->in_flight};
}

static void end(Limiter *l)
{
    if (l->in_flight) l->in_flight--;
}

void limiter_answered(Limiter *l, Nanos now, const LimiterTicket *t, int64_t tokens)
{
    end(l);
    learn_passed(l, now, t);
    l->accepted++;
    // What was held for the request and not used is free again.
    if (tokens >= 0) minute_used(&l->minute, now, t->at, t->tokens, (uint64_t)tokens);
}

void limiter_throttled(Limiter *l, Nanos now, const LimiterTicket *t, Nanos retry_after)
{
    end(l);
    learn_refused(l, now, t, retry_after > 0 ? retry_after : 0);
}

void limiter_gone(Limiter *l, Nanos now, const LimiterTicket *t)
{
    end(l);
    learn_passed(l, now, t);
}

void limiter_heard(Limiter *l, Nanos now, const LimiterTicket *t, RateNews requests, RateNews tokens)
{
    SpreadSource from = {t->number, t->at, l->sent - t->number, 1};
    spread_hear(&l->requests, now, &from, requests);
    from.each = (double)t->tokens;
    spread_hear(&l->tokens, now, &from, tokens);
}
