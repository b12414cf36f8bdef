// SPDX-License-Identifier: Apache-2.0
#include "llm/limiter_learn.h"

#include <math.h>

#define SECOND ((double)NANOS_PER_SECOND)

// ---- what is tuned, and why ---------------------------------------------------------------------

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
#define STEP_COUNT 12                     // a step of fewer requests says nothing of its rate
#define REFUSALS_SPAN (INT64_C(2) * NANOS_PER_SECOND)  // refusals further apart measure no rate
#define CREDIT_SHARE 0.012                // of the requests may be refused without a decrease
#define CREDIT_MAX 3.0
#define SPORADIC 0.05                     // share of refusals below which a pace is not simply too high
#define SHARE_WINDOW 200.0                // requests over which that share is smoothed
#define TRIAL_RAISE 2.0
#define CONFIRMED 16                      // two refusals so near to each other are no chance
#define BEHIND_PROBE (INT64_C(100) * NANOS_PER_MS)  // a pace may be unknown yet, and far too low
#define DRAIN_MIN (INT64_C(20) * NANOS_PER_MS)
#define DRAIN_MAX (INT64_C(5) * NANOS_PER_SECOND)

// How far a request may come before its moment, so that a caller that wakes a little late
// does not lose the rate.
#define PACE_SLACK (INT64_C(10) * NANOS_PER_MS)

static bool refuse(LimiterWait reason, Nanos moment, Nanos *when, LimiterWait *why)
{
    *why = reason;
    *when = moment;
    return false;
}

static void resume(Limiter *l, Nanos now);
static void go_on_trying(Limiter *l, Nanos now);
static void raise_pace(Limiter *l, Nanos now);
static void raise_window(Limiter *l, Nanos now);
static void climb(Knob *k, Nanos now);

bool learn_is_silent(Limiter *l, Nanos now, Nanos *when, LimiterWait *why)
{
    if (now < l->pause_until) return !refuse(l->told_to_pause ? WAIT_RETRY_AFTER : WAIT_PACE, l->pause_until, when, why);
    if (l->probe == PROBE_OUT && now >= l->probe_until) resume(l, now);
    return l->probe == PROBE_OUT && !refuse(WAIT_PACE, l->probe_until, when, why);
}

bool learn_may_send(Limiter *l, Nanos now, Nanos *when, LimiterWait *why)
{
    if (l->pace.value > 0 && l->probe == PROBE_NONE) {
        raise_pace(l, now);
        if (l->pace_due - PACE_SLACK > now) {
            l->pace.bound = true;
            l->pace_bound_at = now;
            return refuse(WAIT_PACE, l->pace_due - PACE_SLACK, when, why);
        }
    }
    if (l->window.value > 0 && l->probe == PROBE_NONE && l->in_flight >= (unsigned)l->window.value) {
        l->window.bound = true;
        raise_window(l, now);
        if (l->in_flight >= (unsigned)l->window.value)
            return refuse(WAIT_WINDOW, l->window.raise_at > now ? l->window.raise_at : INT64_MAX, when, why);
    }
    return true;
}

void learn_sent(Limiter *l, Nanos now)
{
    l->recent[l->n_recent++ % LIMITER_RECENT] = now;
    l->refused_share -= l->refused_share / SHARE_WINDOW;
    l->credit = fmin(l->credit + CREDIT_SHARE, CREDIT_MAX);
    if (l->pace.value > 0) {
        climb(&l->pace, now);
        l->pace_due = (l->pace_due > now ? l->pace_due : now) + (Nanos)(SECOND / l->pace.value);
    }
    if (l->trial.on && l->probe == PROBE_NONE) go_on_trying(l, now);
    if (l->probe == PROBE_DUE) {
        l->probe = PROBE_OUT;
        l->probe_number = l->sent;
        l->probe_until = now + 2 * l->refusal_latency + DRAIN_MIN / 4;
    }
}

void learn_passed(Limiter *l, Nanos now, const LimiterTicket *t)
{
    if (l->probe == PROBE_OUT && t->number == l->probe_number) resume(l, now);
}

// ---- how fast it goes ---------------------------------------------------------------------------

// Brings the pace up to now: the climb back after a decrease.
static void climb(Knob *k, Nanos now)
{
    if (k->value > 0 && k->value < k->goal && now > k->moved) {
        k->value += k->slope * (double)(now - k->moved) / SECOND;
        if (k->value > k->goal) k->value = k->goal;
    }
    k->moved = now;
}

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

// Likewise since the last raise; the last second lags behind while the search doubles the pace.
static double rate_of_step(const Limiter *l, Nanos now)
{
    Nanos span = now - l->step_at;
    uint64_t n = l->sent - l->step_sent;
    return l->step_sent && n >= STEP_COUNT ? (double)n / ((double)span / SECOND) : 0;
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
    k->stood = fmin(k->goal, fmax(recent_rate(l, now), rate_of_step(l, now)));
    l->step_at = now;
    l->step_sent = l->sent;
    k->before = k->goal;
    k->goal = goal;
    if (!l->searching) k->step = fmin(k->step * 2, l->pause_span > 0 ? fmax(STEP_PAUSES, k->step) : STEP_MAX);
    k->raise_at = next;
    k->bound = false;
    l->raised = RAISED_PACE;
}

// ---- after a refusal ----------------------------------------------------------------------------

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

// What passed in a second since then, when a refusal came as well; 0: too little to tell.
static double rate_since(const Limiter *l, Nanos now, Nanos then, uint64_t passed_then)
{
    // Some that counted as passed then were refused later.
    int64_t count = (int64_t)(passed(l) - passed_then);
    if (now - then < MEASURED_SPAN || count < MEASURED_COUNT) return 0;
    return (double)count / ((double)(now - then) / SECOND);
}

// The server's rate from burst to burst, and between single refusals that were let pass; 0: not measured.
static double measured_rate(const Limiter *l, Nanos now)
{
    if (!l->was_cut) return 0;
    return fmax(rate_since(l, now, l->burst_at, l->burst_passed), rate_since(l, now, l->refusal_at, l->refusal_passed));
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
    double measured = measured_rate(l, now), passed_well = fmax(measured, l->pace.good);
    // What stood for one step of the search may have come from a bucket's reserve.
    if (l->searching && l->pause_span <= 0 && measured > 0 && measured < passed_well) {
        passed_well = sqrt(measured * passed_well);
        l->pace.good = fmin(l->pace.good, passed_well);
    }
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
    double step = sure ? STEP_SURE : l->pause_span > 0 && goal > 0.8 * refused ? STEP_PAUSES : STEP_UNSURE * 2;
    settle(&l->pace, now, goal * AFTER_CUT, goal, step, hold, HOLD_MAX, failed_raise);
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

// ---- refusals that may not hang on the pace -----------------------------------------------------

static void try_faster(Limiter *l, Nanos now, double fallback, double refused)
{
    double value = l->pace.value * TRIAL_RAISE;
    trial_begin(&l->trial, l->sent, fallback, refused);
    settle(&l->pace, now, value, value, STEP_MAX, 0, HOLD_MAX, false);
    l->pace.hold = 0;
    l->pace.refused = 0;
    l->pace.raise_at = now + HOLD_MAX;
    if (l->pace_due > now) l->pace_due = now;
}

// A pace that has just passed may have done so from a bucket's reserve; the one before it is sure.
static void go_on_trying(Limiter *l, Nanos now)
{
    double value = l->pace.value;
    if (trial_sent(&l->trial) && pace_is_used(l, now)) try_faster(l, now, value / TRIAL_RAISE, value);
}

static void give_up_trying(Limiter *l, Nanos now)
{
    double pace = l->trial.fallback;
    trial_end(&l->trial, now, l->sent);
    l->tolerant = false;
    l->raised = RAISED_NONE;
    l->pace.refused = l->trial.refused;
    settle(&l->pace, now, pace * AFTER_CUT, pace, STEP_SURE, time_of(pace, HOLD_COUNT, HOLD_MIN), HOLD_MAX, false);
    fall_silent(l, now, first_silence(l));
}

// Tries to go faster instead of slower, where that is due. A server that tells its limit needs no trial.
static bool tries(Limiter *l, Nanos now)
{
    bool alone = l->refused_share < SPORADIC && l->raised == RAISED_NONE && !l->searching;
    double top = l->pace.value, late = top * (double)l->refusal_latency / SECOND;
    if (l->tolerant) trial_end(&l->trial, now, l->sent);
    l->tolerant = trial_is_due(&l->trial, now, l->sent, alone, late) && !l->requests.active && !l->tokens.active;
    if (!l->tolerant) return false;
    cut_pace(l, now);
    double fallback = l->pace.goal, refused = l->pace.refused;
    l->pace.value = top;
    try_faster(l, now, fallback, refused);
    return true;
}

// A pace above what is known to pass, where each guess costs a pause.
static bool is_costly(const Limiter *l, Nanos now)
{
    return l->pause_span > 0 && l->raised == RAISED_NONE && l->pace.good > 0 && recent_rate(l, now) > l->pace.good;
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
    // Nor is the window to be guessed at then.
    if (is_costly(l, now)) pace = true;
    if (!window && !pace) window = pace = true;
    l->window_alone = window && !pace;
    bool tried = pace && !first && tries(l, now);
    if (window && !tried) cut_window(l, now, t, l->raised == RAISED_WINDOW);
    if (pace) {
        if (!tried) cut_pace(l, now);
        l->burst_at = now;
        l->burst_passed = passed(l);
    }
    if (pace && !tried) {
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
    // A small bucket that stood full for the server's pause bears no second request right behind the probe.
    Nanos soonest = l->pause_span > 0 ? now + BEHIND_PROBE : now;
    if (l->pace_due > soonest) l->pace_due = soonest;
    if (l->pace_due < now) l->pace_due = now;
    l->pace.moved = now;
    // The silence has shown nothing about what goes well.
    Nanos pace_at = now + raise_every(l), window_at = now + raise_interval(l);
    if (l->pace.raise_at < pace_at) l->pace.raise_at = pace_at;
    if (l->window.raise_at < window_at) l->window.raise_at = window_at;
}

// What the limiter does about a refusal. False: nothing, it was one alone.
static bool react(Limiter *l, Nanos now, const LimiterTicket *t, bool probe, bool again)
{
    bool patient = l->credit > -CREDIT_MAX;
    if (probe) fall_silent(l, now, 2 * l->drain);
    else if (l->was_cut && t->number <= l->cut_number) return true;
    // The server's own numbers rule here; a pace learned from their end would be wrong.
    else if ((spread_rules(&l->requests, now) || spread_rules(&l->tokens, now)) && patient) fall_silent(l, now, DRAIN_MIN);
    else if (trial_refused(&l->trial, t->number)) give_up_trying(l, now);
    else if (l->tolerant ? l->refused_share < SPORADIC : !again && patient) return false;
    else if (l->credit < 0 || is_costly(l, now)) cut(l, now, t);
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

void learn_refused(Limiter *l, Nanos now, const LimiterTicket *t, Nanos span)
{
    Nanos latency = now - t->at;
    bool probe = l->probe == PROBE_OUT && t->number == l->probe_number;
    uint64_t apart = t->number > l->refused_number ? t->number - l->refused_number : l->refused_number - t->number;
    bool again = l->throttled && apart <= CONFIRMED;
    // One refusal's Retry-After is for its own request; what two near to each other agree on, or a
    // probe is told, is for all.
    Nanos agreed = probe ? span : span < l->last_span ? span : l->last_span;
    l->refusal_latency = l->throttled ? (7 * l->refusal_latency + latency) / 8 : latency;
    l->throttled++;
    l->refused_number = t->number;
    l->last_span = span;
    l->credit = fmax(l->credit - 1, -CREDIT_MAX);
    l->refused_share += 1 / SHARE_WINDOW;
    l->pause_span = probe || again ? agreed : 0;
    bool silent = react(l, now, t, probe, again);
    if (now - l->refusal_at > REFUSALS_SPAN) {
        l->refusal_at = now;
        l->refusal_passed = passed(l);
    }
    if (silent && (probe || again)) pause(l, now, agreed);
}
