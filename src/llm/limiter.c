// SPDX-License-Identifier: Apache-2.0
#include "llm/limiter.h"

#include <math.h>

#define SECOND ((double)NANOS_PER_SECOND)
#define NEVER INT64_MAX

enum { RAMP_START = 32 };

// How far a request may come before its moment, so that a caller that wakes a little late
// does not lose the rate.
#define PACE_SLACK (INT64_C(10) * NANOS_PER_MS)
#define LIMIT_SLACK (INT64_C(100) * NANOS_PER_MS)
#define MINUTE (INT64_C(60) * NANOS_PER_SECOND)

// ---- knobs: what is tuned, and why --------------------------------------------------------------

#define PACE_MIN 0.1                      // requests a second that are always tried
#define CUT 0.75                          // of the refused pace, the decrease
#define CUT_AGAIN 0.5                     // when the decreased pace is refused at once
#define BELOW_REFUSED 0.97                // where the pace is held at most
#define BELOW_MEASURED 0.98               // of the server's measured rate
#define CLIMB_TIME 1.0                    // seconds from the decrease back to the goal
#define RAISE_PACE_MIN 0.01               // first raise, as a share of the pace
#define RAISE_PACE_MAX 0.25
#define HOLD_MIN (INT64_C(2) * NANOS_PER_SECOND)
#define HOLD_MAX (INT64_C(60) * NANOS_PER_SECOND)
#define RAISE_EVERY (INT64_C(200) * NANOS_PER_MS)   // between raises that succeed, at least
#define PACE_RAISE_EVERY NANOS_PER_SECOND
#define MEASURED_SPAN NANOS_PER_SECOND    // bursts nearer to each other measure nothing
#define MEASURED_COUNT 20
#define PASSED_FRESH 8                    // requests that pass after a decrease: it was enough

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
    *l = (Limiter){.config = *config, .begun = -1, .rpm_due = now, .tpm_due = now, .pace_due = now};
    if (l->config.cap == 0) l->config.cap = 1;
}

void limiter_set_cap(Limiter *l, unsigned cap, Nanos now)
{
    (void)now;
    l->config.cap = cap ? cap : 1;
}

// ---- --rpm and --tpm ----------------------------------------------------------------------------

// Generic cell rate algorithm (ITU-T I.371): requests at most `interval` apart on average, with
// LIMIT_SLACK of tolerance. n requests in a span T need n <= (T + slack) / interval (half-open), so
// an interval of (60 s + slack) / rpm holds the limit in every minute.
static Nanos rpm_interval(const Limiter *l) { return (Nanos)((double)(MINUTE + LIMIT_SLACK) / (double)l->config.rpm); }

static void turn_slices(Limiter *l, Nanos now)
{
    int64_t second = now / NANOS_PER_SECOND;
    int64_t steps = second - l->slice_now;
    if (steps <= 0) return;
    if (steps > LIMITER_SLICES) steps = LIMITER_SLICES + 1;
    for (int64_t i = 1; i <= steps; i++) {
        uint64_t *slice = &l->slices[(l->slice_now + i) % (LIMITER_SLICES + 1)];
        l->slice_sum -= *slice;
        *slice = 0;
    }
    l->slice_now = second;
    // After a long rest the ring was cleared whole, whatever place it stood at.
    if (steps > LIMITER_SLICES) {
        memset(l->slices, 0, sizeof l->slices);
        l->slice_sum = 0;
    }
}

// Tokens go evenly too; a sliding minute of seconds holds the limit exactly. A request larger
// than the limit goes when the minute is empty, or it would never go.
static bool tpm_allows(Limiter *l, Nanos now, uint64_t tokens, Nanos *when)
{
    turn_slices(l, now);
    if (l->tpm_due - LIMIT_SLACK > now) {
        *when = l->tpm_due - LIMIT_SLACK;
        return false;
    }
    if (l->slice_sum == 0 || l->slice_sum + tokens <= l->config.tpm) return true;
    *when = (l->slice_now + 1) * NANOS_PER_SECOND;
    return false;
}

static void spend_tokens(Limiter *l, Nanos now, int64_t tokens)
{
    Nanos span = (Nanos)((double)tokens * (double)MINUTE / (double)l->config.tpm);
    turn_slices(l, now);
    if (tokens > 0 && l->tpm_due < now) l->tpm_due = now;
    l->tpm_due += span;
    // A correction downwards takes from the newest second only what is in it.
    uint64_t *slice = &l->slices[l->slice_now % (LIMITER_SLICES + 1)];
    uint64_t back = tokens < 0 ? (uint64_t)-tokens : 0;
    if (back > *slice) back = *slice;
    *slice = tokens < 0 ? *slice - back : *slice + (uint64_t)tokens;
    l->slice_sum = tokens < 0 ? l->slice_sum - back : l->slice_sum + (uint64_t)tokens;
}

// ---- x-ratelimit headers ------------------------------------------------------------------------

// What is left is spread over the time until the reset. In a fixed window that ends exactly
// with it; in a bucket (OpenAI: reset is when it is full again) it settles at half full, where
// left / reset is the bucket's own rate. Above half nothing is held back.
static void hear(LimiterSpread *s, Nanos now, const LimiterTicket *t, uint64_t sent, RateNews news, double each)
{
    if (news.remaining < 0 || news.reset < 0 || t->number < s->number) return;
    Nanos reset = news.reset < RETRY_AFTER_MAX ? news.reset : RETRY_AFTER_MAX;
    // Requests sent after the one that was answered are not in its count.
    double left = (double)news.remaining - (double)(sent - t->number) * each;
    s->number = t->number;
    s->left = left > 0 ? left : 0;
    s->until = now + reset;
    bool was = s->active;
    s->active = news.limit <= 0 || s->left < (double)news.limit / 2;
    if (!was) s->next = now;
}

static bool spread_allows(LimiterSpread *s, Nanos now, double cost, Nanos *when)
{
    if (s->active && now >= s->until) s->active = false;
    if (!s->active) return true;
    if (s->left < cost) {
        *when = s->until;
        return false;
    }
    if (s->next - PACE_SLACK <= now) return true;
    *when = s->next - PACE_SLACK;
    return false;
}

static void spread_spend(LimiterSpread *s, Nanos now, double cost)
{
    if (!s->active) return;
    double interval = s->left > 0 ? (double)(s->until - now) * cost / s->left : (double)(s->until - now);
    s->left = s->left > cost ? s->left - cost : 0;
    s->next = (s->next > now ? s->next : now) + (Nanos)interval;
    if (s->next > s->until) s->next = s->until;
}

// ---- window and pace ----------------------------------------------------------------------------

// Brings the pace up to now: the climb back after a decrease.
static void climb(Knob *k, Nanos now)
{
    if (k->value > 0 && k->value < k->goal && now > k->moved) {
        k->value += k->slope * (double)(now - k->moved) / SECOND;
        if (k->value > k->goal) k->value = k->goal;
    }
    k->moved = now;
}

static void raise_window(Limiter *l, Nanos now)
{
    Knob *k = &l->window;
    if (!k->bound || now < k->raise_at || now < l->pace.raise_at - l->pace.hold) return;
    Nanos every = 4 * l->refusal_latency;
    k->value += k->step;
    k->step *= 2;
    k->raise_at = now + (every > RAISE_EVERY ? every : RAISE_EVERY);
    k->bound = false;
    l->raised = RAISED_WINDOW;
}

static void raise_pace(Limiter *l, Nanos now)
{
    Knob *k = &l->pace;
    climb(k, now);
    if (!k->bound || k->value < k->goal || now < k->raise_at) return;
    double goal = k->goal * (1 + k->step);
    k->slope = (goal - k->value) / (PACE_RAISE_EVERY / SECOND / 2);
    k->goal = goal;
    if (k->step < RAISE_PACE_MAX) k->step = k->step * 2 < RAISE_PACE_MAX ? k->step * 2 : RAISE_PACE_MAX;
    k->raise_at = now + PACE_RAISE_EVERY;
    k->bound = false;
    l->raised = RAISED_PACE;
}

static void settle(Knob *k, Nanos now, double value, double goal, double step, bool failed_raise)
{
    k->value = value;
    k->goal = goal;
    k->slope = (goal - value) / CLIMB_TIME;
    k->step = step;
    k->moved = now;
    k->hold = failed_raise && k->hold ? k->hold * 2 : HOLD_MIN;
    if (k->hold > HOLD_MAX) k->hold = HOLD_MAX;
    k->raise_at = now + k->hold;
    k->bound = false;
}

static void cut_window(Limiter *l, Nanos now, const LimiterTicket *t, bool failed_raise)
{
    double value = t->in_flight > 1 ? t->in_flight - 1 : 1;
    if (l->window.value > 0 && value > l->window.value) value = l->window.value;
    settle(&l->window, now, value, value, 1, failed_raise);
    // A first bound may be far too low: the pace may have been what was refused.
    if (!failed_raise) l->window.raise_at = now + RAISE_EVERY;
}

// Requests that passed, or may still: all but those refused.
static uint64_t passed(const Limiter *l) { return l->sent - l->throttled; }

// The server's rate from burst to burst; 0: not measured.
static double measured_rate(const Limiter *l, Nanos now)
{
    uint64_t count = passed(l) - l->burst_passed;
    if (!l->was_cut || now - l->burst_at < MEASURED_SPAN || count < MEASURED_COUNT) return 0;
    return (double)count / ((double)(now - l->burst_at) / SECOND);
}

// The pace that was refused: what was allowed, or less when less was sent.
static double refused_pace(const Limiter *l, const LimiterTicket *t)
{
    Nanos from = l->was_cut ? l->cut_at : l->begun;
    double span = (double)(t->at - from > NANOS_PER_MS ? t->at - from : NANOS_PER_MS) / SECOND;
    double rate = (double)(t->number - l->cut_number) / span;
    return l->pace.value > 0 && l->pace.value < rate ? l->pace.value : rate;
}

static void cut_pace(Limiter *l, Nanos now, const LimiterTicket *t, bool again, bool failed_raise)
{
    double refused = refused_pace(l, t), measured = measured_rate(l, now);
    climb(&l->pace, now);
    if (!l->was_cut) {
        // Nothing is known yet but what has passed; a server's burst is often a second's worth.
        double span = (double)(now - l->begun) / SECOND;
        double goal = fmax((double)passed(l) / fmax(span, 1), PACE_MIN);
        settle(&l->pace, now, goal, goal, 1, false);
        l->pace.raise_at = now + NANOS_PER_SECOND / 2;
        return;
    }
    if (again) {
        double value = fmax(refused * CUT_AGAIN, PACE_MIN);
        settle(&l->pace, now, value, fmax(refused * 0.9, value), RAISE_PACE_MIN, failed_raise);
        return;
    }
    double goal = measured > 0 ? fmin(fmax(measured * BELOW_MEASURED, refused * CUT), refused * BELOW_REFUSED) : refused * BELOW_REFUSED;
    goal = fmax(goal, PACE_MIN);
    double value = measured > 0 ? goal * 0.9 : fmin(goal, refused * CUT);
    settle(&l->pace, now, fmax(value, PACE_MIN), goal, RAISE_PACE_MIN, failed_raise);
}

static void cut(Limiter *l, Nanos now, const LimiterTicket *t)
{
    bool again = l->was_cut && t->number - l->cut_number - 1 < PASSED_FRESH;
    bool window = l->raised != RAISED_PACE || again, pace = l->raised != RAISED_WINDOW || again;
    if (window) cut_window(l, now, t, l->raised == RAISED_WINDOW);
    if (pace) cut_pace(l, now, t, again, l->raised == RAISED_PACE);
    if (!again) {
        l->burst_at = now;
        l->burst_passed = passed(l);
    }
    l->was_cut = true;
    l->cut_at = now;
    l->cut_number = l->sent;
    l->raised = RAISED_NONE;
}

// ---- the machine --------------------------------------------------------------------------------

static unsigned ramp_slots(const Limiter *l, Nanos now)
{
    if (l->config.doubling <= 0) return l->config.cap;
    double slots = RAMP_START;
    if (l->begun >= 0) slots *= exp2((double)(now - l->begun) / (double)l->config.doubling);
    return slots < l->config.cap ? (unsigned)slots : l->config.cap;
}

static Nanos ramp_moment(const Limiter *l)
{
    if (l->begun < 0) return NEVER;
    return l->begun + (Nanos)(log2((l->in_flight + 1.0) / RAMP_START) * (double)l->config.doubling) + 1;
}

static bool wait_for(LimiterWait reason, Nanos moment, Nanos *when, LimiterWait *why)
{
    *why = reason;
    *when = moment;
    return false;
}

bool limiter_may_send(Limiter *l, Nanos now, uint64_t tokens, Nanos *when, LimiterWait *why)
{
    Nanos moment = NEVER;
    *why = WAIT_NOTHING;
    *when = now;
    if (now < l->pause_until) return wait_for(WAIT_RETRY_AFTER, l->pause_until, when, why);
    if (l->in_flight >= l->config.cap) return wait_for(WAIT_SLOT, NEVER, when, why);
    if (l->in_flight >= ramp_slots(l, now)) return wait_for(WAIT_SLOT, ramp_moment(l), when, why);
    if (l->config.rpm && l->rpm_due - LIMIT_SLACK > now) return wait_for(WAIT_RPM, l->rpm_due - LIMIT_SLACK, when, why);
    if (l->config.tpm && !tpm_allows(l, now, tokens, &moment)) return wait_for(WAIT_TPM, moment, when, why);
    if (!spread_allows(&l->requests, now, 1, &moment) || !spread_allows(&l->tokens, now, (double)tokens, &moment))
        return wait_for(WAIT_HEADERS, moment, when, why);
    if (l->pace.value > 0) {
        raise_pace(l, now);
        if (l->pace_due - PACE_SLACK > now) {
            l->pace.bound = true;
            return wait_for(WAIT_PACE, l->pace_due - PACE_SLACK, when, why);
        }
    }
    if (l->window.value > 0 && l->in_flight >= (unsigned)l->window.value) {
        l->window.bound = true;
        raise_window(l, now);
        if (l->in_flight >= (unsigned)l->window.value) return wait_for(WAIT_WINDOW, l->window.raise_at > now ? l->window.raise_at : NEVER, when, why);
    }
    return true;
}

LimiterTicket limiter_sent(Limiter *l, Nanos now, uint64_t tokens)
{
    if (l->begun < 0) l->begun = now;
    l->in_flight++;
    l->sent++;
    if (l->config.rpm) l->rpm_due = (l->rpm_due > now ? l->rpm_due : now) + rpm_interval(l);
    if (l->config.tpm) spend_tokens(l, now, (int64_t)tokens);
    if (l->pace.value > 0) {
        climb(&l->pace, now);
        l->pace_due = (l->pace_due > now ? l->pace_due : now) + (Nanos)(SECOND / l->pace.value);
    }
    spread_spend(&l->requests, now, 1);
    spread_spend(&l->tokens, now, (double)tokens);
    return (LimiterTicket){.at = now, .number = l->sent, .tokens = tokens, .in_flight = l->in_flight};
}

static void end(Limiter *l)
{
    if (l->in_flight) l->in_flight--;
}

void limiter_answered(Limiter *l, Nanos now, const LimiterTicket *t, int64_t tokens)
{
    end(l);
    l->accepted++;
    if (l->config.tpm && tokens >= 0) {
        // What was held for the request and not used is free again.
        spend_tokens(l, now, tokens - (int64_t)t->tokens);
    }
}

void limiter_gone(Limiter *l, Nanos now, const LimiterTicket *t)
{
    (void)now, (void)t;
    end(l);
}

void limiter_throttled(Limiter *l, Nanos now, const LimiterTicket *t, Nanos retry_after)
{
    end(l);
    Nanos latency = now - t->at;
    l->refusal_latency = l->throttled ? (7 * l->refusal_latency + latency) / 8 : latency;
    l->throttled++;
    if (retry_after > 0 && now + retry_after > l->pause_until) l->pause_until = now + retry_after;
    if (l->was_cut && t->number <= l->cut_number) return;
    cut(l, now, t);
}

void limiter_heard(Limiter *l, Nanos now, const LimiterTicket *t, RateNews requests, RateNews tokens)
{
    hear(&l->requests, now, t, l->sent, requests, 1);
    hear(&l->tokens, now, t, l->sent, tokens, (double)t->tokens);
}
