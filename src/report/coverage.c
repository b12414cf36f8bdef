// SPDX-License-Identifier: Apache-2.0
#include "report/coverage.h"

#include <math.h>

#include "base/hash.h"

// The slot where the key is, or where it would be.
static size_t slot_of(const Coverage *c, uint64_t hash)
{
    size_t at = (size_t)hash & c->mask;
    while (c->slots[at] && c->hashes[at] != hash) at = (at + 1) & c->mask;
    return at;
}

void coverage_init(Coverage *c, Str name, const char *kind, CoverageValue *values, size_t n, Arena *a)
{
    size_t slots = 16;
    while (slots < 2 * n) slots *= 2;
    *c = (Coverage){.name = name, .kind = kind, .values = values, .n = n, .mask = slots - 1};
    c->slots = arena_new(a, uint32_t, slots);
    c->hashes = arena_new(a, uint64_t, slots);
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = hash64(values[i].key, 0);
        size_t at = slot_of(c, hash);
        if (c->slots[at]) continue;
        c->slots[at] = (uint32_t)i + 1;
        c->hashes[at] = hash;
    }
}

void coverage_count(Coverage *c, Str key)
{
    uint32_t found = c->slots[slot_of(c, hash64(key, 0))];
    if (!found) {
        c->unknown++;
        return;
    }
    c->values[found - 1].n++;
    c->drawn++;
}

double coverage_share(const Coverage *c, uint64_t hash)
{
    uint32_t found = c->n ? c->slots[slot_of(c, hash)] : 0;
    return found ? c->values[found - 1].share : -1;
}

size_t coverage_seen(const Coverage *c)
{
    size_t seen = 0;
    for (size_t i = 0; i < c->n; i++) seen += c->values[i].n > 0;
    return seen;
}

double coverage_entropy(const Coverage *c)
{
    double bits = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!c->values[i].n) continue;
        double p = (double)c->values[i].n / (double)c->drawn;
        bits -= p * log2(p);
    }
    return bits > 0 ? bits : 0;  // not -0
}

double coverage_entropy_most(const Coverage *c) { return c->n ? log2((double)c->n) : 0; }
