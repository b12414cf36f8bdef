// SPDX-License-Identifier: Apache-2.0
#include "tokens/bpe.h"

#include "base/hash.h"

#define INLINE static inline __attribute__((always_inline))

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

// ---- a batch ------------------------------------------------------------------------------------

typedef struct Lookup {
    ShortKey key;
    PieceSet *set;
} Lookup;

// A piece that is not known as a short one.
typedef struct Missed {
    const char *p;
    size_t n;
    uint64_t hash;   // of more than SHORT_MAX bytes
    uint32_t place;  // in the batch
    PieceIds ids;
} Missed;

typedef struct Batch {
    Lookup lookups[BATCH_PIECES];
    const PieceIds *found[BATCH_PIECES];
    Missed missed[BATCH_PIECES];
    size_t n_missed;
} Batch;

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

static void ask_cache(const Bpe *b, const char *p, const uint32_t *ends, size_t n, Lookup *out)
{
    uint32_t from = 0;
    for (size_t i = 0; i < n; i++) {
        out[i].key = short_piece_key(p + from, ends[i] - from);
        out[i].set = piece_set(&b->cache, out[i].key);
        __builtin_prefetch(out[i].set);
        from = ends[i];
    }
}

static void read_cache(const char *p, const uint32_t *ends, size_t n, Batch *batch)
{
    uint32_t missed[BATCH_PIECES + 1];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        ShortKey key = batch->lookups[i].key;
        PieceSet *set = batch->lookups[i].set;
        bool second = set->ways[1].key.low == key.low && set->ways[1].key.high == key.high;
        bool first = set->ways[0].key.low == key.low && set->ways[0].key.high == key.high;
        batch->found[i] = &set->ways[second].ids;
        missed[count] = (uint32_t)i;
        count += !(first | second);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t at = missed[i], from = at ? ends[at - 1] : 0;
        batch->missed[i] = (Missed){.p = p + from, .n = ends[at] - from, .place = at};
        batch->found[at] = &batch->missed[i].ids;
    }
    batch->n_missed = count;
}

// ---- what was not known -------------------------------------------------------------------------

static void ask_vocabulary(const Bpe *b, Missed *missed, size_t n)
{
    for (Missed *m = missed; m < missed + n; m++) {
        if (m->n <= SHORT_MAX) {
            ShortPiece key = short_key(m->p, m->n);
            short_prefetch(b->v, key.low, key.high);
        } else if (m->n <= PIECE_LONG) {
            m->hash = hash64((Str){m->p, m->n}, 0);
            long_prefetch(b->v, m->hash);
            if (m->n > PIECE_SHORT) __builtin_prefetch(long_set(&b->cache, m->hash));
        }
    }
}

static uint32_t whole(const Vocabulary *v, const char *p, size_t n, uint64_t hash)
{
    if (n > SHORT_MAX) return long_find(v, (Str){p, n}, hash);
    ShortPiece key = short_key(p, n);
    return short_find(v, key.low, key.high);
}

static void keep(Bpe *b, Missed *m, const uint32_t *ids, size_t n)
{
    m->ids = m->n > PIECE_SHORT ? piece_long_put(&b->cache, (Str){m->p, m->n}, m->hash, ids, n) : piece_ids(&b->cache, ids, n);
}

static void merge_some(Bpe *b, Merging *group, Missed *const *of, size_t n)
{
    merge_group(&b->merger, group, n);
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
static void find_missed(Bpe *b, Missed *missed, size_t n)
{
    Merging group[MERGE_GROUP];
    Missed *of[MERGE_GROUP];
    size_t count = 0;
    for (Missed *m = missed; m < missed + n; m++) {
        if (m->n > PIECE_LONG || (m->n > PIECE_SHORT && piece_long_find(&b->cache, (Str){m->p, m->n}, m->hash, &m->ids))) continue;
        uint32_t id = whole(b->v, m->p, m->n, m->hash);
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

static void keep_short(Batch *batch)
{
    for (const Missed *m = batch->missed; m < batch->missed + batch->n_missed; m++)
        if (m->n <= PIECE_SHORT) piece_put(batch->lookups[m->place].set, batch->lookups[m->place].key, &m->ids);
}

// ---- ids ----------------------------------------------------------------------------------------

static void add_too_long(Bpe *b, const char *p, size_t n, IdList *out)
{
    uint32_t id = whole(b->v, p, n, hash64((Str){p, n}, 0));
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

static void add_ids(Bpe *b, const char *p, const uint32_t *ends, size_t n, const Batch *batch, IdList *out)
{
    if (out->keep) id_list_reserve(out, PIECE_IDS * n);
    for (size_t i = 0; i < n; i++) {
        PieceIds found = *batch->found[i];
        uint32_t count = found.ids[0] >> 24;
        if (count == 0) {
            uint64_t before = out->n;
            uint32_t from = i ? ends[i - 1] : 0;
            add_many(b, &found, p + from, ends[i] - from, out);
            if (out->keep) id_list_reserve(out, PIECE_IDS * (n - i));
            if (out->each) out->each[i] = (uint32_t)(out->n - before);
            continue;
        }
        found.ids[0] &= PIECE_ID_MASK;
        if (out->keep) memcpy(out->ids + out->n, &found, sizeof found);
        if (out->each) out->each[i] = count;
        out->n += count;
    }
}

void bpe_pieces(Bpe *b, const char *p, const uint32_t *ends, size_t n, IdList *out)
{
    Batch batch;
    piece_cache_make_room(&b->cache);
    ask_cache(b, p, ends, n, batch.lookups);
    read_cache(p, ends, n, &batch);
    if (batch.n_missed) {
        ask_vocabulary(b, batch.missed, batch.n_missed);
        find_missed(b, batch.missed, batch.n_missed);
    }
    add_ids(b, p, ends, n, &batch, out);
    keep_short(&batch);
}

void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out)
{
    uint32_t end = (uint32_t)n;
    if (n > PIECE_LONG)
        add_too_long(b, p, n, out);
    else
        bpe_pieces(b, p, &end, 1, out);
}
