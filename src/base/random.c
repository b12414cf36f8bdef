// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <sys/random.h>

uint64_t random_next(Random *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t random_below(Random *r, uint64_t n)
{
    // Numbers under 2^64 mod n would come up once more often than the others, and are drawn again.
    uint64_t uneven = (0 - n) % n;
    uint64_t x;
    do x = random_next(r);
    while (x < uneven);
    return x % n;
}

double random_unit(Random *r) { return (double)(random_next(r) >> 11) * 0x1p-53; }

void random_shuffle(Random *r, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)random_below(r, i);
        uint32_t kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}

bool random_system(void *bytes, size_t n) { return getrandom(bytes, n, 0) == (ssize_t)n; }
