// SPDX-License-Identifier: Apache-2.0
//
// Which of several endpoints gets the next request. The same prompt prefix prefers the same
// endpoint, so that a server's cache hits: rendezvous hashing with weights (Thaler and
// Ravishankar 1998; Schindelhauer and Schomaker 2005) gives each prefix an order of endpoints. As
// long as the first of them has no more in flight than its share and a quarter (bounded loads:
// Mirrokni, Thorup and Zadimoghaddam 2018) it is taken, else the one with the least in flight for its
// weight. Pure.
#ifndef CONFAB_LLM_POOL_H
#define CONFAB_LLM_POOL_H

#include "base/str.h"

typedef struct PoolMember {
    uint64_t key;        // of the endpoint, the same in every run: a hash of its address
    double weight;       // above 0
    unsigned in_flight;
    bool usable;         // its limiter and breaker let a request go now
} PoolMember;

// The index of the member to take, or STR_NONE when none is usable.
size_t pool_pick(const PoolMember *members, size_t n, uint64_t prefix);

#endif
