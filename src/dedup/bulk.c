// SPDX-License-Identifier: Apache-2.0
#include "dedup/bulk.h"

#include "dedup/keystore.h"
#include "dedup/minhash.h"

enum {
    LIST_PART = 1 << 16,   // texts or members that a list has more than it needs, at least
    REST_EVERY = 1 << 16,  // texts added or compared before the pages of their shingles are let go of
    CROWD = 1000,          // texts of a group that a further one is compared with
};

#define SKIPPED UINT32_MAX  // in place of a number of keys

typedef struct Text {
    uint64_t exact;      // half of the normal form's hash: enough among texts whose shingles are equal
    KeyPlace keys;
    uint32_t n_keys;
} Text;

// A text in a group, those that share a band: the text's number in the upper half, the group's in the lower.
typedef uint64_t Member;

static uint32_t text_of(Member m) { return (uint32_t)(m >> 32); }
static uint32_t group_of(Member m) { return (uint32_t)m; }

struct Bulk {
    double threshold;
    unsigned words;
    Banding banding;
    KeyStore keys;
    Text *texts;
    uint32_t **bands;    // of each band 32 bits of its hash for each text; freed as they are gone over
    size_t n, cap;
    Shingles shingles;
    Member *members;     // by text once all bands are gone over
    size_t n_members, cap_members;
    uint32_t n_groups;
    size_t bytes;        // most held
};

Bulk *bulk_new(const SeenOptions *o)
{
    Bulk *b = mem_alloc(sizeof *b);
    *b = (Bulk){.threshold = o->threshold, .words = o->words ? o->words : SHINGLE_WORDS, .banding = banding_for(o->threshold)};
    keystore_init(&b->keys, o->memory, o->folder);
    b->bands = mem_alloc(b->banding.bands * sizeof *b->bands);
    for (unsigned i = 0; i < b->banding.bands; i++) b->bands[i] = NULL;
    return b;
}

void bulk_free(Bulk *b)
{
    if (!b) return;
    for (unsigned i = 0; i < b->banding.bands; i++) free(b->bands[i]);
    free(b->bands);
    free(b->texts);
    free(b->members);
    keystore_free(&b->keys);
    shingles_free(&b->shingles);
    free(b);
}

size_t bulk_bytes(const Bulk *b) { return b->bytes; }

static void note_bytes(Bulk *b, unsigned bands, size_t more)
{
    size_t now = b->cap * (sizeof *b->texts + bands * sizeof(uint32_t)) + b->cap_members * sizeof *b->members + b->keys.in_memory + more;
    if (now > b->bytes) b->bytes = now;
}

// ---- adding -------------------------------------------------------------------------------------

const Shingles *bulk_words(Bulk *b, Str text)
{
    shingles_words(&b->shingles, text);
    return &b->shingles;
}

// By an eighth, not double: what is not used here is what would not fit.
static void grow(Bulk *b)
{
    b->cap = b->cap + b->cap / 8 + LIST_PART;
    b->texts = mem_realloc(b->texts, b->cap * sizeof *b->texts);
    for (unsigned i = 0; i < b->banding.bands; i++) b->bands[i] = mem_realloc(b->bands[i], b->cap * sizeof(uint32_t));
    note_bytes(b, b->banding.bands, 0);
}

bool bulk_add(Bulk *b, Error *e)
{
    const Shingles *s = &b->shingles;
    Sketch sketch;
    uint64_t hashes[SKETCH_PLACES];
    KeyPlace place;
    shingles_items(&b->shingles, b->words);
    if (b->n == UINT32_MAX - 1 || s->n >= SKIPPED) return error_set(e, ERROR_INTERNAL, "dedup", "more texts than can be compared");
    uint32_t *keys = keystore_add(&b->keys, s->n, &place, e);
    if (!keys) return false;
    memcpy(keys, s->items, s->n * sizeof *keys);
    if (b->n == b->cap) grow(b);
    if (s->n) sketch_of(s->items, s->n, &sketch);
    if (s->n) sketch_bands(&sketch, b->banding, hashes);
    // Texts without words share all bands when their bytes are the same.
    for (unsigned i = 0; i < b->banding.bands; i++) b->bands[i][b->n] = (uint32_t)((s->n ? hashes[i] : s->exact.low) >> 32);
    b->texts[b->n++] = (Text){s->exact.low, place, (uint32_t)s->n};
    if (b->n % REST_EVERY == 0) keystore_rest(&b->keys);
    return true;
}

void bulk_skip(Bulk *b)
{
    if (b->n == b->cap) grow(b);
    for (unsigned i = 0; i < b->banding.bands; i++) b->bands[i][b->n] = 0;
    b->texts[b->n++] = (Text){.n_keys = SKIPPED};
}

// ---- who shares a band --------------------------------------------------------------------------

static void add_member(Bulk *b, uint32_t text, uint32_t group)
{
    if (b->n_members == b->cap_members) {
        b->cap_members = b->cap_members + b->cap_members / 8 + LIST_PART;
        b->members = mem_realloc(b->members, b->cap_members * sizeof *b->members);
    }
    b->members[b->n_members++] = (Member)text << 32 | group;
}

// Sorts 64-bit numbers by their upper half, eight bits at a time (least significant digit first).
static void sort_by_upper(uint64_t *items, uint64_t *other, size_t n)
{
    for (unsigned shift = 32; shift < 64; shift += 8) {
        size_t starts[257] = {0};
        for (size_t i = 0; i < n; i++) starts[(items[i] >> shift & 255) + 1]++;
        for (size_t i = 0; i < 256; i++) starts[i + 1] += starts[i];
        for (size_t i = 0; i < n; i++) other[starts[items[i] >> shift & 255]++] = items[i];
        uint64_t *swap = items;
        items = other;
        other = swap;
    }
}

static void group_band(Bulk *b, const uint32_t *hashes, uint64_t *items, uint64_t *other)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->texts[i].n_keys != SKIPPED) items[n++] = (uint64_t)hashes[i] << 32 | i;
    sort_by_upper(items, other, n);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && items[to] >> 32 == items[from] >> 32;) to++;
        if (to - from == 1) continue;
        for (size_t i = from; i < to; i++) add_member(b, (uint32_t)items[i], b->n_groups);
        b->n_groups++;
    }
}

static void group_all(Bulk *b)
{
    uint64_t *items = mem_alloc((b->n + 1) * sizeof *items), *other = mem_alloc((b->n + 1) * sizeof *other);
    for (unsigned i = 0; i < b->banding.bands; i++) {
        group_band(b, b->bands[i], items, other);
        note_bytes(b, b->banding.bands - i, 2 * b->n * sizeof *items);
        free(b->bands[i]);
        b->bands[i] = NULL;
    }
    free(items);
    free(other);
    other = mem_alloc((b->n_members + 1) * sizeof *other);
    note_bytes(b, 0, b->n_members * sizeof *other);
    sort_by_upper(b->members, other, b->n_members);
    free(other);
}

// ---- settling -----------------------------------------------------------------------------------

// The kept texts of each group, newest first, as lists over `links`.
typedef struct Kept {
    uint32_t *heads;     // of each group: index + 1 into links; 0: none
    uint64_t *links;     // a text in the upper half, in the lower the next link's index + 1
    size_t n;
    uint32_t *compared;  // of each text: the last one it was compared with, + 1
} Kept;

static void compare(Bulk *b, const Kept *kept, uint32_t number, uint32_t other, SeenMatch *best)
{
    const Text *x = &b->texts[number], *y = &b->texts[other];
    if (kept->compared[other] == number + 1) return;
    kept->compared[other] = number + 1;
    bool exact = x->exact == y->exact && x->n_keys == y->n_keys;
    size_t common = x->n_keys ? shingles_common(&b->shingles, keystore_get(&b->keys, y->keys), y->n_keys) : 0;
    double similarity = x->n_keys ? jaccard(x->n_keys, y->n_keys, common) : exact;
    if (similarity < b->threshold) return;
    SeenMatch match = {other, similarity, exact};
    if (seen_better(&match, best)) *best = match;
}

static void find_best(Bulk *b, const Kept *kept, uint32_t number, const Member *members, size_t n, SeenMatch *best)
{
    const Text *text = &b->texts[number];
    bool ready = false;
    for (size_t i = 0; i < n; i++)
        for (uint32_t link = kept->heads[group_of(members[i])]; link; link = (uint32_t)kept->links[link - 1]) {
            if (!ready) shingles_from_keys(&b->shingles, keystore_get(&b->keys, text->keys), text->n_keys);
            ready = true;
            compare(b, kept, number, (uint32_t)(kept->links[link - 1] >> 32), best);
        }
}

static void add_kept(Kept *kept, uint32_t number, const Member *members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t *head = &kept->heads[group_of(members[i])];
        kept->links[kept->n] = (uint64_t)number << 32 | *head;
        *head = (uint32_t)++kept->n;
    }
}

static bool settle_all(Bulk *b, Kept *kept, bool (*each)(void *, uint64_t, const SeenMatch *, Error *), void *ctx, Error *e)
{
    size_t from = 0, to;
    for (uint32_t number = 0; number < b->n; number++, from = to) {
        SeenMatch best = {.id = UINT64_MAX};
        for (to = from; to < b->n_members && text_of(b->members[to]) == number;) to++;
        find_best(b, kept, number, b->members + from, to - from, &best);
        if (b->texts[number].n_keys == SKIPPED) continue;
        if (number % REST_EVERY == 0) keystore_rest(&b->keys);
        bool near = best.id != UINT64_MAX;
        if (!near) add_kept(kept, number, b->members + from, to - from);
        if (!each(ctx, number, near ? &best : NULL, e)) return false;
    }
    return true;
}

static bool look_together(Bulk *b, Kept *kept, Error *e)
{
    group_all(b);
    if (b->n_members > UINT32_MAX - 1) return error_set(e, ERROR_INTERNAL, "dedup", "more texts share words than can be compared");
    *kept = (Kept){
        .heads = mem_alloc(((size_t)b->n_groups + 1) * sizeof *kept->heads),
        .links = mem_alloc((b->n_members + 1) * sizeof *kept->links),
        .compared = mem_alloc((b->n + 1) * sizeof *kept->compared),
    };
    memset(kept->heads, 0, ((size_t)b->n_groups + 1) * sizeof *kept->heads);
    memset(kept->compared, 0, (b->n + 1) * sizeof *kept->compared);
    note_bytes(b, 0, b->n_groups * sizeof *kept->heads + b->n_members * sizeof *kept->links + b->n * sizeof *kept->compared);
    return true;
}

static void kept_free(Kept *kept)
{
    free(kept->heads);
    free(kept->links);
    free(kept->compared);
}

bool bulk_settle(Bulk *b, bool (*each)(void *, uint64_t, const SeenMatch *, Error *), void *ctx, Error *e)
{
    Kept kept;
    if (!look_together(b, &kept, e)) return false;
    bool ok = settle_all(b, &kept, each, ctx, e);
    kept_free(&kept);
    return ok;
}

// ---- clusters -----------------------------------------------------------------------------------

// The lowest number is the root of its set, found by path halving.
static uint32_t root_of(uint32_t *parents, uint32_t i)
{
    while (parents[i] != i) i = parents[i] = parents[parents[i]];
    return i;
}

static void join(uint32_t *parents, uint32_t a, uint32_t b)
{
    a = root_of(parents, a);
    b = root_of(parents, b);
    parents[a > b ? a : b] = a > b ? b : a;
}

// Joins a text with the earlier ones of its groups that it is near to. True where it says no more than one of those: then
// nobody need be compared with it.
static bool join_near(Bulk *b, const Kept *earlier, uint32_t number, const Member *members, size_t n, uint32_t *parents)
{
    bool ready = false;
    for (size_t i = 0; i < n; i++) {
        unsigned walked = 0;
        for (uint32_t link = earlier->heads[group_of(members[i])]; link; link = (uint32_t)earlier->links[link - 1]) {
            uint32_t other = (uint32_t)(earlier->links[link - 1] >> 32);
            SeenMatch match = {.id = UINT64_MAX};
            if (++walked > CROWD) {
                join(parents, number, other);
                break;
            }
            if (root_of(parents, other) == root_of(parents, number)) continue;
            if (!ready) shingles_from_keys(&b->shingles, keystore_get(&b->keys, b->texts[number].keys), b->texts[number].n_keys);
            ready = true;
            compare(b, earlier, number, other, &match);
            if (match.id == UINT64_MAX) continue;
            join(parents, number, other);
            if (match.similarity >= 1) return true;
        }
    }
    return false;
}

static void cluster_all(Bulk *b, Kept *earlier, uint32_t *parents)
{
    size_t from = 0, to;
    for (uint32_t number = 0; number < b->n; number++, from = to) {
        for (to = from; to < b->n_members && text_of(b->members[to]) == number;) to++;
        if (number % REST_EVERY == 0) keystore_rest(&b->keys);
        if (!join_near(b, earlier, number, b->members + from, to - from, parents))
            add_kept(earlier, number, b->members + from, to - from);
    }
    for (uint32_t number = 0; number < b->n; number++) parents[number] = root_of(parents, number);
}

bool bulk_clusters(Bulk *b, uint32_t *out, Error *e)
{
    for (uint32_t number = 0; number < b->n; number++) out[number] = number;
    Kept earlier;
    if (!look_together(b, &earlier, e)) return false;
    cluster_all(b, &earlier, out);
    kept_free(&earlier);
    return true;
}
