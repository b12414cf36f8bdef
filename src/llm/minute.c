// SPDX-License-Identifier: Apache-2.0
#include "llm/minute.h"

#include <string.h>

#define SPAN (INT64_C(60) * NANOS_PER_SECOND)
// How far a request may come before its moment, so that a caller that wakes a little late does not lose
// the rate.
#define SLACK (INT64_C(100) * NANOS_PER_MS)

void minute_init(Minute *m, uint64_t rpm, uint64_t tpm, Nanos now)
{
    *m = (Minute){.rpm = rpm, .tpm = tpm, .rpm_due = now, .tpm_due = now};
}

// Requests are at most an interval apart on average, with SLACK of tolerance. n of them in a span T need
// n <= (T + slack) / interval (half-open), so an interval of (60 s + slack) / rpm, rounded up, holds the
// limit in every minute.
static Nanos interval(const Minute *m) { return (Nanos)((double)(SPAN + SLACK) / (double)m->rpm) + 1; }

static Nanos token_span(const Minute *m, double tokens) { return (Nanos)(tokens * (double)SPAN / (double)m->tpm); }

static uint64_t *slice_of(Minute *m, int64_t second) { return &m->slices[second % (MINUTE_SLICES + 1)]; }

// Seconds that have left the minute are forgotten.
static void turn_slices(Minute *m, Nanos now)
{
    int64_t second = now / NANOS_PER_SECOND, steps = second - m->slice_now;
    if (steps <= 0) return;
    if (steps > MINUTE_SLICES) {
        memset(m->slices, 0, sizeof m->slices);
        m->slice_sum = 0;
    } else {
        for (int64_t i = 1; i <= steps; i++) {
            uint64_t *slice = slice_of(m, m->slice_now + i);
            m->slice_sum -= *slice;
            *slice = 0;
        }
    }
    m->slice_now = second;
}

static bool tokens_are_free(Minute *m, Nanos now, uint64_t tokens, Nanos *when)
{
    turn_slices(m, now);
    if (m->tpm_due - SLACK > now) {
        *when = m->tpm_due - SLACK;
        return false;
    }
    if (m->slice_sum == 0 || m->slice_sum + tokens <= m->tpm) return true;
    *when = (m->slice_now + 1) * NANOS_PER_SECOND;
    return false;
}

MinuteWait minute_may_send(Minute *m, Nanos now, uint64_t tokens, Nanos *when)
{
    if (m->rpm && m->rpm_due - SLACK > now) {
        *when = m->rpm_due - SLACK;
        return MINUTE_RPM;
    }
    return m->tpm && !tokens_are_free(m, now, tokens, when) ? MINUTE_TPM : MINUTE_FREE;
}

void minute_sent(Minute *m, Nanos now, uint64_t tokens)
{
    if (m->rpm) m->rpm_due = (m->rpm_due > now ? m->rpm_due : now) + interval(m);
    if (!m->tpm) return;
    turn_slices(m, now);
    m->tpm_due = (m->tpm_due > now ? m->tpm_due : now) + token_span(m, (double)tokens);
    *slice_of(m, m->slice_now) += tokens;
    m->slice_sum += tokens;
}

void minute_used(Minute *m, Nanos now, Nanos sent_at, uint64_t held, uint64_t used)
{
    if (!m->tpm) return;
    turn_slices(m, now);
    m->tpm_due += token_span(m, (double)used - (double)held);
    int64_t second = sent_at / NANOS_PER_SECOND;
    if (m->slice_now - second > MINUTE_SLICES) return;  // long out of the minute
    uint64_t *slice = slice_of(m, second);
    *slice = *slice - held + used;
    m->slice_sum = m->slice_sum - held + used;
}
