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
    *b = (Bpe){.v = v, .cache = mem_alloc(CACHE_SLOTS * sizeof(CachedPiece)), .longs = mem_alloc(LONG_CACHE_SLOTS * sizeof(CachedLong))};
    memset(b->cache, 0, CACHE_SLOTS * sizeof(CachedPiece));
    memset(b->longs, 0, LONG_CACHE_SLOTS * sizeof(CachedLong));
}

void bpe_free(Bpe *b)
{
    free(b->cache);
    free(b->longs);
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

enum { ARRAY_MAX = 48 };  // symbols up to which a scan for the lowest rank beats a heap

typedef struct Step {
    uint32_t rank, id;  // of the merge with the next symbol; rank NO_TOKEN: none
} Step;

static inline Step step_of(const Vocabulary *v, uint32_t left, uint32_t right)
{
    const Pair *p = pair_find(v, left, right);
    return p ? (Step){p->rank, p->id} : (Step){NO_TOKEN, NO_TOKEN};
}

static size_t merge_steps(const Vocabulary *v, uint32_t *ids, Step *steps, size_t n)
{
    while (n > 1) {
        // Rank and place in one number: the smallest is found without a branch.
        uint64_t least = UINT64_MAX;
        for (size_t i = 0; i + 1 < n; i++) {
            uint64_t order = (uint64_t)steps[i].rank << 32 | i;
            least = order < least ? order : least;
        }
        if (least >> 32 == NO_TOKEN) break;
        size_t best = (uint32_t)least;
        ids[best] = steps[best].id;
        n--;
        memmove(ids + best + 1, ids + best + 2, (n - best - 1) * sizeof *ids);
        if (best + 1 < n) memmove(steps + best + 1, steps + best + 2, (n - best - 2) * sizeof *steps);
        if (best + 1 < n) steps[best] = step_of(v, ids[best], ids[best + 1]);
        if (best > 0) steps[best - 1] = step_of(v, ids[best - 1], ids[best]);
    }
    return n;
}

static size_t merge_array(const Vocabulary *v, const char *p, size_t n, uint32_t *ids)
{
    const unsigned char *bytes = (const unsigned char *)p;
    Step steps[ARRAY_MAX];
    n = first_symbols(v, p, n, ids);
    for (size_t i = 0; i + 1 < n; i++) {
        if (v->byte_pairs) {
            BytePair pair = v->byte_pairs[bytes[i] << 8 | bytes[i + 1]];
            steps[i] = (Step){pair.rank, pair.id};
        } else {
            steps[i] = step_of(v, ids[i], ids[i + 1]);
        }
    }
    return merge_steps(v, ids, steps, n);
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
    uint32_t ids[ARRAY_MAX];
    if (n > ARRAY_MAX) {
        merge_heap(b, p, n, out);
        return;
    }
    size_t count = merge_array(b->v, p, n, ids);
    for (size_t i = 0; i < count; i++) id_list_add(out, ids[i]);
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

static void fill(Bpe *b, CachedPiece *c, const char *p, size_t n)
{
    IdList list = {.ids = (uint32_t[16]){0}, .cap = 16, .keep = true};  // no piece of 15 bytes gives more
    add_uncached(b, p, n, &list);
    if (list.n == 0 || list.n > CACHED_IDS) c->low = c->high = 0;
    for (size_t i = 0; i < CACHED_IDS; i++) c->ids[i] = i < list.n ? list.ids[i] : NO_TOKEN;
}

// At most 15 bytes.
static void add_short(Bpe *b, const char *p, size_t n, IdList *out)
{
    uint64_t low, high;
    memcpy(&low, p, 8);
    memcpy(&high, p + 8, 8);
    if (n <= 8) {
        low &= low_bytes[n];
        high = 0;
    } else {
        high &= low_bytes[n - 8];
    }
    high |= (uint64_t)n << 56;
    CachedPiece *c = &b->cache[short_hash(low, high) >> 7 & (CACHE_SLOTS - 1)];
    if (c->low != low || c->high != high) {
        c->low = low;
        c->high = high;
        fill(b, c, p, n);
        if (c->high == 0) {
            add_uncached(b, p, n, out);
            return;
        }
    }
    size_t count = 1;
    while (count < CACHED_IDS && c->ids[count] != NO_TOKEN) count++;
    add_ids(out, c->ids, count);
}

static void add_long(Bpe *b, const char *p, size_t n, IdList *out)
{
    if (n > LONG_CACHED_BYTES) {
        add_uncached(b, p, n, out);
        return;
    }
    uint64_t hash = hash64((Str){p, n}, 0);
    CachedLong *c = &b->longs[hash & (LONG_CACHE_SLOTS - 1)];
    uint32_t check = (uint32_t)(hash >> 32);
    if (c->check != check || c->len != n || memcmp(c->bytes, p, n) != 0) {
        IdList list = {.ids = (uint32_t[LONG_CACHED_BYTES]){0}, .cap = LONG_CACHED_BYTES, .keep = true};
        add_uncached(b, p, n, &list);
        if (list.n > LONG_CACHED_IDS) {
            add_ids(out, list.ids, list.n);
            return;
        }
        *c = (CachedLong){.check = check, .len = (uint16_t)n, .n = (uint16_t)list.n};
        memcpy(c->ids, list.ids, list.n * sizeof *c->ids);
        memcpy(c->bytes, p, n);
    }
    add_ids(out, c->ids, c->n);
}

void bpe_piece(Bpe *b, const char *p, size_t n, IdList *out)
{
    if (n <= 15)
        add_short(b, p, n, out);
    else
        add_long(b, p, n, out);
}

// ---- many pieces --------------------------------------------------------------------------------

typedef struct Lookup {
    uint64_t low, high;  // as in a ShortPiece, without the id
    const ShortPiece *line;
} Lookup;

// For up to 12 bytes: the bytes of `high` that count, and the length behind them.
#define HIGH(mask, n) {UINT64_MAX, mask, (uint64_t)(n) << 32}
#define LOW(n) {(UINT64_C(1) << (8 * (n))) - 1, 0, (uint64_t)(n) << 32}
static const struct {
    uint64_t low, high, len;
} key_masks[16] = {LOW(0), LOW(1), LOW(2), LOW(3), LOW(4), LOW(5), LOW(6), LOW(7), HIGH(0, 8), HIGH(0xFF, 9), HIGH(0xFFFF, 10), HIGH(0xFFFFFF, 11),
                   HIGH(0xFFFFFFFF, 12)};

static void look_up(const Vocabulary *v, const char *p, const uint32_t *ends, size_t n, Lookup *out)
{
    uint32_t mask = v->h->short_mask, from = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t low, high;
        memcpy(&low, p + from, 8);
        memcpy(&high, p + from + 8, 8);
        uint32_t len = ends[i] - from < 15 ? ends[i] - from : 15;
        low &= key_masks[len].low;
        high = (high & key_masks[len].high) | key_masks[len].len;
        const ShortPiece *line = v->shorts + (short_hash(low, high) & mask) * SHORT_LINE;
        __builtin_prefetch(line);
        out[i] = (Lookup){low, high, line};
        from = ends[i];
    }
}

void bpe_pieces(Bpe *b, const char *p, const uint32_t *ends, size_t n, IdList *out)
{
    Lookup lookups[BATCH_PIECES];
    look_up(b->v, p, ends, n, lookups);
    if (out->keep) id_list_reserve(out, n);
    uint32_t from = 0;
    for (size_t i = 0; i < n; from = ends[i], i++) {
        const Lookup *l = &lookups[i];
        const ShortPiece *s = l->line;
        uint32_t len = ends[i] - from;
        if (len > SHORT_MAX) {
            bpe_piece(b, p + from, len, out);
            if (out->keep) id_list_reserve(out, n - i);
            continue;
        }
        unsigned slot = 0;
        while (slot < SHORT_LINE && (s[slot].low != l->low || (s[slot].high & SHORT_KEY_MASK) != l->high)) slot++;
        if (slot < SHORT_LINE) {
            if (out->keep) out->ids[out->n] = (uint32_t)(s[slot].high >> 40);
            out->n++;
            continue;
        }
        add_short(b, p + from, len, out);
        if (out->keep) id_list_reserve(out, n - i);
    }
}
