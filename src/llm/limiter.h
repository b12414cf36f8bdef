// SPDX-License-Identifier: Apache-2.0
//
// When may the next request go to this endpoint and model? A state machine over an injected
// `now` (any monotonic clock); one for each endpoint. All of these bounds hold at once:
//
//   slots    at most `cap` in flight (the person's -j), ramped up in the first moments
//   window   of these, what the server is known to bear at once
//   pace     requests a second that the server is known to bear, evenly spaced
//   limits   --rpm and --tpm: never more in any 60 seconds
//   headers  what x-ratelimit-* say is left, spread over the time until it resets
//   pause    Retry-After
//
// Window and pace start without a bound and are learned from refusals (429): additive increase,
// multiplicative decrease (Chiu and Jain 1989), with the decrease aimed at a measured rate, which
// blind halving would undercut.
//
// Decrease. One refusal in a hundred is let pass, for servers refuse now and then for reasons of
// their own: only two near to each other, or more than a hundredth, count. Refusals of requests
// that were sent before the last decrease say nothing new, so a burst decreases once. After it
// nothing goes for a moment, then one request alone; as long as that is refused the moment doubles.
// What passed from the begin of one burst to the begin of the next is the server's own rate (a
// bucket that is empty at both ends has passed just that, or less than that where it ran over
// in between), and so is what passed between two single refusals. So the rate lies between what
// passed and what was refused: where these are far apart the pace is set between them, where they
// are near, just below what passed.
//
// Where single requests go on being refused although the pace was lowered, they may not be refused
// because of it. A trial (limiter_trial.h) tells: while it goes well the pace doubles, and one request
// in twenty may be refused.
//
// Increase. Window and pace are raised in growing steps, one at a time, so that a refusal tells which
// was too high, and the pace stops for a while just below what was refused last. A raise that fails
// is taken back and doubles the wait before the next, up to a minute.
#ifndef CONFAB_LLM_LIMITER_H
#define CONFAB_LLM_LIMITER_H

#include "base/clock.h"
#include "llm/limiter_trial.h"
#include "llm/minute.h"
#include "llm/spread.h"

typedef struct LimiterConfig {
    unsigned cap;       // most in flight, at least 1
    uint64_t rpm, tpm;  // requests, tokens a minute; 0: no limit
    Nanos doubling;     // the ramp: slots begin at 8 and double in this span; 0: all at once
} LimiterConfig;

// For a server on this machine its refusals are back within the ramp; a remote one takes longer.
#define LIMITER_RAMP_LOCAL (INT64_C(25) * NANOS_PER_MS)
#define LIMITER_RAMP_REMOTE (INT64_C(250) * NANOS_PER_MS)

typedef enum LimiterWait {
    WAIT_NOTHING,
    WAIT_SLOT,        // all slots are in flight
    WAIT_WINDOW,      // the server bears no more at once
    WAIT_PACE,        // the server's learned rate
    WAIT_RPM,
    WAIT_TPM,
    WAIT_HEADERS,     // little is left until the server's own limit resets
    WAIT_RETRY_AFTER, // the server asked for a pause
} LimiterWait;

const char *limiter_wait_text(LimiterWait wait);  // for the progress line

// A request's memory, kept by the caller from sent to its end.
typedef struct LimiterTicket {
    Nanos at;
    uint64_t number;     // of this limiter's requests, from 1
    uint64_t tokens;
    uint32_t in_flight;  // at that moment, this one included
} LimiterTicket;

enum { LIMITER_RECENT = 64 };

typedef struct Knob {   // window or pace
    double value;       // the bound now; 0: none yet
    double goal;        // what it climbs to after a decrease, or by a raise
    double refused;     // pace only: what was refused last
    double stood, held; // pace only: the goals before this one that were not refused
    double good;        // pace only: the highest such one that is still believed
    double slope;       // of that climb, a second
    double step;        // the next raise
    double before;      // the goal before the last raise
    Nanos moved;        // when value was last brought up to now
    Nanos raise_at;     // no raise before
    Nanos hold;         // wait after the next failed raise
    bool bound;         // it kept a request back since the last raise
} Knob;

typedef struct Limiter {
    LimiterConfig config;
    unsigned in_flight;
    uint64_t sent, accepted, throttled;  // totals, for the summary and the tests
    Nanos begun;              // the ramp counts from it
    Nanos last_sent;
    bool held;                // something but slots kept a request back since then
    Nanos pause_until;
    bool told_to_pause;       // by Retry-After
    Nanos last_span;          // the last Retry-After
    Nanos pause_span;         // what a refusal costs: the pause that was agreed on
    Knob window, pace;
    Nanos pace_due;           // when the next request is due by the pace
    Nanos pace_bound_at;      // when it last kept one back
    enum { RAISED_NONE, RAISED_WINDOW, RAISED_PACE } raised;
    double credit;            // refusals that may pass without a decrease
    bool tolerant;            // refusals turned out not to hang on the pace: more may pass
    Trial trial;              // which finds that out
    double refused_share;     // of the last requests
    uint64_t refused_number;  // the last request that was refused
    bool was_cut;
    bool window_alone;        // the last decrease was the window's alone
    bool searching;           // the pace has been refused only once
    Nanos step_at;            // when it was raised last, and the requests
    uint64_t step_sent;       // that had been sent by then
    uint64_t cut_number;      // requests up to this one say nothing new when refused
    enum { PROBE_NONE, PROBE_DUE, PROBE_OUT } probe;  // after a burst one request goes alone
    uint64_t probe_number;
    Nanos probe_until;        // not refused until then: it has passed
    Nanos drain;              // the moment of silence after a refusal
    Nanos recent[LIMITER_RECENT];  // when the last requests went, since the last silence
    uint64_t n_recent;
    Nanos burst_at;           // the begin of the last burst of refusals, and the requests
    uint64_t burst_passed;    // that had passed until then
    Nanos refusal_at;         // likewise of a refusal a moment ago
    uint64_t refusal_passed;
    uint32_t burst_in_flight; // when the request that was refused first was sent
    unsigned same_in_flight;  // bursts in a row that began at the same number
    Nanos refusal_latency;    // smoothed: how soon a refusal comes back
    Minute minute;
    Spread requests, tokens;
} Limiter;

void limiter_init(Limiter *l, const LimiterConfig *config, Nanos now);
void limiter_set_cap(Limiter *l, unsigned cap, Nanos now);

// `tokens`: what the request may cost, prompt and completion. False: *why, and *when the moment to
// ask again; INT64_MAX: not before a request of this endpoint has ended.
bool limiter_may_send(Limiter *l, Nanos now, uint64_t tokens, Nanos *when, LimiterWait *why);
LimiterTicket limiter_sent(Limiter *l, Nanos now, uint64_t tokens);

// Each ticket ends with exactly one of these. `tokens`: what it did cost; -1: unknown.
void limiter_answered(Limiter *l, Nanos now, const LimiterTicket *t, int64_t tokens);
void limiter_throttled(Limiter *l, Nanos now, const LimiterTicket *t, Nanos retry_after);  // -1: none
void limiter_gone(Limiter *l, Nanos now, const LimiterTicket *t);  // no answer: says nothing on limits

// Before the ticket's end, for any reply that came: what its headers say.
void limiter_heard(Limiter *l, Nanos now, const LimiterTicket *t, RateNews requests, RateNews tokens);

#endif
