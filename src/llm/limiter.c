// SPDX-License-Identifier: Apache-2.0
#include "llm/limiter.h"

#include <math.h>

#define SECOND ((double)NANOS_PER_SECOND)
#define NEVER INT64_MAX

enum { RAMP_START = 8 };

// How far a request may come before its moment, so that a caller that wakes a little late
// does not lose the rate.
#define PACE_SLACK (INT64_C(10) * NANOS_PER_MS)
#define LIMIT_SLACK (INT64_C(100) * NANOS_PER_MS)
#define MINUTE (INT64_C(60) * NANOS_PER_SECOND)
#define RESET_MAX (INT64_C(300) * NANOS_PER_SECOND)  // a later reset is not waited for in one go

// ---- knobs: what is tuned, and why --------------------------------------------------------------

#define PACE_MIN 0.1                      // requests a second that are always tried
#define CUT 0.75                          // of the refused pace, where nothing is measured
#define BELOW_REFUSED 0.97                // where the pace is held at most
#define BELOW_REFUSED_FIRST 0.96          // where a raise from far below stops first
#define BELOW_BOTH 0.98                   // of the mean of what passed and what was refused
#define HELD_SHARE 0.95                   // of a pace that stood for a while, what is taken as passed
#define FAR 1.3
#define NEAR 1.12                         // refused / measured: up to here both mean the same rate
#define AFTER_CUT 0.9                     // of the goal, where the climb begins
#define CLIMB_TIME 1.0                    // seconds of that climb
#define STEP_SURE 0.01                    // first raise of a pace that is known well
#define STEP_UNSURE 0.05
#define STEP_PAUSES 0.04                  // largest where a refusal costs a pause
#define STEP_SEARCH 1.0
#define STEP_MAX 0.25
#define REAL_GAIN 1.3                     // passed so far above what was settled: the server has more
#define HOLD_MIN (INT64_C(2) * NANOS_PER_SECOND)
#define HOLD_SOFT_MAX (INT64_C(16) * NANOS_PER_SECOND)  // where the failed raise cost one refusal only
#define HOLD_MAX (INT64_C(60) * NANOS_PER_SECOND)
#define RAISE_EVERY (INT64_C(250) * NANOS_PER_MS)   // between raises that succeed, at least
#define PACE_RAISE_EVERY NANOS_PER_SECOND
#define PACE_RAISE_COUNT 20               // a raise needs so many requests to be refused, or not
#define HOLD_PAUSES 20                    // and, in pauses that the server asks for, what it costs in time
#define HOLD_COUNT 100                    // a failed raise costs a refusal or two: this bounds their share
#define MEASURED_SPAN (INT64_C(100) * NANOS_PER_MS) // bursts nearer to each other measure nothing
#define MEASURED_COUNT 5
#define CREDIT_SHARE 0.012                // of the requests may be refused without a decrease
#define CREDIT_MAX 3.0
#define SPORADIC 0.05                     // share of refusals below which a pace is not simply too high
#define SHARE_WINDOW 200.0                // requests over which that share is smoothed
#define DESCENT 0.6                       // a pace this much lower would have been accepted
#define DISTRUST_MIN (INT64_C(30) * NANOS_PER_SECOND)
#define DISTRUST_MAX (INT64_C(600) * NANOS_PER_SECOND)
#define CONFIRMED 16                      // two refusals so near to each other are no chance
#define DRAIN_MIN (INT64_C(20) * NANOS_PER_MS)
#define DRAIN_MAX (INT64_C(5) * NANOS_PER_SECOND)

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
static Nanos rpm_interval(const Limiter *l) { return (Nanos)((double)(MINUTE + LIMIT_SLACK) / (double)l->config.rpm) + 1; }

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

static Nanos token_span(const Limiter *l, double tokens) { return (Nanos)(tokens * (double)MINUTE / (double)l->config.tpm); }

static void spend_tokens(Limiter *l, Nanos now, uint64_t tokens)
{
    turn_slices(l, now);
    if (l->tpm_due < now) l->tpm_due = now;
    l->tpm_due += token_span(l, (double)tokens);
    l->slices[l->slice_now % (LIMITER_SLICES + 1)] += tokens;
    l->slice_sum += tokens;
}

// What was held for a request and not used is free again, in the second in which it was sent.
static void correct_tokens(Limiter *l, Nanos now, const LimiterTicket *t, uint64_t used)
{
    turn_slices(l, now);
    l->tpm_due += token_span(l, (double)used - (double)t->tokens);
    int64_t second = t->at / NANOS_PER_SECOND;
    if (l->slice_now - second > LIMITER_SLICES) return;  // long out of the minute
    uint64_t *slice = &l->slices[second % (LIMITER_SLICES + 1)];
    *slice = *slice - t->tokens + used;
    l->slice_sum = l->slice_sum - t->tokens + used;
}

// ---- x-ratelimit headers ------------------------------------------------------------------------

// What is left is spread over the time until the reset. In a fixed window that ends exactly
// with it; in a bucket (OpenAI: reset is when it is full again) it settles at half full, where
// left / reset is the bucket's own rate. Above half nothing is held back.
static void hear(LimiterSpread *s, Nanos now, const LimiterTicket *t, uint64_t sent, RateNews news, double each)
{
    if (news.remaining < 0 || news.reset < 0 || t->number < s->number) return;
    Nanos reset = news.reset < RESET_MAX ? news.reset : RESET_MAX, age = now - t->at;
    s->number = t->number;
    s->until = t->at + reset;
    if (s->until <= now) {
        s->active = false;
        return;
    }
    // The news is as old as the answer took: what was sent since is not in it, nor what a bucket
    // was given back.
    double left = (double)news.remaining - (double)(sent - t->number) * each;
    if (news.limit > news.remaining) left += (double)(news.limit - news.remaining) * (double)age / (double)reset;
    s->left = left > 0 ? left : 0;
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

// What resets within a second says less than the refusals do.
static bool rules(const LimiterSpread *s, Nanos now) { return s->active && s->until - now > NANOS_PER_SECOND; }

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

static void count_recent(Limiter *l, Nanos now) { l->recent[l->n_recent++ % LIMITER_RECENT] = now; }

// Requests a second over the last second, or the last eight requests where that is longer; of those
// since the last silence.
static double recent_rate(const Limiter *l, Nanos now)
{
    Nanos from = now;
    uint64_t n = 0;
    for (; n < l->n_recent && n < LIMITER_RECENT; n++) {
        Nanos at = l->recent[(l->n_recent - 1 - n) % LIMITER_RECENT];
        if (n >= 8 && now - at > NANOS_PER_SECOND) break;
        from = at;
    }
    return (double)n / ((double)(now - from > NANOS_PER_MS ? now - from : NANOS_PER_MS) / SECOND);
}

static Nanos raise_interval(const Limiter *l)
{
    Nanos news = 4 * l->refusal_latency;  // by then a refusal of the last raise is back
    return news > RAISE_EVERY ? news : RAISE_EVERY;
}

static void raise_window(Limiter *l, Nanos now)
{
    Knob *k = &l->window;
    if (!k->bound || now < k->raise_at) return;
    k->before = k->value;
    k->value += k->step;
    k->step *= 2;
    k->raise_at = now + raise_interval(l);
    k->bound = false;
    l->raised = RAISED_WINDOW;
}

// The time that n requests take at a pace, but at least `least`.
static Nanos time_of(double pace, double n, Nanos least)
{
    double seconds = n / pace;
    return seconds > (double)HOLD_MAX / SECOND ? HOLD_MAX : seconds * SECOND > (double)least ? (Nanos)(seconds * SECOND) : least;
}

// Otherwise something else holds the requests back, and a higher pace would say nothing.
// The rate over a second lags behind while the search doubles the pace.
static bool pace_is_used(const Limiter *l, Nanos now) { return recent_rate(l, now) >= (l->searching ? 0.6 : 0.85) * l->pace.value; }

static Nanos raise_every(const Limiter *l)
{
    if (l->searching || l->pace.goal <= 0) return raise_interval(l);
    Nanos every = time_of(l->pace.goal, PACE_RAISE_COUNT, PACE_RAISE_EVERY);
    return every > 2 * l->pause_span ? every : 2 * l->pause_span;
}

static void raise_pace(Limiter *l, Nanos now)
{
    Knob *k = &l->pace;
    climb(k, now);
    if (!k->bound || k->value < k->goal || now < k->raise_at || !pace_is_used(l, now)) return;
    Nanos every = raise_every(l);
    double goal = k->goal * (1 + k->step);
    Nanos next = now + every;
    double below = k->refused * BELOW_REFUSED_FIRST;
    if (k->goal > k->refused * REAL_GAIN) k->hold = 0;
    if (k->goal < below * 0.999 && goal >= below) {
        // Back just below what was refused last: here it stays for a while.
        goal = below;
        next = now + k->hold;
        k->step = STEP_SURE / 2;
    }
    k->slope = (goal - k->value) / ((double)every / SECOND / 2);
    // What has stood through a whole step, and the one before, so that a bucket's reserve is used up.
    k->held = k->stood;
    k->stood = fmin(k->goal, recent_rate(l, now));
    k->before = k->goal;
    k->goal = goal;
    if (!l->searching) k->step = fmin(k->step * 2, l->pause_span > 0 ? fmax(STEP_PAUSES, k->step) : STEP_MAX);
    k->raise_at = next;
    k->bound = false;
    l->raised = RAISED_PACE;
}

static void settle(Knob *k, Nanos now, double value, double goal, double step, Nanos least_hold, Nanos most_hold, bool failed_raise)
{
    k->value = value;
    k->goal = goal;
    k->held = k->stood = 0;
    k->slope = (goal - value) / CLIMB_TIME;
    k->step = step;
    k->moved = now;
    if (failed_raise) k->hold = k->hold * 2 < most_hold ? k->hold * 2 : k->hold > most_hold ? k->hold : most_hold;
    if (k->hold < least_hold) k->hold = least_hold;
    if (k->hold > HOLD_MAX) k->hold = HOLD_MAX;
    k->raise_at = now + k->hold;
    k->bound = false;
}

static void cut_window(Limiter *l, Nanos now, const LimiterTicket *t, bool failed_raise)
{
    double value = t->in_flight > 1 ? t->in_flight - 1 : 1;
    if (l->window.value > 0 && value > l->window.value) value = l->window.value;
    settle(&l->window, now, value, value, 1, HOLD_MIN, HOLD_MAX, failed_raise);
    // A first bound may be far too low: the pace may have been what was refused.
    if (!failed_raise) l->window.raise_at = now + raise_interval(l);
}

// Requests that passed, or may still: all but those refused.
static uint64_t passed(const Limiter *l) { return l->sent - l->throttled; }

// The server's rate from burst to burst; 0: not measured.
static double measured_rate(const Limiter *l, Nanos now)
{
    // At the last burst some counted as passed that were refused later.
    int64_t count = (int64_t)(passed(l) - l->burst_passed);
    if (!l->was_cut || now - l->burst_at < MEASURED_SPAN || count < MEASURED_COUNT) return 0;
    return (double)count / ((double)(now - l->burst_at) / SECOND);
}

// The pace that was refused: what was allowed, or less when less was sent.
static double refused_pace(const Limiter *l, Nanos now)
{
    // Where the pace held requests back just now, it may be above what went in the last second.
    bool bound = now - l->pace_bound_at < RAISE_EVERY / 2;
    double rate = recent_rate(l, now) * (bound ? 1.25 : 1);
    return l->pace.value > 0 ? fmin(l->pace.value, rate) : rate;
}

static void cut_pace(Limiter *l, Nanos now)
{
    bool failed_raise = l->raised == RAISED_PACE, sure = false;
    climb(&l->pace, now);
    if (!l->was_cut) {
        // Nothing is known yet but what has passed; a server's bucket often holds a second's worth.
        double goal = fmax((double)passed(l) / fmax((double)(now - l->begun) / SECOND, 1), PACE_MIN);
        settle(&l->pace, now, goal, goal, STEP_SEARCH, 0, HOLD_MAX, false);
        l->pace.raise_at = now + raise_interval(l);
        l->searching = true;
        return;
    }
    double refused = refused_pace(l, now), goal = refused * CUT;
    double stood = l->searching ? l->pace.stood : l->pace.held;
    l->pace.good = fmax(l->pace.good, stood * HELD_SHARE);
    // Refused so low, it was a reserve that had been used up then, not the rate.
    if (refused < l->pace.good * 1.05) l->pace.good = refused * 0.9;
    double passed_well = fmax(measured_rate(l, now), l->pace.good);
    if (passed_well > 0) {
        sure = refused < passed_well * NEAR;
        // Far from each other: between them, nearer to what passed where a refusal costs a pause.
        // Near: just below what passed.
        double between = refused > passed_well * FAR ? pow(refused / passed_well, l->pause_span > 0 ? 0.4 : 0.5) : 1;
        goal = fmin(passed_well * between * BELOW_BOTH, refused * BELOW_REFUSED);
    }
    goal = fmax(goal, PACE_MIN);
    Nanos hold = time_of(goal, sure ? HOLD_COUNT : PACE_RAISE_COUNT, HOLD_MIN);
    if (hold < l->pause_span * HOLD_PAUSES) hold = l->pause_span * HOLD_PAUSES;
    settle(&l->pace, now, goal * AFTER_CUT, goal, sure ? STEP_SURE : l->pause_span > 0 && goal > 0.8 * refused ? STEP_PAUSES : STEP_UNSURE * 2, hold, HOLD_MAX, failed_raise);
    if (!sure) l->pace.raise_at = now + raise_every(l);
    l->pace.refused = refused;
    l->searching = false;
}

// Silence, then one request alone.
static void fall_silent(Limiter *l, Nanos now, Nanos span)
{
    l->drain = span < DRAIN_MAX ? span : DRAIN_MAX;
    if (now + l->drain > l->pause_until) {
        l->pause_until = now + l->drain;
        l->told_to_pause = false;
    }
    l->probe = PROBE_DUE;
    l->cut_number = l->sent;
}

// Until a refusal would be back, and the server has something to give again.
static Nanos first_silence(const Limiter *l)
{
    Nanos span = 2 * l->refusal_latency, token = (Nanos)(1.5 * SECOND / l->pace.goal);
    if (token > NANOS_PER_SECOND) token = NANOS_PER_SECOND;
    if (span < token) span = token;
    return span > DRAIN_MIN ? span : DRAIN_MIN;
}

static bool near(uint32_t a, uint32_t b)
{
    uint32_t difference = a > b ? a - b : b - a;
    return difference <= b / 32;
}

// Whether refusals hang on the pace at all; when they do not, it may go back to where it fell from.
static bool stays(Limiter *l, Nanos now)
{
    double refused = refused_pace(l, now);
    bool sporadic = l->refused_share < SPORADIC;
    if (l->tolerant || !sporadic) {
        if (l->tolerant) {
            l->distrust = l->distrust < DISTRUST_MIN ? DISTRUST_MIN : l->distrust * 2 < DISTRUST_MAX ? l->distrust * 2 : DISTRUST_MAX;
            l->tolerant_at = now + l->distrust;
        }
        l->tolerant = false;
        l->descent_top = refused;
        return false;
    }
    if (l->descent_top < refused) l->descent_top = refused;
    if (refused > l->descent_top * DESCENT || now < l->tolerant_at) return false;
    l->tolerant = true;
    l->raised = RAISED_NONE;
    l->pace.hold = 0;
    l->pace.refused = l->descent_top;
    settle(&l->pace, now, l->pace.value, l->pace.value, 2 * STEP_UNSURE, raise_interval(l), HOLD_MAX, false);
    return true;
}

static void take_back(Limiter *l, Nanos now);

static void cut(Limiter *l, Nanos now, const LimiterTicket *t)
{
    bool first = !l->was_cut, at_bound = l->window.value > 0 && t->in_flight >= (uint32_t)l->window.value;
    // As many at once as in the burst before: that number it is. Small ones meet by chance.
    l->same_in_flight = near(t->in_flight, l->burst_in_flight) ? l->same_in_flight + 1 : 0;
    l->burst_in_flight = t->in_flight;
    bool window = first || (at_bound && l->raised == RAISED_WINDOW) || l->same_in_flight >= (t->in_flight < 8 ? 3 : 1);
    bool pace = first || l->searching || l->raised == RAISED_PACE || (pace_is_used(l, now) && recent_rate(l, now) >= 0.9 * l->pace.refused);
    if (at_bound && l->same_in_flight) pace = first;
    // A window was cut, nothing was raised, and still it is too much: the window it was not.
    if (l->raised == RAISED_NONE && l->window_alone) pace = true;
    if (!window && !pace) window = pace = true;
    l->window_alone = window && !pace;
    if (pace && !first && stays(l, now)) {
        take_back(l, now);
        return;
    }
    if (window) cut_window(l, now, t, l->raised == RAISED_WINDOW);
    if (pace) {
        cut_pace(l, now);
        l->burst_at = now;
        l->burst_passed = passed(l);
        fall_silent(l, now, first_silence(l));
    } else {
        // Slots are free again as answers come; no silence is needed.
        l->cut_number = l->sent;
    }
    l->was_cut = true;
    l->raised = RAISED_NONE;
}

// The last raise is taken back; what goes on is what went well before.
static void take_back(Limiter *l, Nanos now)
{
    Knob *k = l->raised == RAISED_PACE ? &l->pace : &l->window;
    if (l->raised != RAISED_NONE && k->before > 0) {
        Nanos least = l->raised == RAISED_PACE ? time_of(k->before, HOLD_COUNT, HOLD_MIN) : HOLD_MIN;
        double step = l->raised == RAISED_WINDOW ? 1 : l->searching ? STEP_UNSURE : STEP_SURE;
        if (l->raised == RAISED_PACE) k->refused = k->value;
        settle(k, now, fmin(k->value, k->before), k->before, step, least, HOLD_SOFT_MAX, true);
        if (l->raised == RAISED_PACE) l->searching = false;
    }
    l->raised = RAISED_NONE;
    l->cut_number = l->sent;
}

static void resume(Limiter *l, Nanos now)
{
    l->probe = PROBE_NONE;
    l->n_recent = 0;
    l->pace_due = now;
    l->pace.moved = now;
    // The silence has shown nothing about what goes well.
    Nanos pace_at = now + raise_every(l), window_at = now + raise_interval(l);
    if (l->pace.raise_at < pace_at) l->pace.raise_at = pace_at;
    if (l->window.raise_at < window_at) l->window.raise_at = window_at;
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

static Nanos ramp_moment(const Limiter *l) { return l->begun < 0 ? NEVER : l->begun + ramp_time(l, l->in_flight + 1.0) + 1; }

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
    Nanos moment = NEVER;
    *why = WAIT_NOTHING;
    *when = now;
    if (now < l->pause_until) return wait_for(l->told_to_pause ? WAIT_RETRY_AFTER : WAIT_PACE, l->pause_until, when, why);
    if (l->probe == PROBE_OUT && now >= l->probe_until) resume(l, now);
    if (l->probe == PROBE_OUT) return wait_for(WAIT_PACE, l->probe_until, when, why);
    if (l->in_flight >= l->config.cap) return wait_for(WAIT_SLOT, NEVER, when, why);
    if (l->in_flight >= ramp_slots(l, now)) return wait_for(WAIT_SLOT, ramp_moment(l), when, why);
    if (l->config.rpm && l->rpm_due - LIMIT_SLACK > now) return wait_for(WAIT_RPM, l->rpm_due - LIMIT_SLACK, when, why);
    if (l->config.tpm && !tpm_allows(l, now, tokens, &moment)) return wait_for(WAIT_TPM, moment, when, why);
    if (!spread_allows(&l->requests, now, 1, &moment) || !spread_allows(&l->tokens, now, (double)tokens, &moment))
        return wait_for(WAIT_HEADERS, moment, when, why);
    if (l->pace.value > 0 && l->probe == PROBE_NONE) {
        raise_pace(l, now);
        if (l->pace_due - PACE_SLACK > now) {
            l->pace.bound = true;
            l->pace_bound_at = now;
            return wait_for(WAIT_PACE, l->pace_due - PACE_SLACK, when, why);
        }
    }
    if (l->window.value > 0 && l->probe == PROBE_NONE && l->in_flight >= (unsigned)l->window.value) {
        l->window.bound = true;
        raise_window(l, now);
        if (l->in_flight >= (unsigned)l->window.value) return wait_for(WAIT_WINDOW, l->window.raise_at > now ? l->window.raise_at : NEVER, when, why);
    }
    return true;
}

LimiterTicket limiter_sent(Limiter *l, Nanos now, uint64_t tokens)
{
    if (l->begun < 0) l->begun = l->last_sent = now;
    // Time in which something else held the requests back opens no flood.
    Nanos rest = now - l->last_sent;
    if (l->held && l->config.doubling > 0 && rest > l->config.doubling) l->begun = now - ramp_time(l, l->in_flight + 1.0);
    l->last_sent = now;
    l->held = false;
    count_recent(l, now);
    l->in_flight++;
    l->sent++;
    l->refused_share -= l->refused_share / SHARE_WINDOW;
    l->credit = fmin(l->credit + CREDIT_SHARE, CREDIT_MAX);
    if (l->config.rpm) l->rpm_due = (l->rpm_due > now ? l->rpm_due : now) + rpm_interval(l);
    if (l->config.tpm) spend_tokens(l, now, tokens);
    if (l->pace.value > 0) {
        climb(&l->pace, now);
        l->pace_due = (l->pace_due > now ? l->pace_due : now) + (Nanos)(SECOND / l->pace.value);
    }
    spread_spend(&l->requests, now, 1);
    spread_spend(&l->tokens, now, (double)tokens);
    if (l->probe == PROBE_DUE) {
        l->probe = PROBE_OUT;
        l->probe_number = l->sent;
        l->probe_until = now + 2 * l->refusal_latency + DRAIN_MIN / 4;
    }
    return (LimiterTicket){.at = now, .number = l->sent, .tokens = tokens, .in_flight = l->in_flight};
}

static void end(Limiter *l, Nanos now, const LimiterTicket *t, bool refused)
{
    if (l->in_flight) l->in_flight--;
    if (!refused && l->probe == PROBE_OUT && t->number == l->probe_number) resume(l, now);
}

void limiter_answered(Limiter *l, Nanos now, const LimiterTicket *t, int64_t tokens)
{
    end(l, now, t, false);
    l->accepted++;
    if (l->config.tpm && tokens >= 0) correct_tokens(l, now, t, (uint64_t)tokens);
}

void limiter_gone(Limiter *l, Nanos now, const LimiterTicket *t) { end(l, now, t, false); }

// What the limiter does about a refusal. False: nothing, it was one alone.
static bool react(Limiter *l, Nanos now, const LimiterTicket *t, bool probe, bool again)
{
    bool patient = l->credit > -CREDIT_MAX;
    if (probe) fall_silent(l, now, 2 * l->drain);
    else if (l->was_cut && t->number <= l->cut_number) return true;
    // The server's own numbers rule here; a pace learned from their end would be wrong.
    else if ((rules(&l->requests, now) || rules(&l->tokens, now)) && patient) fall_silent(l, now, DRAIN_MIN);
    else if (l->tolerant ? l->refused_share < SPORADIC : !again && patient) return false;
    else if (l->credit < 0) cut(l, now, t);
    else take_back(l, now);
    return probe || l->probe == PROBE_DUE;
}

static void pause(Limiter *l, Nanos now, Nanos span)
{
    if (now + span <= l->pause_until) return;
    l->pause_until = now + span;
    l->told_to_pause = true;
    l->probe = PROBE_DUE;
}

void limiter_throttled(Limiter *l, Nanos now, const LimiterTicket *t, Nanos retry_after)
{
    Nanos latency = now - t->at, span = retry_after > 0 ? retry_after : 0;
    bool probe = l->probe == PROBE_OUT && t->number == l->probe_number;
    uint64_t apart = t->number > l->refused_number ? t->number - l->refused_number : l->refused_number - t->number;
    bool again = l->throttled && apart <= CONFIRMED;
    // One refusal's Retry-After is for its own request; what two near to each other agree on, or a
    // probe is told, is for all.
    Nanos agreed = probe ? span : span < l->last_span ? span : l->last_span;
    end(l, now, t, true);
    l->refusal_latency = l->throttled ? (7 * l->refusal_latency + latency) / 8 : latency;
    l->throttled++;
    l->refused_number = t->number;
    l->last_span = span;
    l->credit = fmax(l->credit - 1, -CREDIT_MAX);
    l->refused_share += 1 / SHARE_WINDOW;
    l->pause_span = probe || again ? agreed : 0;
    if (react(l, now, t, probe, again) && (probe || again)) pause(l, now, agreed);
}

void limiter_heard(Limiter *l, Nanos now, const LimiterTicket *t, RateNews requests, RateNews tokens)
{
    hear(&l->requests, now, t, l->sent, requests, 1);
    hear(&l->tokens, now, t, l->sent, tokens, (double)t->tokens);
}
