// SPDX-License-Identifier: Apache-2.0
#include "dedup/seen.h"

#include <sys/mman.h>

#include "dedup/keystore.h"
#include "dedup/minhash.h"

enum {
    FIRST_BITS = 10,              // slots of a new table, as a power of two
    CANDIDATES_MAX = 4096,        // compared for one text: beyond, a set is so alike that one more says nothing
    HUGE_PAGE = 1 << 21,
};

typedef struct Document {
    Hash128 exact;
    uint64_t id;
    KeyPlace keys;     // of its shingles
    uint32_t n_keys;
    uint32_t looked;   // number of the look that compared it last
} Document;

struct Seen {
    double threshold;
    unsigned words;
    Banding banding;
    // Slots of all bands in one table, open addressing: the upper half is 32 bits of the band's
    // hash, which also say where the slot belongs; the lower half the document's number from 1.
    uint64_t *slots;
    unsigned bits;           // 1 << bits slots
    size_t used;
    Document *documents;
    size_t n, cap;
    KeyStore keys;
    uint32_t look;
    // of the last look
    Shingles shingles;
    uint64_t bands[SKETCH_PLACES + 1];  // the last one is the exact hash's
    unsigned n_bands;
    bool sketched;
};

static void make_table(Seen *s, unsigned bits);

Seen *seen_new(const SeenOptions *o)
{
    Seen *s = mem_alloc(sizeof *s);
    *s = (Seen){.threshold = o->threshold, .words = o->words ? o->words : SHINGLE_WORDS, .banding = banding_for(o->threshold)};
    keystore_init(&s->keys, o->memory, o->folder);
    make_table(s, FIRST_BITS);
    return s;
}

void seen_free(Seen *s)
{
    if (!s) return;
    keystore_free(&s->keys);
    free(s->slots);
    free(s->documents);
    shingles_free(&s->shingles);
    free(s);
}

const Shingles *seen_shingles(const Seen *s) { return &s->shingles; }
size_t seen_count(const Seen *s) { return s->n; }

size_t seen_bytes(const Seen *s)
{
    return ((size_t)1 << s->bits) * sizeof *s->slots + s->cap * sizeof *s->documents + s->keys.in_memory;
}

// ---- looking ------------------------------------------------------------------------------------

static size_t place_of(const Seen *s, uint64_t slot_hash) { return (size_t)(slot_hash >> (64 - s->bits)); }

static void look_exact(Seen *s, SeenMatch *best)
{
    uint64_t hash = s->bands[0] & ~(uint64_t)UINT32_MAX;
    size_t mask = ((size_t)1 << s->bits) - 1;
    for (size_t i = place_of(s, s->bands[0]); s->slots[i]; i = (i + 1) & mask) {
        if ((s->slots[i] & ~(uint64_t)UINT32_MAX) != hash) continue;
        const Document *d = &s->documents[(uint32_t)s->slots[i] - 1];
        SeenMatch match = {d->id, 1, true};
        if (hash128_eq(d->exact, s->shingles.exact) && seen_better(&match, best)) *best = match;
    }
}

static void compare(Seen *s, Document *d, SeenMatch *best)
{
    d->looked = s->look;
    // Sets whose sizes alone are too far apart need no look at their shingles. The product may be rounded up.
    double small = d->n_keys < s->shingles.n ? d->n_keys : (double)s->shingles.n;
    double large = d->n_keys < s->shingles.n ? (double)s->shingles.n : d->n_keys;
    if (small < s->threshold * large - 1e-6) return;
    size_t common = shingles_common(&s->shingles, keystore_get(&s->keys, d->keys), d->n_keys);
    SeenMatch match = {d->id, jaccard(s->shingles.n, d->n_keys, common), false};
    if (match.similarity >= s->threshold && seen_better(&match, best)) *best = match;
}

static void look_near(Seen *s, SeenMatch *best)
{
    size_t mask = ((size_t)1 << s->bits) - 1;
    unsigned compared = 0;
    for (unsigned b = 1; b < s->n_bands; b++) __builtin_prefetch(&s->slots[place_of(s, s->bands[b])]);
    for (unsigned b = 1; b < s->n_bands; b++) {
        uint64_t hash = s->bands[b] & ~(uint64_t)UINT32_MAX;
        for (size_t i = place_of(s, s->bands[b]); s->slots[i]; i = (i + 1) & mask) {
            if ((s->slots[i] & ~(uint64_t)UINT32_MAX) != hash) continue;
            Document *d = &s->documents[(uint32_t)s->slots[i] - 1];
            if (d->looked == s->look) continue;
            if (++compared > CANDIDATES_MAX) return;
            compare(s, d, best);
        }
    }
}

static void sketch(Seen *s)
{
    Sketch sketch;
    s->sketched = true;
    s->n_bands = 1;
    shingles_items(&s->shingles, s->words);
    if (s->shingles.n == 0) return;
    sketch_of(s->shingles.items, s->shingles.n, &sketch);
    sketch_bands(&sketch, s->banding, s->bands + 1);
    s->n_bands += s->banding.bands;
}

static void next_look(Seen *s)
{
    if (++s->look) return;
    // The count went round: no old mark may count as this look's.
    for (size_t i = 0; i < s->n; i++) s->documents[i].looked = 0;
    s->look = 1;
}

bool seen_look(Seen *s, Str text, SeenMatch *match)
{
    *match = (SeenMatch){.id = UINT64_MAX};
    next_look(s);
    shingles_words(&s->shingles, text);
    s->bands[0] = s->shingles.exact.low;
    s->sketched = false;
    look_exact(s, match);
    if (match->exact) return true;
    sketch(s);
    look_near(s, match);
    return match->similarity > 0;
}

// ---- adding -------------------------------------------------------------------------------------

static void put_slot(Seen *s, uint64_t slot)
{
    size_t mask = ((size_t)1 << s->bits) - 1, i = place_of(s, slot);
    while (s->slots[i]) i = (i + 1) & mask;
    s->slots[i] = slot;
}

static void make_table(Seen *s, unsigned bits)
{
    size_t bytes = sizeof *s->slots << bits;
    s->slots = aligned_alloc(bytes >= HUGE_PAGE ? HUGE_PAGE : 64, bytes);
    if (!s->slots) oom();
    if (bytes >= HUGE_PAGE) madvise(s->slots, bytes, MADV_HUGEPAGE);  // a look is two dozen random reads
    memset(s->slots, 0, bytes);
    s->bits = bits;
}

static void make_room(Seen *s, unsigned more)
{
    size_t n = (size_t)1 << s->bits;
    uint64_t *old = s->slots;
    if ((s->used + more) * 4 <= n * 3) return;
    make_table(s, s->bits + 1);
    for (size_t i = 0; i < n; i++)
        if (old[i]) put_slot(s, old[i]);
    free(old);
}

bool seen_add(Seen *s, uint64_t id, Error *e)
{
    KeyPlace place;
    if (!s->sketched) sketch(s);
    if (s->n == UINT32_MAX - 1 || s->shingles.n > UINT32_MAX)
        return error_set(e, ERROR_INTERNAL, "dedup", "more texts than can be compared");
    uint32_t *keys = keystore_add(&s->keys, s->shingles.n, &place, e);
    if (!keys) return false;
    memcpy(keys, s->shingles.items, s->shingles.n * sizeof *keys);
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 256;
        s->documents = mem_realloc(s->documents, s->cap * sizeof *s->documents);
    }
    s->documents[s->n++] = (Document){s->shingles.exact, id, place, (uint32_t)s->shingles.n, 0};
    make_room(s, s->n_bands);
    for (unsigned b = 0; b < s->n_bands; b++) put_slot(s, (s->bands[b] & ~(uint64_t)UINT32_MAX) | s->n);
    s->used += s->n_bands;
    return true;
}
