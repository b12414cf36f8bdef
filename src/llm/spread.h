// SPDX-License-Identifier: Apache-2.0
//
// What a server's x-ratelimit headers say is left, spread over the time until it resets. In a fixed
// window that ends exactly with it; in a bucket (OpenAI: the reset is when it is full again) it settles
// at half full, where left / reset is the bucket's own rate. Above half nothing is held back.
// One for requests and one for tokens. Pure, over an injected `now`.
#ifndef CONFAB_LLM_SPREAD_H
#define CONFAB_LLM_SPREAD_H

#include "base/clock.h"
#include "llm/rate.h"

typedef struct Spread {
    double left;        // requests or tokens still allowed
    Nanos until;        // when the limit resets
    uint64_t number;    // of the request whose reply told
    Nanos next;         // when the next is due
    bool active;
} Spread;

// A reply to request `number`, sent at `sent_at`, tells `news`; `after` requests of `each` were sent since.
typedef struct SpreadSource {
    uint64_t number;
    Nanos sent_at;
    uint64_t after;
    double each;
} SpreadSource;
void spread_hear(Spread *s, Nanos now, const SpreadSource *from, RateNews news);

bool spread_allows(Spread *s, Nanos now, double cost, Nanos *when);  // false: ask again at *when
void spread_spend(Spread *s, Nanos now, double cost);

// Whether it tells enough to rule: what resets within a second says less than the refusals do.
bool spread_rules(const Spread *s, Nanos now);

#endif
