// SPDX-License-Identifier: Apache-2.0
//
// An endpoint as the run sees it: its limiter, its breaker, what it was found not to take. Picks
// the one that gets a request.
#ifndef CONFAB_RUN_LANE_H
#define CONFAB_RUN_LANE_H

#include "llm/limiter.h"
#include "llm/retry.h"
#include "llm/transport.h"

typedef struct Lane {
    const Endpoint *endpoint;
    uint64_t key;        // for pool_pick
    Limiter limiter;
    Breaker breaker;
    bool no_schema;      // it refused structured output
    Nanos good;          // last answer, or the beginning
} Lane;

typedef struct Lanes {
    Lane *items;
    size_t n;
} Lanes;

void lanes_init(Lanes *lanes, const Endpoint *endpoints, size_t n, const LimiterConfig *config, Nanos now);
void lanes_free(Lanes *lanes);

typedef struct LaneWish {
    uint64_t prefix;     // hash of what the prompt begins with
    uint64_t tokens;     // what the request may cost
    uint64_t failed;     // a bit for each lane that has failed it already: it goes there again only
} LaneWish;              // when the breakers of all others are open

// Who gets the request. STR_NONE: nobody now; then *when is the moment to ask again (INT64_MAX: when a
// request has ended) and *why says what all wait for.
size_t lanes_pick(Lanes *lanes, Nanos now, const LaneWish *wish, Nanos *when, const char **why);

// Whether every breaker is open, and since when no endpoint has answered.
bool lanes_dead(const Lanes *lanes, Nanos *since);

#endif
