// SPDX-License-Identifier: Apache-2.0
#include "dedup/bulk.h"

#include "dedup/keystore.h"
#include "dedup/minhash.h"
#include "dedup/spill.h"

enum {
    LIST_PART = 1 << 16,   // texts or members that a list has more than it needs, at least
    REST_EVERY = 1 << 16,  // texts added or compared before the pages of their shingles are let go of
    CROWD = 1000,          // texts of a group that a further one is compared with
};

#define SKIPPED UINT32_MAX  // in place of a number of keys
#define MOST (UINT32_MAX / 2 - 1)

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
    Spill spill;         // of all arrays
    SpillArray text_array, *band_arrays, member_array;
    Text *texts;         // in text_array
    size_t n, cap;       // bands: of each band 32 bits of its hash for each text; freed as they are gone over
    Shingles shingles;
    Member *members;     // in member_array; by text once all bands are gone over
    size_t n_members, cap_members;
    uint32_t n_groups;
};

Bulk *bulk_new(const SeenOptions *o)
{
    Bulk *b = mem_alloc(sizeof *b);
    *b = (Bulk){.threshold = o->threshold, .words = o->words ? o->words : SHINGLE_WORDS, .banding = banding_for(o->threshold)};
    // One half for the shingles, one for all else.
    b->spill = (Spill){.memory = o->memory / 2, .folder = o->folder};
    keystore_init(&b->keys, o->memory - o->memory / 2, o->folder);
    b->band_arrays = mem_alloc(b->banding.bands * sizeof *b->band_arrays);
    for (unsigned i = 0; i < b->banding.bands; i++) b->band_arrays[i] = (SpillArray){0};
    return b;
}

void bulk_free(Bulk *b)
{
    if (!b) return;
    for (unsigned i = 0; i < b->banding.bands; i++) spill_free(&b->spill, &b->band_arrays[i]);
    free(b->band_arrays);
    spill_free(&b->spill, &b->text_array);
    spill_free(&b->spill, &b->member_array);
    keystore_free(&b->keys);
    shingles_free(&b->shingles);
    free(b);
}

size_t bulk_bytes(const Bulk *b) { return b->spill.most + b->keys.in_memory; }

static uint32_t *band(Bulk *b, unsigned i) { return b->band_arrays[i].p; }

// Pages that were looked at are let go of.
static void rest(const Bulk *b)
{
    keystore_rest(&b->keys);
    spill_rest(&b->text_array);
    spill_rest(&b->member_array);
    for (unsigned i = 0; i < b->banding.bands; i++) spill_rest(&b->band_arrays[i]);
}

// ---- adding -------------------------------------------------------------------------------------

const Shingles *bulk_words(Bulk *b, Str text)
{
    shingles_words(&b->shingles, text);
    return &b->shingles;
}

// By an eighth, not double: what is not used here is what would not fit.
static bool grow(Bulk *b, Error *e)
{
    size_t cap = b->cap + b->cap / 8 + LIST_PART;
    if (!spill_grow(&b->spill, &b->text_array, cap * sizeof *b->texts, e)) return false;
    b->texts = b->text_array.p;
    for (unsigned i = 0; i < b->banding.bands; i++)
        if (!spill_grow(&b->spill, &b->band_arrays[i], cap * sizeof(uint32_t), e)) return false;
    b->cap = cap;
    return true;
}

bool bulk_add(Bulk *b, Error *e)
{
    const Shingles *s = &b->shingles;
    Sketch sketch;
    uint64_t hashes[SKETCH_PLACES];
    KeyPlace place;
    shingles_items(&b->shingles, b->words);
    if (b->n == MOST || s->n >= SKIPPED) return error_set(e, ERROR_INTERNAL, "dedup", "more texts than can be compared");
    uint32_t *keys = keystore_add(&b->keys, s->n, &place, e);
    if (!keys) return false;
    memcpy(keys, s->items, s->n * sizeof *keys);
    if (b->n == b->cap && !grow(b, e)) return false;
    if (s->n) sketch_of(s->items, s->n, &sketch);
    if (s->n) sketch_bands(&sketch, b->banding, hashes);
    // Texts without words share all bands when their bytes are the same.
    for (unsigned i = 0; i < b->banding.bands; i++) band(b, i)[b->n] = (uint32_t)((s->n ? hashes[i] : s->exact.low) >> 32);
    b->texts[b->n++] = (Text){s->exact.low, place, (uint32_t)s->n};
    if (b->n % REST_EVERY == 0) rest(b);
    return true;
}

bool bulk_skip(Bulk *b, Error *e)
{
    if (b->n == b->cap && !grow(b, e)) return false;
    for (unsigned i = 0; i < b->banding.bands; i++) band(b, i)[b->n] = 0;
    b->texts[b->n++] = (Text){.n_keys = SKIPPED};
    return true;
}

// ---- who shares a band --------------------------------------------------------------------------

static bool add_member(Bulk *b, uint32_t text, uint32_t group, Error *e)
{
    if (b->n_members == b->cap_members) {
        size_t cap = b->cap_members + b->cap_members / 8 + LIST_PART;
        if (!spill_grow(&b->spill, &b->member_array, cap * sizeof *b->members, e)) return false;
        b->members = b->member_array.p;
        b->cap_members = cap;
    }
    b->members[b->n_members++] = (Member)text << 32 | group;
    return true;
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

static bool group_band(Bulk *b, const uint32_t *hashes, uint64_t *items, uint64_t *other, Error *e)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->texts[i].n_keys != SKIPPED) items[n++] = (uint64_t)hashes[i] << 32 | i;
        if (i % REST_EVERY == 0) spill_rest(&b->text_array);
    }
    spill_rest(&b->text_array);
    sort_by_upper(items, other, n);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && items[to] >> 32 == items[from] >> 32;) to++;
        if (to - from == 1) continue;
        for (size_t i = from; i < to; i++)
            if (!add_member(b, (uint32_t)items[i], b->n_groups, e)) return false;
        b->n_groups++;
    }
    return true;
}

static bool sort_members(Bulk *b, Error *e)
{
    SpillArray other = {0};
    if (!spill_grow(&b->spill, &other, (b->n_members + 1) * sizeof(uint64_t), e)) return false;
    sort_by_upper(b->members, other.p, b->n_members);
    spill_free(&b->spill, &other);
    return true;
}

static bool group_all(Bulk *b, Error *e)
{
    SpillArray items = {0}, other = {0};
    size_t bytes = (b->n + 1) * sizeof(uint64_t);
    bool ok = spill_grow(&b->spill, &items, bytes, e) && spill_grow(&b->spill, &other, bytes, e);
    for (unsigned i = 0; ok && i < b->banding.bands; i++) {
        ok = group_band(b, band(b, i), items.p, other.p, e);
        spill_free(&b->spill, &b->band_arrays[i]);
    }
    spill_free(&b->spill, &items);
    spill_free(&b->spill, &other);
    return ok && sort_members(b, e);
}

// ---- settling -----------------------------------------------------------------------------------

// The kept texts of each group, newest first, as lists over `links`.
typedef struct Kept {
    uint32_t *heads;     // of each group: index + 1 into links; 0: none
    uint64_t *links;     // a text in the upper half, in the lower the next link's index + 1
    size_t n;
    uint32_t *compared;  // of each text: the stamp of the last one it was compared with
    SpillArray arrays[3]; // of these three
} Kept;

// A text is compared with another once for a stamp, however many bands they share.
static uint32_t stamp_of(uint32_t number, bool ahead) { return 2 * number + (ahead ? 1 : 2); }

static void compare(Bulk *b, const Kept *kept, uint32_t number, uint32_t stamp, uint32_t other, SeenMatch *best)
{
    const Text *x = &b->texts[number], *y = &b->texts[other];
    if (kept->compared[other] == stamp) return;
    kept->compared[other] = stamp;
    bool exact = x->exact == y->exact && x->n_keys == y->n_keys;
    size_t common = x->n_keys ? shingles_common(&b->shingles, keystore_get(&b->keys, y->keys), y->n_keys) : 0;
    double similarity = x->n_keys ? jaccard(x->n_keys, y->n_keys, common) : exact;
    if (similarity < b->threshold) return;
    SeenMatch match = {other, similarity, exact};
    if (seen_better(&match, best)) *best = match;
}

static void find_best(Bulk *b, const Kept *kept, uint32_t number, uint32_t stamp, const Member *members, size_t n, SeenMatch *best)
{
    const Text *text = &b->texts[number];
    bool ready = false;
    *best = (SeenMatch){.id = UINT64_MAX};
    for (size_t i = 0; i < n; i++)
        for (uint32_t link = kept->heads[group_of(members[i])]; link; link = (uint32_t)kept->links[link - 1]) {
            if (!ready) shingles_from_keys(&b->shingles, keystore_get(&b->keys, text->keys), text->n_keys);
            ready = true;
            compare(b, kept, number, stamp, (uint32_t)(kept->links[link - 1] >> 32), best);
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

static size_t members_end(const Bulk *b, size_t from, uint32_t number)
{
    while (from < b->n_members && text_of(b->members[from]) == number) from++;
    return from;
}

// Says of the texts from `first` on, whose members begin at `from`, which have new words as far as is known now.
static bool tell_ahead(Bulk *b, const Kept *kept, const BulkSettler *settler, uint32_t first, size_t from, Error *e)
{
    bool is_new[BULK_AHEAD];
    size_t n = 0;
    for (uint32_t number = first; number < b->n && n < BULK_AHEAD; number++, n++) {
        SeenMatch best;
        size_t to = members_end(b, from, number);
        find_best(b, kept, number, stamp_of(number, true), b->members + from, to - from, &best);
        is_new[n] = best.id == UINT64_MAX && b->texts[number].n_keys != SKIPPED;
        from = to;
    }
    return settler->ahead(settler->ctx, first, is_new, n, e);
}

static bool settle_all(Bulk *b, Kept *kept, const BulkSettler *settler, Error *e)
{
    size_t from = 0, to;
    for (uint32_t number = 0; number < b->n; number++, from = to) {
        SeenMatch best;
        bool stays = true;
        if (settler->ahead && number % BULK_AHEAD == 0 && !tell_ahead(b, kept, settler, number, from, e)) return false;
        to = members_end(b, from, number);
        find_best(b, kept, number, stamp_of(number, false), b->members + from, to - from, &best);
        if (b->texts[number].n_keys == SKIPPED) continue;
        if (number % REST_EVERY == 0) rest(b);
        bool near = best.id != UINT64_MAX;
        if (!settler->each(settler->ctx, number, near ? &best : NULL, &stays, e)) return false;
        if (!near && stays) add_kept(kept, number, b->members + from, to - from);
    }
    return true;
}

static void kept_free(Bulk *b, Kept *kept)
{
    for (size_t i = 0; i < 3; i++) spill_free(&b->spill, &kept->arrays[i]);
}

static bool look_together(Bulk *b, Kept *kept, Error *e)
{
    *kept = (Kept){0};
    if (!group_all(b, e)) return false;
    if (b->n_members > UINT32_MAX - 1) return error_set(e, ERROR_INTERNAL, "dedup", "more texts share words than can be compared");
    size_t sizes[] = {((size_t)b->n_groups + 1) * sizeof *kept->heads, (b->n_members + 1) * sizeof *kept->links, (b->n + 1) * sizeof *kept->compared};
    for (size_t i = 0; i < 3; i++)
        if (!spill_grow(&b->spill, &kept->arrays[i], sizes[i], e)) {
            kept_free(b, kept);
            return false;
        }
    kept->heads = kept->arrays[0].p;
    kept->links = kept->arrays[1].p;
    kept->compared = kept->arrays[2].p;
    memset(kept->heads, 0, sizes[0]);
    memset(kept->compared, 0, sizes[2]);
    return true;
}

bool bulk_settle(Bulk *b, const BulkSettler *settler, Error *e)
{
    Kept kept;
    if (!look_together(b, &kept, e)) return false;
    bool ok = settle_all(b, &kept, settler, e);
    kept_free(b, &kept);
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
            compare(b, earlier, number, stamp_of(number, false), other, &match);
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
        if (number % REST_EVERY == 0) rest(b);
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
    kept_free(b, &earlier);
    return true;
}
