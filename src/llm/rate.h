// SPDX-License-Identifier: Apache-2.0
//
// Reads what servers say about their limits: Retry-After (RFC 9110, 10.2.3: seconds or a date;
// in the wild also fractions, "20s", milliseconds) and the x-ratelimit-* family, whose reset is a
// span ("1s", "6m0s", "20ms", 3.5), an epoch in seconds or milliseconds, or an RFC 3339 moment
// (Anthropic). Pure: the moment of now is given.
#ifndef CONFAB_LLM_RATE_H
#define CONFAB_LLM_RATE_H

#include "base/clock.h"
#include "llm/transport.h"

// A server that asks for longer is obeyed this long at a time: limits are by the minute, and a
// mistake in a header must not stop a run for a day.
#define RETRY_AFTER_MAX (INT64_C(60) * NANOS_PER_SECOND)

// A span from now, 0…RETRY_AFTER_MAX, or -1: absent or unreadable. A date is taken against
// the server's own `date` header where there is one, else against `wall_now`.
Nanos retry_after_read(Str value, Str date, Nanos wall_now);

// The span until a limit resets, or -1. Capped at a day.
Nanos rate_reset_read(Str value, Nanos wall_now);

// A moment since 1970 from an HTTP date (three forms) or RFC 3339; false: neither.
bool moment_read(Str value, Nanos *wall);

typedef struct RateNews {
    int64_t limit, remaining;  // -1: not told
    Nanos reset;               // span until then; -1: not told
} RateNews;

RateNews rate_news(const HttpRate *raw, Nanos wall_now);

#endif
