// SPDX-License-Identifier: Apache-2.0
#include "tokens/bpe.h"

#include "base/hash.h"
#include "base/utf8.h"

void id_list_reserve(IdList *list, size_t more)
{
    if (list->n + more <= list->cap) return;
    size_t cap = list->cap ? list->cap * 2 : 256;
    while (cap < list->n + more) cap *= 2;
    list->ids = mem_realloc(list->ids, cap * sizeof *list->ids);
    list->cap = cap;
}

void id_list_free(IdList *list)
{
    free(list->ids);
    *list = (IdList){.keep = list->keep};
}

void bpe_init(Bpe *b, const Vocabulary *v)
{
    enum { LINE = 64 };
    size_t sets = CACHE_SETS * sizeof(CacheSet), longs = LONG_CACHE_SLOTS * sizeof(CachedLong);
    char *memory = mem_alloc(sets + longs + LINE), *aligned = memory + (LINE - (uintptr_t)memory % LINE);
    memset(memory, 0, sets + longs + LINE);
    *b = (Bpe){.v = v, .cache = (CacheSet *)(void *)aligned, .longs = (CachedLong *)(void *)(aligned + sets), .memory = memory};
}

void bpe_free(Bpe *b)
{
    free(b->memory);
    free(b->work);
    *b = (Bpe){0};
}

// ---- from bytes to first symbols ----------------------------------------------------------------

// One letter's symbols, where symbols are letters: its own, or its bytes', or the unknown one.
static size_t letter_symbols(const Vocabulary *v, const char *p, size_t n, uint32_t *out)
{
    ShortPiece key = short_key(p, n);
    uint32_t id = short_find(v, key.low, key.high);
    if (id != NO_TOKEN) {
        *out = id;
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = v->h->byte_ids[(unsigned char)p[i]];
        if (out[i] != NO_TOKEN) continue;
        *out = v->h->unknown;
        return v->h->unknown == NO_TOKEN ? 0 : 1;
    }
    return n;
}

// At most n symbols.
static size_t first_symbols(const Vocabulary *v, const char *p, size_t n, uint32_t *out)
{
    size_t count = 0;
    if (v->h->byte_level) {
        for (size_t i = 0; i < n; i++) {
            out[count] = v->h->byte_ids[(unsigned char)p[i]];
            count += out[count] != NO_TOKEN;
        }
        return count;
    }
    for (size_t at = 0; at < n;) {
        size_t from = at;
        utf8_next((Str){p, n}, &at);
        count += letter_symbols(v, p + from, at - from, out + count);
    }
    return count;
}

// ---- short pieces -------------------------------------------------------------------------------

enum {
    ARRAY_MAX = 48,  // symbols up to which a scan for the lowest rank beats a heap
    GROUP = 8,       // pieces merged side by side
};

typedef struct Step {
    uint32_t rank, id;  // of the merge with the next symbol; rank NO_TOKEN: none
} Step;

static inline Step step_of(const Vocabulary *v, uint32_t left, uint32_t right)
{
    const Pair *p = pair_find(v, left, right);
    return p ? (Step){p->rank, p->id} : (Step){NO_TOKEN, NO_TOKEN};
}

// A piece being merged. After a merge its neighbours are only asked for, and looked at in the next turn,
// so that of several pieces all wait for memory at once.
typedef struct Merging {
    uint32_t ids[ARRAY_MAX];
    Step steps[ARRAY_MAX];  // of ids[i] with ids[i + 1]
    size_t n, place;        // of the last merge
    bool asked;
} Merging;

static void merging_begin(const Vocabulary *v, const char *p, size_t n, Merging *m)
{
    const unsigned char *bytes = (const unsigned char *)p;
    m->n = first_symbols(v, p, n, m->ids);
    m->asked = false;
    for (size_t i = 0; i + 1 < m->n; i++) {
        if (v->byte_pairs) {
            BytePair pair = v->byte_pairs[bytes[i] << 8 | bytes[i + 1]];
            m->steps[i] = (Step){pair.rank, pair.id};
        } else {
            m->steps[i] = step_of(v, m->ids[i], m->ids[i + 1]);
        }
    }
}

// One merge. False: there is none left.
static bool merging_turn(const Vocabulary *v, Merging *m)
{
    uint32_t *ids = m->ids;
    Step *steps = m->steps;
    if (m->asked) {
        if (m->place + 1 < m->n) steps[m->place] = step_of(v, ids[m->place], ids[m->place + 1]);
        if (m->place) steps[m->place - 1] = step_of(v, ids[m->place - 1], ids[m->place]);
    }
    // Rank and place in one number: the smallest is found without a branch.
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i + 1 < m->n; i++) {
        uint64_t order = (uint64_t)steps[i].rank << 32 | i;
        least = order < least ? order : least;
    }
    if (least >> 32 == NO_TOKEN) return false;
    size_t best = (uint32_t)least;
    m->place = best;
    m->asked = true;
    ids[best] = steps[best].id;
    if (best) pair_prefetch(v, ids[best - 1], ids[best]);
    if (best + 2 < m->n) pair_prefetch(v, ids[best], ids[best + 2]);
    m->n--;
    for (size_t i = best + 1; i < m->n; i++) {
        ids[i] = ids[i + 1];
        steps[i] = steps[i + 1];
    }
    return true;
}

// ---- long pieces --------------------------------------------------------------------------------

// A symbol in a list; merged ones leave their place to the left neighbour.
typedef struct Symbol {
    uint32_t id, previous, next;  // places; NO_TOKEN: none. id NO_TOKEN: merged away
} Symbol;

typedef struct Candidate {
    uint64_t order;      // rank << 32 | place: the lowest rank, then the leftmost
    uint32_t left, right;
} Candidate;

typedef struct Heap {
    Candidate *items;
    size_t n;
} Heap;

static void heap_sift_up(Heap *h, Candidate c)
{
    size_t at = h->n++;
    for (; at && h->items[(at - 1) / 2].order > c.order; at = (at - 1) / 2) h->items[at] = h->items[(at - 1) / 2];
    h->items[at] = c;
}

static void heap_place(Heap *h, size_t at, Candidate c)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= h->n) break;
        if (child + 1 < h->n && h->items[child + 1].order < h->items[child].order) child++;
        if (h->items[child].order >= c.order) break;
        h->items[at] = h->items[child];
        at = child;
    }
    h->items[at] = c;
}

static Candidate heap_take(Heap *h)
{
    Candidate first = h->items[0];
    h->n--;
    if (h->n) heap_place(h, 0, h->items[h->n]);
    return first;
}

static bool candidate(const Vocabulary *v, const Symbol *s, uint32_t at, Candidate *out)
{
    if (at == NO_TOKEN || s[at].next == NO_TOKEN) return false;
    uint32_t right = s[s[at].next].id;
    const Pair *p = pair_find(v, s[at].id, right);
    if (!p) return false;
    *out = (Candidate){(uint64_t)p->rank << 32 | at, s[at].id, right};
    return true;
}

static void merge_all(const Vocabulary *v, Symbol *s, Heap *h)
{
    while (h->n) {
        Candidate c = heap_take(h), next;
        uint32_t at = (uint32_t)c.order;
        // What stood there when it was put may have merged with others since.
        if (s[at].id != c.left || s[at].next == NO_TOKEN || s[s[at].next].id != c.right) continue;
        uint32_t gone = s[at].next;
        s[at].id = pair_find(v, c.left, c.right)->id;
        s[at].next = s[gone].next;
        s[gone].id = NO_TOKEN;
        if (s[at].next != NO_TOKEN) s[s[at].next].previous = at;
        if (candidate(v, s, at, &next)) heap_sift_up(h, next);
        if (candidate(v, s, s[at].previous, &next)) heap_sift_up(h, next);
    }
}

static void *work_of(Bpe *b, size_t size)
{
    if (b->work_size < size) {
        free(b->work);
        b->work = mem_alloc(b->work_size = size);
    }
    return b->work;
}

// Each merge takes one candidate out and puts at most two in, so there are at most 2 n at once.
static void merge_heap(Bpe *b, const char *p, size_t n, IdList *out)
{
    char *work = work_of(b, n * (sizeof(Symbol) + 2 * sizeof(Candidate)) + n * sizeof(uint32_t));
    Heap h = {(Candidate *)(void *)work, 0};
    Symbol *s = (Symbol *)(void *)(work + 2 * n * sizeof(Candidate));
    uint32_t *ids = (uint32_t *)(void *)(s + n);
    size_t count = first_symbols(b->v, p, n, ids);
    if (count == 0) return;
    for (size_t i = 0; i < count; i++)
        s[i] = (Symbol){ids[i], i ? (uint32_t)i - 1 : NO_TOKEN, i + 1 < count ? (uint32_t)i + 1 : NO_TOKEN};
    for (uint32_t i = 0; i + 1 < count; i++) h.n += candidate(b->v, s, i, &h.items[h.n]);
    for (size_t i = h.n / 2; i-- > 0;) heap_place(&h, i, h.items[i]);
    merge_all(b->v, s, &h);
    for (uint32_t i = 0; i != NO_TOKEN; i = s[i].next) id_list_add(out, s[i].id);
}

void bpe_merge(Bpe *b, const char *p, size_t n, IdList *out)
{
    Merging m;
    if (n > ARRAY_MAX) {
        merge_heap(b, p, n, out);
        return;
    }
    merging_begin(b->v, p, n, &m);
    while (merging_turn(b->v, &m)) {}
    for (size_t i = 0; i < m.n; i++) id_list_add(out, m.ids[i]);
}

// ---- a piece ------------------------------------------------------------------------------------

static const uint64_t low_bytes[9] = {0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, UINT64_MAX};

static void add_uncached(Bpe *b, const char *p, size_t n, IdList *out)
{
    uint32_t id = n > SHORT_MAX ? long_find(b->v, (Str){p, n}) : NO_TOKEN;
    if (n <= SHORT_MAX) {
        ShortPiece key = short_key(p, n);
        id = short_find(b->v, key.low, key.high);
    }
    if (id != NO_TOKEN)
        id_list_add(out, id);
    else
        bpe_merge(b, p, n, out);
}

static void add_ids(IdList *out, const uint32_t *ids, size_t n)
{
    if (out->keep) {
        id_list_reserve(out, n);
        memcpy(out->ids + out->n, ids, n * sizeof *ids);
    }
    out->n += n;
}

static CacheSet *cached_place(const Bpe *b, uint64_t low, uint64_t high) { return &b->cache[short_hash(low, high) >> 7 & (CACHE_SETS - 1)]; }

static const CachedPiece *cached_find(const CacheSet *set, uint64_t low, uint64_t high)
{
    for (unsigned i = 0; i < CACHE_WAYS; i++)
        if (set->ways[i].low == low && set->ways[i].high == high) return &set->ways[i];
    return NULL;
}

static void cached_put(CacheSet *set, uint64_t low, uint64_t high, const uint32_t *ids, size_t n)
{
    if (n == 0 || n > CACHED_IDS) return;
    CachedPiece *c = &set->ways[0];
    set->ways[1] = *c;
    *c = (CachedPiece){.low = low, .high = high};
    for (size_t i = 0; i < CACHED_IDS; i++) c->ids[i] = i < n ? ids[i] : NO_TOKEN;
}

// At most 15 bytes, of which `low` and `high` are the key.
static void add_cached(Bpe *b, CacheSet *set, uint64_t low, uint64_t high, const char *p, size_t n, IdList *out)
{
    const CachedPiece *c = cached_find(set, low, high);
    if (!c) {
        IdList list = {.ids = (uint32_t[16]){0}, .cap = 16, .keep = true};  // no piece of 15 bytes gives more
        add_uncached(b, p, n, &list);
        cached_put(set, low, high, list.ids, list.n);
        add_ids(out, list.ids, list.n);
        return;
    }
    if (out->keep) {
        id_list_reserve(out, CACHED_IDS);
        memcpy(out->ids + out->n, c->ids, sizeof c->ids);
    }
    out->n += 1U + (c->ids[1] != NO_TOKEN) + (c->ids[2] != NO_TOKEN) + (c->ids[3] != NO_TOKEN);
}

static void short_keys(const char *p, size_t n, uint64_t *low, uint64_t *high)
{
    memcpy(low, p, 8);
    memcpy(high, p + 8, 8);
    *low &= low_bytes[n < 8 ? n : 8];
    *high = (*high & low_bytes[n < 8 ? 0 : n - 8]) | (uint64_t)n << 56;
}

static CachedLong *long_place(const Bpe *b, uint64_t hash) { return &b->longs[hash & (LONG_CACHE_SLOTS - 1)]; }

static bool long_is(const CachedLong *c, uint64_t hash, const char *p, size_t n)
{
    return c->check == (uint32_t)(hash >> 32) && c->len == n && memcmp(c->bytes, p, n) == 0;
}

static void long_put(CachedLong *c, uint64_t hash, const char *p, size_t n, const uint32_t *ids, size_t n_ids)
{
    if (n_ids > LONG_CACHED_IDS) return;
    *c = (CachedLong){.check = (uint32_t)(hash >> 32), .len = (uint16_t)n, .n = (uint16_t)n_ids};
    memcpy(c->ids, ids, n_ids * sizeof *ids);
    memcpy(c->bytes, p, n);
}

static void add_long(Bpe *b, const char *p, size_t n, IdList *out)
{
    if (n > LONG_CACHED_BYTES) {
        add_uncached(b, p, n, out);
        return;
    }
    uint64_t hash = hash64((Str){p, n}, 0);
    CachedLong *c = long_place(b, hash);
    if (long_is(c, hash, p, n)) {
        add_ids(out, c->ids, c->n);
        return;
    }
    IdList list = {.ids = (uint32_t[LONG_CACHED_BYTES]){0}, .cap = LONG_CACHED_BYTES, .keep = true};
    add_uncached(b, p, n, &list);
    long_put(c, hash, p, n, list.ids, list.n);
    add_ids(out, list.ids, list.n);
}

void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out)
{
    uint64_t low, high;
    if (n > 15) {
        add_long(b, p, n, out);
        return;
    }
    short_keys(p, n, &low, &high);
    add_cached(b, cached_place(b, low, high), low, high, p, n, out);
}

// ---- many pieces --------------------------------------------------------------------------------

typedef struct Lookup {
    uint64_t low, high;  // as in a ShortPiece, without the id
    const ShortPiece *line;
    uint32_t id;         // NO_TOKEN: not found there
} Lookup;

// A piece that is no token of up to 12 bytes: where it is kept once it was merged.
typedef struct Missed {
    const char *p;
    size_t n;
    uint64_t low, high;  // of up to 15 bytes; else low is a hash
    CacheSet *set;       // NULL: a long one
} Missed;

// For up to 12 bytes: the bytes of `low` and `high` that count, and the length behind them. Longer pieces get a
// key that no token has.
#define LOW(n) {(UINT64_C(1) << (8 * (n))) - 1, 0, (uint64_t)(n) << 32}
#define HIGH(mask, n) {UINT64_MAX, mask, (uint64_t)(n) << 32}
static const struct {
    uint64_t low, high, len;
} key_masks[14] = {LOW(0), LOW(1), LOW(2), LOW(3), LOW(4), LOW(5), LOW(6), LOW(7), HIGH(0, 8), HIGH(0xFF, 9), HIGH(0xFFFF, 10), HIGH(0xFFFFFF, 11),
                   HIGH(0xFFFFFFFF, 12), HIGH(0, 13)};

static void ask_lines(const Vocabulary *v, const char *p, const uint32_t *ends, size_t n, Lookup *out)
{
    uint32_t mask = v->h->short_mask, from = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t low, high;
        memcpy(&low, p + from, 8);
        memcpy(&high, p + from + 8, 8);
        uint32_t len = ends[i] - from < 13 ? ends[i] - from : 13;
        low &= key_masks[len].low;
        high = (high & key_masks[len].high) | key_masks[len].len;
        const ShortPiece *line = v->shorts + (short_hash(low, high) & mask) * SHORT_LINE;
        __builtin_prefetch(line);
        out[i].low = low;
        out[i].high = high;
        out[i].line = line;
        from = ends[i];
    }
}

static void ask_cache(const Bpe *b, const char *p, size_t n, Missed *out)
{
    *out = (Missed){.p = p, .n = n};
    if (n <= 15) {
        short_keys(p, n, &out->low, &out->high);
        out->set = cached_place(b, out->low, out->high);
        __builtin_prefetch(out->set);
    } else if (n <= LONG_CACHED_BYTES) {
        out->low = hash64((Str){p, n}, 0);
        __builtin_prefetch(long_place(b, out->low));
    }
}

// What is no token by itself was perhaps merged before. Returns how many are not.
static size_t read_lines(const Bpe *b, const char *p, const uint32_t *ends, size_t n, Lookup *lookups, Missed *missed)
{
    uint32_t from = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; from = ends[i], i++) {
        Lookup *l = &lookups[i];
        const ShortPiece *s = l->line;
        unsigned slot = 0;
        while (slot < SHORT_LINE && (s[slot].low != l->low || (s[slot].high & SHORT_KEY_MASK) != l->high)) slot++;
        if (slot < SHORT_LINE) {
            l->id = (uint32_t)(s[slot].high >> 40);
            continue;
        }
        l->id = NO_TOKEN;
        ask_cache(b, p + from, ends[i] - from, &missed[count++]);
    }
    return count;
}

static void keep_merged(Bpe *b, const Missed *m, const uint32_t *ids, size_t n)
{
    if (m->set)
        cached_put(m->set, m->low, m->high, ids, n);
    else
        long_put(long_place(b, m->low), m->low, m->p, m->n, ids, n);
}

static void merge_group(Bpe *b, const Missed *const *group, size_t n)
{
    Merging all[GROUP];
    size_t active[GROUP], left = n;
    for (size_t i = 0; i < n; i++) {
        active[i] = i;
        merging_begin(b->v, group[i]->p, group[i]->n, &all[i]);
    }
    while (left) {
        size_t still = 0;
        for (size_t i = 0; i < left; i++) {
            active[still] = active[i];
            still += merging_turn(b->v, &all[active[i]]);
        }
        left = still;
    }
    for (size_t i = 0; i < n; i++) keep_merged(b, group[i], all[i].ids, all[i].n);
}

// Merges what the caches do not have, several pieces at a time, into the caches.
static void merge_missed(Bpe *b, const Missed *missed, size_t n)
{
    const Missed *group[GROUP] = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const Missed *m = &missed[i];
        if (m->n > ARRAY_MAX || (m->set ? cached_find(m->set, m->low, m->high) != NULL : long_is(long_place(b, m->low), m->low, m->p, m->n))) continue;
        uint32_t id = NO_TOKEN;
        if (m->n > SHORT_MAX)
            id = long_find(b->v, (Str){m->p, m->n});
        else
            id = short_find(b->v, m->low, (m->high & UINT32_MAX) | (uint64_t)m->n << 32);  // its line was full
        if (id != NO_TOKEN)
            keep_merged(b, m, &id, 1);
        else
            group[count++] = m;
        if (count == GROUP) {
            merge_group(b, group, count);
            count = 0;
        }
    }
    merge_group(b, group, count);
}

void bpe_pieces(Bpe *b, const char *p, const uint32_t *ends, size_t n, IdList *out)
{
    Lookup lookups[BATCH_PIECES];
    Missed missed[BATCH_PIECES];
    ask_lines(b->v, p, ends, n, lookups);
    size_t n_missed = read_lines(b, p, ends, n, lookups, missed), next = 0;
    merge_missed(b, missed, n_missed);
    if (out->keep) id_list_reserve(out, n);
    for (size_t i = 0; i < n; i++) {
        const Lookup *l = &lookups[i];
        if (l->id != NO_TOKEN) {
            if (out->keep) out->ids[out->n] = l->id;
            if (out->each) out->each[i] = 1;
            out->n++;
            continue;
        }
        const Missed *m = &missed[next++];
        uint64_t before = out->n;
        if (m->set)
            add_cached(b, m->set, m->low, m->high, m->p, m->n, out);
        else
            add_long(b, m->p, m->n, out);
        if (out->each) out->each[i] = (uint32_t)(out->n - before);
        if (out->keep) id_list_reserve(out, n - i);
    }
}
