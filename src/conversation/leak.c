// SPDX-License-Identifier: Apache-2.0
#include "conversation/leak.h"

#include "base/hash.h"
#include "text/normalise.h"

#define BASE UINT64_C(0x9E3779B97F4A7C15)  // odd, so that no power of it is 0 modulo 2^64

// Hashes of all runs of a text, one after the other.
typedef struct Roll {
    const LeakWords *words;
    unsigned n;        // words of a run
    uint64_t top;      // BASE^(n-1): the weight of the word that leaves
    uint64_t hash;
    size_t next;       // the word that enters next
} Roll;

static Roll roll_start(const LeakWords *words, unsigned n)
{
    Roll roll = {.words = words, .n = n, .top = 1};
    for (unsigned i = 1; i < n; i++) roll.top *= BASE;
    return roll;
}

// Moves on to the next run. False behind the last. *hash is never 0, which marks a free slot.
static bool roll_next(Roll *roll, uint64_t *hash)
{
    const LeakWords *words = roll->words;
    if (roll->n == 0 || words->n < roll->n || roll->next == words->n) return false;
    while (roll->next < roll->n - 1) roll->hash = roll->hash * BASE + words->hashes[roll->next++];
    if (roll->next >= roll->n) roll->hash -= words->hashes[roll->next - roll->n] * roll->top;
    roll->hash = roll->hash * BASE + words->hashes[roll->next++];
    *hash = roll->hash ? roll->hash : 1;
    return true;
}

LeakWords leak_words(Str text, Arena *a)
{
    Buf buf = {0};
    normalise(text, &buf);
    LeakWords out = {.normal = arena_str(a, buf_str(&buf))};
    buf_free(&buf);
    size_t cap = 0;
    for (size_t i = 0; i < out.normal.len; i++) cap += out.normal.ptr[i] == ' ';
    cap += out.normal.len > 0;
    out.hashes = arena_new(a, uint64_t, cap);
    out.ends = arena_new(a, size_t, cap);
    Str rest = out.normal, word;
    while (out.n < cap && normal_next(&rest, &word)) {
        out.hashes[out.n] = hash64(word, 0);
        out.ends[out.n++] = (size_t)(word.ptr + word.len - out.normal.ptr);
    }
    return out;
}

// The low bits of the sum depend on the low bits of the words alone, so they are mixed first.
static size_t home(uint64_t hash, size_t mask) { return (size_t)((hash * BASE) >> 20) & mask; }

static bool contains(const LeakIndex *index, uint64_t hash)
{
    if (index->n == 0) return false;
    for (size_t i = home(hash, index->mask);; i = (i + 1) & index->mask) {
        if (index->slots[i] == hash) return true;
        if (index->slots[i] == 0) return false;
    }
}

static void insert(uint64_t *slots, size_t mask, size_t *n, uint64_t hash)
{
    size_t i = home(hash, mask);
    while (slots[i] && slots[i] != hash) i = (i + 1) & mask;
    *n += slots[i] == 0;
    slots[i] = hash;
}

void leak_index_build(LeakIndex *index, Arena *a, const Str *texts, size_t n, unsigned words)
{
    *index = (LeakIndex){.words = words};
    Arena scratch = {0};
    LeakWords *each = arena_new(&scratch, LeakWords, n);
    size_t runs = 0;
    for (size_t i = 0; i < n; i++) {
        each[i] = leak_words(texts[i], &scratch);
        if (each[i].n >= words) runs += each[i].n - words + 1;
    }
    if (runs && words) {
        size_t size = 8;
        while (size < runs * 2) size *= 2;
        uint64_t *slots = arena_new(a, uint64_t, size), hash;
        index->mask = size - 1;
        for (size_t i = 0; i < n; i++)
            for (Roll roll = roll_start(&each[i], words); roll_next(&roll, &hash);)
                insert(slots, index->mask, &index->n, hash);
        index->slots = slots;
    }
    arena_free(&scratch);
}

static bool any_contains(const LeakIndex *const *indices, size_t n, uint64_t hash)
{
    for (size_t i = 0; i < n; i++)
        if (contains(indices[i], hash)) return true;
    return false;
}

Str leak_find(const LeakIndex *const *indices, size_t n, const LeakWords *words, const Str *allowed, size_t n_allowed, Arena *scratch)
{
    unsigned run = 0;
    for (size_t i = 0; i < n; i++)
        if (indices[i]->n) run = indices[i]->words;
    LeakIndex aside = {0};
    bool built = false;
    uint64_t hash;
    for (Roll roll = roll_start(words, run); roll_next(&roll, &hash);) {
        if (!any_contains(indices, n, hash)) continue;
        if (!built) leak_index_build(&aside, scratch, allowed, n_allowed, run);
        built = true;
        if (contains(&aside, hash)) continue;
        size_t first = roll.next - run;
        return str_slice(words->normal, first ? words->ends[first - 1] + 1 : 0, words->ends[roll.next - 1]);
    }
    return (Str){0};
}
