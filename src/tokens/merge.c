// SPDX-License-Identifier: Apache-2.0
#include "tokens/merge.h"

#include "base/utf8.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

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

void id_list_add_all(IdList *list, const uint32_t *ids, size_t n)
{
    if (list->keep && n) {
        id_list_reserve(list, n);
        memcpy(list->ids + list->n, ids, n * sizeof *ids);
    }
    list->n += n;
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

// ---- up to 64 symbols ---------------------------------------------------------------------------

#define NO_ORDER (UINT32_MAX << PLACE_BITS)  // and what is above: no merge
enum { PLACE_BITS = 6 };

INLINE void set_order(Merging *m, PairShape s, unsigned i, uint64_t entry)
{
    m->order[i] = entry ? pair_rank(s, entry) << PLACE_BITS | i : UINT32_MAX;
    m->made[i] = pair_id(s, entry);
}

static void merging_begin(const Vocabulary *v, Merging *m)
{
    const unsigned char *bytes = (const unsigned char *)m->p;
    size_t n = first_symbols(v, m->p, m->n, m->ids);
    m->n_ids = n;
    m->asked = 0;
    m->alive = n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
    m->lanes = (unsigned)(n + 15) / 16 * 16;
    for (size_t i = 0; i + 1 < n; i++) {
        if (v->byte_pairs) {
            BytePair pair = v->byte_pairs[bytes[i] << 8 | bytes[i + 1]];
            m->order[i] = (pair.order & NO_ORDER) | (uint32_t)i;
            m->made[i] = pair.id;
        } else {
            set_order(m, v->pairs.shape, (unsigned)i, pair_find(&v->pairs, m->ids[i], m->ids[i + 1]));
        }
    }
    for (size_t i = n ? n - 1 : 0; i < m->lanes; i++) m->order[i] = UINT32_MAX;
}

typedef uint64_t (*FindPair)(const PairTable *t, uint64_t product);
typedef uint32_t (*LeastOrder)(const Merging *m);

INLINE void read_asked(const PairTable *t, Merging *m, FindPair find)
{
    if (m->asked & 1) set_order(m, t->shape, m->place, find(t, m->products[0]));
    if (m->asked & 2) set_order(m, t->shape, m->left, find(t, m->products[1]));
}

// Asks for the pair that begins with symbol i if it may merge at all.
INLINE void ask(const PairTable *t, Merging *m, unsigned which, unsigned i, unsigned right)
{
    uint64_t product = pair_product(t->shape, m->ids[i], m->ids[right]);
    bool may = pair_may_merge(t, product);
    m->order[i] = UINT32_MAX;
    m->products[which] = product;
    m->asked |= (unsigned)may << which;
    // Without a branch, so that the processor goes on to the next piece while the filter is fetched.
    const void *places[2] = {m->order, pair_line(t, product)};
    __builtin_prefetch(places[may]);
}

// One merge. False: there is none left.
INLINE bool merging_turn(const Vocabulary *v, Merging *m, FindPair find, LeastOrder least_order)
{
    const PairTable *t = &v->pairs;
    read_asked(t, m, find);
    m->asked = 0;
    uint32_t least = least_order(m);
    if (least >= NO_ORDER) return false;
    unsigned i = least & (MERGE_SYMBOLS - 1), gone = (unsigned)__builtin_ctzll(m->alive & ~UINT64_C(1) << i);
    m->place = i;
    m->alive &= ~(UINT64_C(1) << gone);
    m->order[gone] = m->order[i] = UINT32_MAX;
    m->ids[i] = m->made[i];
    uint64_t behind = m->alive & ~UINT64_C(1) << i, before = m->alive & ((UINT64_C(1) << i) - 1);
    if (behind) ask(t, m, 0, i, (unsigned)__builtin_ctzll(behind));
    if (before) ask(t, m, 1, m->left = 63 - (unsigned)__builtin_clzll(before), i);
    return true;
}

static void merging_end(Merging *m)
{
    size_t n = 0;
    for (uint64_t alive = m->alive; alive; alive &= alive - 1) m->ids[n++] = m->ids[__builtin_ctzll(alive)];
    m->n_ids = n;
}

INLINE void merge_side_by_side(const Vocabulary *v, Merging *all, size_t n, FindPair find, LeastOrder least_order)
{
    size_t active[MERGE_GROUP], left = n;
    for (size_t i = 0; i < n; i++) {
        active[i] = i;
        merging_begin(v, &all[i]);
    }
    while (left) {
        size_t still = 0;
        for (size_t i = 0; i < left; i++) {
            active[still] = active[i];
            still += merging_turn(v, &all[active[i]], find, least_order);
        }
        left = still;
    }
    for (size_t i = 0; i < n; i++) merging_end(&all[i]);
}

INLINE uint32_t least_plain(const Merging *m)
{
    uint32_t a = UINT32_MAX, b = UINT32_MAX;
    for (unsigned i = 0; i < m->lanes; i += 2) {
        a = m->order[i] < a ? m->order[i] : a;
        b = m->order[i + 1] < b ? m->order[i + 1] : b;
    }
    return a < b ? a : b;
}

static void group_plain(const Vocabulary *v, Merging *all, size_t n) { merge_side_by_side(v, all, n, pair_read, least_plain); }

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt")))

INLINE AVX2 uint32_t least_avx2(const Merging *m)
{
    __m256i least = _mm256_set1_epi32(-1);
    for (unsigned i = 0; i < m->lanes; i += 16) {
        const __m256i *at = (const __m256i *)(const void *)(m->order + i);
        least = _mm256_min_epu32(least, _mm256_min_epu32(_mm256_load_si256(at), _mm256_load_si256(at + 1)));
    }
    __m128i four = _mm_min_epu32(_mm256_castsi256_si128(least), _mm256_extracti128_si256(least, 1));
    four = _mm_min_epu32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_min_epu32(four, _mm_shuffle_epi32(four, 0xB1));
    return (uint32_t)_mm_cvtsi128_si32(four);
}

INLINE AVX2 uint64_t find_avx2(const PairTable *t, uint64_t product)
{
    uint64_t rest = pair_rest(t->shape, product);
    const uint64_t *line = pair_line(t, product);
    unsigned shift = t->shape.bits + t->shape.rank_bits;
    __m128i by = _mm_cvtsi32_si128((int)shift);
    __m256i want = _mm256_set1_epi64x((long long)rest);
    __m256i first = _mm256_srl_epi64(_mm256_loadu_si256((const __m256i *)(const void *)line), by);
    __m256i second = _mm256_srl_epi64(_mm256_loadu_si256((const __m256i *)(const void *)(line + 4)), by);
    unsigned same = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(first, want))) |
                    (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(second, want))) << 4;
    if (same) return line[__builtin_ctz(same)];
    return line[PAIR_LINE - 1] ? pair_find_behind(line, shift, rest) : 0;
}

AVX2 static void group_avx2(const Vocabulary *v, Merging *all, size_t n) { merge_side_by_side(v, all, n, find_avx2, least_avx2); }
#endif

// ---- more symbols -------------------------------------------------------------------------------

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
    uint64_t pair = pair_find(&v->pairs, s[at].id, right);
    if (!pair) return false;
    *out = (Candidate){(uint64_t)pair_rank(v->pairs.shape, pair) << 32 | at, s[at].id, right};
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
        s[at].id = pair_id(v->pairs.shape, pair_find(&v->pairs, c.left, c.right));
        s[at].next = s[gone].next;
        s[gone].id = NO_TOKEN;
        if (s[at].next != NO_TOKEN) s[s[at].next].previous = at;
        if (candidate(v, s, at, &next)) heap_sift_up(h, next);
        if (candidate(v, s, s[at].previous, &next)) heap_sift_up(h, next);
    }
}

static void *work_of(Merger *m, size_t size)
{
    if (m->work_size < size) {
        free(m->work);
        m->work = mem_alloc(m->work_size = size);
    }
    return m->work;
}

// Each merge takes one candidate out and puts at most two in, so there are at most 2 n at once.
static void merge_heap(Merger *m, const char *p, size_t n, IdList *out)
{
    char *work = work_of(m, n * (sizeof(Symbol) + 2 * sizeof(Candidate)) + n * sizeof(uint32_t));
    Heap h = {(Candidate *)(void *)work, 0};
    Symbol *s = (Symbol *)(void *)(work + 2 * n * sizeof(Candidate));
    uint32_t *ids = (uint32_t *)(void *)(s + n);
    size_t count = first_symbols(m->v, p, n, ids);
    if (count == 0) return;
    for (size_t i = 0; i < count; i++)
        s[i] = (Symbol){ids[i], i ? (uint32_t)i - 1 : NO_TOKEN, i + 1 < count ? (uint32_t)i + 1 : NO_TOKEN};
    for (uint32_t i = 0; i + 1 < count; i++) h.n += candidate(m->v, s, i, &h.items[h.n]);
    for (size_t i = h.n / 2; i-- > 0;) heap_place(&h, i, h.items[i]);
    merge_all(m->v, s, &h);
    for (uint32_t i = 0; i != NO_TOKEN; i = s[i].next) id_list_add(out, s[i].id);
}

// ---- a piece ------------------------------------------------------------------------------------

void merge_piece(Merger *m, const char *p, size_t n, IdList *out)
{
    if (n > MERGE_SYMBOLS) {
        merge_heap(m, p, n, out);
        return;
    }
    Merging one;
    one.p = p;
    one.n = n;
    merge_group(m, &one, 1);
    id_list_add_all(out, one.ids, one.n_ids);
}

void merger_init(Merger *m, const Vocabulary *v, ScanLevel level)
{
    *m = (Merger){.v = v, .group = group_plain};
#ifdef __x86_64__
    if (level >= SCAN_AVX2) m->group = group_avx2;
#else
    (void)level;
#endif
}

void merger_free(Merger *m)
{
    free(m->work);
    *m = (Merger){0};
}
