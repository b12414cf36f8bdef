// SPDX-License-Identifier: Apache-2.0
#include "dedup/contain.h"

void contain_free(Contain *c)
{
    free(c->slots);
    shingles_free(&c->shingles);
    *c = (Contain){0};
}

static ContainSlot *slot_of(const Contain *c, uint64_t hash)
{
    size_t i = (size_t)hash & (c->cap - 1);
    while (c->slots[i].hash && c->slots[i].hash != hash) i = (i + 1) & (c->cap - 1);
    return &c->slots[i];
}

static void grow(Contain *c)
{
    Contain old = *c;
    c->cap = old.cap ? 2 * old.cap : 1024;
    c->slots = mem_alloc(c->cap * sizeof *c->slots);
    memset(c->slots, 0, c->cap * sizeof *c->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].hash) *slot_of(c, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

// A run's hash says its length too, so that runs of all lengths share one table.
static uint64_t run_hash(uint64_t hash, unsigned words)
{
    uint64_t h = hash_mix(hash, words);
    return h ? h : 1;
}

static void insert(Contain *c, uint64_t hash, uint32_t text)
{
    if (2 * (c->n + 1) > c->cap) grow(c);
    ContainSlot *slot = slot_of(c, hash);
    if (slot->hash) return;
    *slot = (ContainSlot){hash, text};
    c->n++;
}

uint32_t contain_add(Contain *c, Str text)
{
    shingles_words(&c->shingles, text);
    size_t n = c->shingles.n_words;
    const uint64_t *w = c->shingles.words;
    unsigned words = n < CONTAIN_WORDS ? (unsigned)n : CONTAIN_WORDS;
    if (words < CONTAIN_WORDS_MIN) {
        c->left_out++;
        return c->texts++;
    }
    WordRun run = word_run(words);
    c->lengths[words] = true;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = word_run_next(&run, w[i], i >= words ? w[i - words] : 0);
        if (i + 1 >= words) insert(c, run_hash(hash, words), c->texts);
    }
    return c->texts++;
}

static bool find_length(const Contain *c, const Shingles *text, unsigned words, ContainHit *out)
{
    WordRun run = word_run(words);
    for (size_t i = 0; i < text->n_words; i++) {
        uint64_t hash = word_run_next(&run, text->words[i], i >= words ? text->words[i - words] : 0);
        if (i + 1 < words) continue;
        const ContainSlot *slot = slot_of(c, run_hash(hash, words));
        if (!slot->hash) continue;
        *out = (ContainHit){slot->text, words, i + 1 - words};
        return true;
    }
    return false;
}

bool contain_find(Contain *c, const Shingles *text, ContainHit *out)
{
    for (unsigned words = CONTAIN_WORDS; words >= CONTAIN_WORDS_MIN; words--)
        if (c->lengths[words] && find_length(c, text, words, out)) return true;
    return false;
}
