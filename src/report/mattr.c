// SPDX-License-Identifier: Apache-2.0
#include "report/mattr.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void make_room(Mattr *m, size_t n)
{
    if (m->cap < n) {
        m->cap = 2 * n;
        m->before = mem_realloc(m->before, m->cap * sizeof *m->before);
        m->after = mem_realloc(m->after, m->cap * sizeof *m->after);
    }
    // Places count on over texts, so that the table need not be cleared for each; it is when they would not fit.
    if (m->slots < 2 * n || m->base > UINT32_MAX / 2) {
        while (m->slots < 4 * n) m->slots = m->slots ? 2 * m->slots : 1024;
        m->hashes = mem_realloc(m->hashes, m->slots * sizeof *m->hashes);
        m->last = mem_realloc(m->last, m->slots * sizeof *m->last);
        memset(m->last, 0, m->slots * sizeof *m->last);
        m->base = 0;
    }
}

static void find_neighbours(Mattr *m, const uint64_t *words, size_t n)
{
    size_t mask = m->slots - 1;
    for (uint32_t i = 0; i < n; i++) {
        size_t at = (size_t)(words[i] >> 17) & mask;
        while (m->last[at] > m->base && m->hashes[at] != words[i]) at = (at + 1) & mask;
        bool known = m->last[at] > m->base;
        m->before[i] = known ? m->last[at] - m->base : 0;
        m->after[i] = UINT32_MAX;
        if (known) m->after[m->before[i] - 1] = i;
        m->hashes[at] = words[i];
        m->last[at] = m->base + i + 1;
    }
    m->base += (uint32_t)n;
}

double mattr_of(Mattr *m, const uint64_t *words, size_t n)
{
    uint64_t sum = 0;
    size_t different = 0;
    if (n > UINT32_MAX / 4) n = UINT32_MAX / 4;
    make_room(m, n);
    find_neighbours(m, words, n);
    for (size_t i = 0; i < n; i++) {
        size_t start = i >= MATTR_WINDOW - 1 ? i - (MATTR_WINDOW - 1) : 0;
        different += m->before[i] <= start;  // it is not in the window before
        if (i + 1 < MATTR_WINDOW) continue;
        sum += different;
        different -= m->after[start] > i;    // the window moves on, and the word leaves for good
    }
    return (double)sum / MATTR_WINDOW / (double)(n - MATTR_WINDOW + 1);
}

void mattr_free(Mattr *m)
{
    free(m->hashes);
    free(m->last);
    free(m->before);
    free(m->after);
    *m = (Mattr){0};
}
