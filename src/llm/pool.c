// SPDX-License-Identifier: Apache-2.0
#include "llm/pool.h"

#include <math.h>

#include "base/hash.h"

#define SLACK 1.25

// Rendezvous score for weighted members: -weight / ln(u), u a hash in (0, 1).
static double score(const PoolMember *m, uint64_t prefix)
{
    double u = ((double)(hash_mix(m->key, prefix) >> 11) + 0.5) * 0x1.0p-53;
    return -m->weight / log(u);
}

size_t pool_pick(const PoolMember *members, size_t n, uint64_t prefix)
{
    double weights = 0, best_score = -1, least = INFINITY;
    unsigned in_flight = 0;
    size_t favourite = STR_NONE, idlest = STR_NONE;
    for (size_t i = 0; i < n; i++) {
        const PoolMember *m = &members[i];
        if (!m->usable) continue;
        weights += m->weight;
        in_flight += m->in_flight;
        double s = score(m, prefix), load = m->in_flight / m->weight;
        if (s > best_score) best_score = s, favourite = i;
        if (load < least) least = load, idlest = i;
    }
    if (favourite == STR_NONE) return STR_NONE;
    double share = (in_flight + 1) * members[favourite].weight / weights;
    return members[favourite].in_flight + 1 <= ceil(share * SLACK) ? favourite : idlest;
}
