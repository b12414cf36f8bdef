// SPDX-License-Identifier: Apache-2.0
#include "tokens/bpe.h"

#include "base/hash.h"

#define INLINE static inline __attribute__((always_inline))

// A piece keeps its bytes, padded to whole numbers, and at most an id a byte.
_Static_assert(BATCH_PIECES * (PIECE_LONG / 4 + PIECE_LONG) <= PIECE_ROOM, "a batch of the longest pieces has room in the arena");

void bpe_init(Bpe *b, const Vocabulary *v, ScanLevel level)
{
    *b = (Bpe){.v = v};
    merger_init(&b->merger, v, level);
    piece_cache_open(&b->cache);
}

void bpe_free(Bpe *b)
{
    merger_free(&b->merger);
    piece_cache_close(&b->cache);
    *b = (Bpe){0};
}

// ---- in the cache -------------------------------------------------------------------------------

// The bytes that count, and the length behind them. No short piece has the key that longer ones get.
#define LOW(n) {(UINT64_C(1) << (8 * (n))) - 1, 0, (uint64_t)(n) << 56}
#define HIGH(n) {UINT64_MAX, (UINT64_C(1) << (8 * (n - 8))) - 1, (uint64_t)(n) << 56}
static const struct {
    uint64_t low, high, len;
} key_masks[PIECE_SHORT + 2] = {LOW(0), LOW(1), LOW(2),  LOW(3),  LOW(4),  LOW(5),  LOW(6),  LOW(7),         HIGH(8),
                                HIGH(9), HIGH(10), HIGH(11), HIGH(12), HIGH(13), HIGH(14), HIGH(15), {0, 0, UINT64_MAX}};

INLINE ShortKey short_piece_key(const char *p, size_t n)
{
    ShortKey key;
    memcpy(&key, p, sizeof key);
    size_t row = n <= PIECE_SHORT ? n : PIECE_SHORT + 1;
    key.low &= key_masks[row].low;
    key.high = (key.high & key_masks[row].high) | key_masks[row].len;
    return key;
}

void bpe_ask(const Bpe *b, Batch *batch)
{
    const char *p = batch->p;
    uint32_t from = 0;
    for (size_t i = 0; i < batch->n; i++) {
        Lookup *l = &batch->lookups[i];
        l->key = short_piece_key(p + from, batch->ends[i] - from);
        l->hash = piece_hash(l->key);
        __builtin_prefetch(piece_set(&b->cache, l->hash));
        from = batch->ends[i];
    }
}

// Without a branch: which of two it is cannot be foreseen.
INLINE bool is_key(ShortKey a, ShortKey b) { return ((a.low ^ b.low) | (a.high ^ b.high)) == 0; }

static void read_cache(const Bpe *b, Batch *batch)
{
    const uint32_t *ends = batch->ends;
    uint32_t missed[BATCH_PIECES + 1];
    size_t count = 0;
    for (size_t i = 0; i < batch->n; i++) {
        ShortKey key = batch->lookups[i].key;
        const PieceSet *set = piece_set(&b->cache, batch->lookups[i].hash);
        bool first = is_key(set->ways[0].key, key), second = is_key(set->ways[1].key, key);
        batch->found[i] = &set->ways[second].ids;
        missed[count] = (uint32_t)i;
        count += !(first | second);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t at = missed[i], from = at ? ends[at - 1] : 0;
        batch->missed[i] = (Missed){.p = batch->p + from, .n = ends[at] - from, .place = at};
        batch->found[at] = &batch->missed[i].ids;
    }
    batch->n_missed = count;
}

// ---- in the vocabulary --------------------------------------------------------------------------

// What the vocabulary calls a piece of up to SHORT_MAX bytes.
INLINE ShortPiece short_of(const Batch *batch, const Missed *m)
{
    ShortKey key = batch->lookups[m->place].key;
    return (ShortPiece){key.low, (key.high & UINT32_MAX) | (uint64_t)m->n << 32};
}

void bpe_look(Bpe *b, Batch *batch)
{
    piece_cache_make_room(&b->cache);
    read_cache(b, batch);
    for (Missed *m = batch->missed; m < batch->missed + batch->n_missed; m++) {
        if (m->n <= SHORT_MAX) {
            ShortPiece key = short_of(batch, m);
            short_prefetch(b->v, key.low, key.high);
        } else if (m->n <= PIECE_LONG) {
            m->hash = hash64((Str){m->p, m->n}, 0);
            long_prefetch(b->v, m->hash);
            if (m->n > PIECE_SHORT) __builtin_prefetch(long_set(&b->cache, m->hash));
        }
    }
}

static uint32_t whole(const Bpe *b, const Batch *batch, const Missed *m)
{
    if (m->n > SHORT_MAX) return long_find(b->v, (Str){m->p, m->n}, m->hash);
    ShortPiece key = short_of(batch, m);
    return short_find(b->v, key.low, key.high);
}

// ---- by merging ---------------------------------------------------------------------------------

static void keep(Bpe *b, Missed *m, const uint32_t *ids, size_t n)
{
    m->ids = m->n > PIECE_SHORT ? piece_long_put(&b->cache, (Str){m->p, m->n}, m->hash, ids, n) : piece_ids(&b->cache, ids, n);
}

static void merge_some(Bpe *b, Merging *group, Missed *const *of, size_t n)
{
    b->merger.group(b->v, group, n);
    for (size_t i = 0; i < n; i++) keep(b, of[i], group[i].ids, group[i].n_ids);
}

static void merge_alone(Bpe *b, Missed *m)
{
    uint32_t ids[PIECE_LONG];
    IdList list = {.ids = ids, .cap = PIECE_LONG, .keep = true};
    merge_piece(&b->merger, m->p, m->n, &list);
    keep(b, m, ids, list.n);
}

// All but what is too long to be kept.
static void find_missed(Bpe *b, Batch *batch)
{
    Merging group[MERGE_GROUP];
    Missed *of[MERGE_GROUP];
    size_t count = 0;
    for (Missed *m = batch->missed; m < batch->missed + batch->n_missed; m++) {
        if (m->n > PIECE_LONG || (m->n > PIECE_SHORT && piece_long_find(&b->cache, (Str){m->p, m->n}, m->hash, &m->ids))) continue;
        uint32_t id = whole(b, batch, m);
        if (id != NO_TOKEN) {
            keep(b, m, &id, 1);
        } else if (m->n > MERGE_SYMBOLS) {
            merge_alone(b, m);
        } else {
            group[count].p = m->p;
            group[count].n = m->n;
            of[count++] = m;
        }
        if (count == MERGE_GROUP) {
            merge_some(b, group, of, count);
            count = 0;
        }
    }
    if (count) merge_some(b, group, of, count);
}

static void keep_short(Bpe *b, const Batch *batch)
{
    for (const Missed *m = batch->missed; m < batch->missed + batch->n_missed; m++)
        if (m->n <= PIECE_SHORT) piece_put(&b->cache, batch->lookups[m->place].key, batch->lookups[m->place].hash, &m->ids);
}

// ---- ids ----------------------------------------------------------------------------------------

static void add_too_long(Bpe *b, const char *p, size_t n, IdList *out)
{
    uint32_t id = long_find(b->v, (Str){p, n}, hash64((Str){p, n}, 0));
    if (id != NO_TOKEN)
        id_list_add(out, id);
    else
        merge_piece(&b->merger, p, n, out);
}

static void add_many(Bpe *b, const PieceIds *found, const char *p, size_t n, IdList *out)
{
    if (n > PIECE_LONG)
        add_too_long(b, p, n, out);
    else
        id_list_add_all(out, b->cache.arena + found->ids[1], found->ids[2]);
}

static void add_ids(Bpe *b, const Batch *batch, IdList *out)
{
    const uint32_t *ends = batch->ends;
    size_t n = batch->n;
    if (out->keep) id_list_reserve(out, PIECE_IDS * n);
    uint64_t total = out->n;
    uint32_t *ids = out->ids;
    bool keep = out->keep;
    for (size_t i = 0; i < n; i++) {
        PieceIds found = *batch->found[i];
        uint32_t count = found.ids[0] >> 24;
        if (count == 0) {
            uint32_t from = i ? ends[i - 1] : 0;
            out->n = total;
            add_many(b, &found, batch->p + from, ends[i] - from, out);
            if (keep) id_list_reserve(out, PIECE_IDS * (n - i));
            ids = out->ids;
            count = (uint32_t)(out->n - total);
        } else if (keep) {
            found.ids[0] &= PIECE_ID_MASK;
            memcpy(ids + total, &found, sizeof found);
        }
        total += count;
    }
    out->n = total;
}

void bpe_give(Bpe *b, Batch *batch, IdList *out)
{
    if (batch->n_missed) find_missed(b, batch);
    add_ids(b, batch, out);
    keep_short(b, batch);
}

void bpe_mark(Bpe *b, Batch *batch, size_t at, uint64_t before, Boundary *out)
{
    if (batch->n_missed) find_missed(b, batch);
    const uint32_t *ends = batch->ends;
    size_t n = batch->n;
    for (size_t i = 0; i < n; i++) {
        const PieceIds *found = batch->found[i];
        uint32_t count = found->ids[0] >> 24;
        if (count == 0) {
            IdList many = {0};
            uint32_t from = i ? ends[i - 1] : 0;
            add_many(b, found, batch->p + from, ends[i] - from, &many);
            before += many.n;
        }
        before += count;
        out[i] = (Boundary){at + ends[i], before};
    }
    keep_short(b, batch);
}

void bpe_batch(Bpe *b, Batch *batch, IdList *out)
{
    bpe_ask(b, batch);
    bpe_look(b, batch);
    bpe_give(b, batch, out);
}

static void bpe_one(Bpe *b, const char *p, size_t n, IdList *out)
{
    Batch batch;
    batch.p = p;
    batch.n = 1;
    batch.ends[0] = (uint32_t)n;
    bpe_batch(b, &batch, out);
}

void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out)
{
    if (n > PIECE_LONG) {
        add_too_long(b, p, n, out);
        return;
    }
    ShortKey key = short_piece_key(p, n);
    const PieceSet *set = piece_set(&b->cache, piece_hash(key));
    for (size_t way = 0; way < PIECE_WAYS; way++) {
        PieceIds found = set->ways[way].ids;
        uint32_t count = found.ids[0] >> 24;
        if (!count || !is_key(set->ways[way].key, key)) continue;
        found.ids[0] &= PIECE_ID_MASK;
        id_list_add_all(out, found.ids, count);
        return;
    }
    bpe_one(b, p, n, out);
}
