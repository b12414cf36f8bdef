// SPDX-License-Identifier: Apache-2.0
#include "run/lane.h"

#include "base/arena.h"
#include "base/hash.h"
#include "llm/pool.h"

void lanes_init(Lanes *lanes, const Endpoint *endpoints, size_t n, const LimiterConfig *config, Nanos now)
{
    lanes->items = mem_alloc(n * sizeof *lanes->items);
    lanes->n = n;
    for (size_t i = 0; i < n; i++) {
        Lane *lane = &lanes->items[i];
        *lane = (Lane){.endpoint = &endpoints[i], .key = hash64(endpoints[i].url, 0), .good = now};
        LimiterConfig own = *config;
        own.doubling = endpoints[i].loopback && !endpoints[i].tls ? LIMITER_RAMP_LOCAL : LIMITER_RAMP_REMOTE;
        limiter_init(&lane->limiter, &own, now);
        breaker_init(&lane->breaker);
    }
}

void lanes_free(Lanes *lanes)
{
    free(lanes->items);
    *lanes = (Lanes){0};
}

static bool usable(Lane *lane, Nanos now, uint64_t tokens, Nanos *when, const char **why)
{
    LimiterWait wait;
    if (!limiter_may_send(&lane->limiter, now, tokens, when, &wait)) {
        *why = limiter_wait_text(wait);
        return false;
    }
    if (!breaker_may_send(&lane->breaker, now, when)) {
        *why = "server not answering";
        return false;
    }
    return true;
}

// Of the lanes that have failed a request, those that it should keep away from.
static uint64_t to_avoid(const Lanes *lanes, size_t n, uint64_t failed)
{
    for (size_t i = 0; i < n; i++)
        if (!(failed >> i & 1) && lanes->items[i].breaker.state == BREAKER_CLOSED) return failed;
    return 0;
}

size_t lanes_pick(Lanes *lanes, Nanos now, const LaneWish *wish, Nanos *when, const char **why)
{
    PoolMember members[ENDPOINTS_MAX];
    size_t n = lanes->n < ENDPOINTS_MAX ? lanes->n : ENDPOINTS_MAX;
    uint64_t avoid = wish->failed ? to_avoid(lanes, n, wish->failed) : 0;
    *when = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        Lane *lane = &lanes->items[i];
        Nanos then = INT64_MAX;
        const char *reason = NULL;
        bool avoided = avoid >> i & 1;
        members[i] = (PoolMember){
            .key = lane->key,
            .weight = lane->endpoint->weight,
            .in_flight = lane->limiter.in_flight,
            .usable = !avoided && usable(lane, now, wish->tokens, &then, &reason),
        };
        if (!members[i].usable && !avoided && (then < *when || !*why)) {
            *when = then < *when ? then : *when;
            *why = reason;
        }
    }
    return n == 1 ? (members[0].usable ? 0 : STR_NONE) : pool_pick(members, n, wish->prefix);
}

bool lanes_dead(const Lanes *lanes, Nanos *since)
{
    *since = INT64_MIN;
    for (size_t i = 0; i < lanes->n; i++) {
        if (lanes->items[i].breaker.state == BREAKER_CLOSED) return false;
        if (lanes->items[i].good > *since) *since = lanes->items[i].good;
    }
    return true;
}
