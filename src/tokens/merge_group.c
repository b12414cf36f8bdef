// SPDX-License-Identifier: Apache-2.0
#include "tokens/merge_group.h"

#include "base/utf8.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

// ---- from bytes to first symbols ----------------------------------------------------------------

// One letter's symbols, where symbols are letters: its own, or its bytes', or the unknown one.
static size_t letter_symbols(const Vocabulary *v, const char *p, size_t n, uint32_t *out)
{
    ShortPiece key = short_key(p, n);
    uint32_t id = n == 1 && *p != ' ' ? v->h->letter_ids[*p & (ASCII - 1)] : short_find(v, key.low, key.high);
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

enum { NO_CODE = ASCII };

// What letter_ids has of a letter, if that is the symbol that it gave.
static uint8_t letter_code(const Vocabulary *v, const char *p, size_t n, uint32_t id)
{
    bool blank = n == 3 && memcmp(p, "\xE2\x96\x81", 3) == 0;
    unsigned code = blank ? ' ' : n == 1 && *p != ' ' ? (unsigned char)*p : NO_CODE;
    return code < ASCII && v->h->letter_ids[code] == id ? (uint8_t)code : NO_CODE;
}

// `codes`: of each symbol, or NULL.
static size_t symbols_of_letters(const Vocabulary *v, const char *p, size_t n, uint32_t *out, uint8_t *codes)
{
    size_t count = 0;
    for (size_t at = 0; at < n;) {
        size_t from = at;
        utf8_next((Str){p, n}, &at);
        size_t more = letter_symbols(v, p + from, at - from, out + count);
        if (codes) memset(codes + count, more == 1 ? letter_code(v, p + from, at - from, out[count]) : NO_CODE, more);
        count += more;
    }
    return count;
}

static size_t symbols_of_bytes(const Vocabulary *v, const char *p, size_t n, uint32_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        out[count] = v->h->byte_ids[(unsigned char)p[i]];
        count += out[count] != NO_TOKEN;
    }
    return count;
}

size_t first_symbols(const Vocabulary *v, const char *p, size_t n, uint32_t *out)
{
    return v->h->byte_level ? symbols_of_bytes(v, p, n, out) : symbols_of_letters(v, p, n, out, NULL);
}

// ---- a piece ------------------------------------------------------------------------------------

#define NO_ORDER (UINT32_MAX << BYTE_PAIR_SHIFT)  // and what is above: no merge
enum { NO_PLACE = MERGE_SYMBOLS };
_Static_assert(MERGE_LANES == 1 << BYTE_PAIR_SHIFT, "a place is what stands below a rank");

// Stands for a pair that does not merge: empty, so that nothing is found in it.
static const uint64_t nowhere[PAIR_LINE];

INLINE uint32_t order_of(PairShape s, uint64_t entry, unsigned place)
{
    uint32_t order = pair_rank(s, entry) << BYTE_PAIR_SHIFT | place;
    return entry ? order : UINT32_MAX;
}

// NO_PLACE, 0, 1, 2 …
#define SIXTEEN(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9, n + 10, n + 11, n + 12, n + 13, n + 14, n + 15
static const uint8_t counting[MERGE_LANES + 2] = {
    NO_PLACE,     SIXTEEN(0),   SIXTEEN(16),  SIXTEEN(32),  SIXTEEN(48),  SIXTEEN(64),  SIXTEEN(80),  SIXTEEN(96), SIXTEEN(112),
    SIXTEEN(128), SIXTEEN(144), SIXTEEN(160), SIXTEEN(176), SIXTEEN(192), SIXTEEN(208), SIXTEEN(224), SIXTEEN(240),
};

// Nobody's pair is asked for: place NO_PLACE is one that no symbol has.
INLINE void ask_nothing(Merging *m, unsigned which)
{
    m->places[which] = NO_PLACE;
    m->lines[which] = nowhere;
    m->rests[which] = 0;
}

INLINE void set_first(Merging *m, size_t i, BytePair pair)
{
    m->order[i] = (pair.order & NO_ORDER) | (uint32_t)i;
    m->made[i] = pair.id;
}

INLINE void find_first(const Vocabulary *v, Merging *m, size_t i)
{
    uint64_t entry = pair_find(&v->pairs, m->ids[i], m->ids[i + 1]);
    m->order[i] = order_of(v->pairs.shape, entry, (unsigned)i);
    m->made[i] = pair_id(v->pairs.shape, entry);
}

static size_t begin_with_bytes(const Vocabulary *v, Merging *m)
{
    const unsigned char *p = (const unsigned char *)m->p;
    size_t n = symbols_of_bytes(v, m->p, m->n, m->ids);
    for (size_t i = 0; i + 1 < n; i++) {
        if (v->byte_pairs)
            set_first(m, i, v->byte_pairs[p[i] << 8 | p[i + 1]]);
        else
            find_first(v, m, i);
    }
    return n;
}

static size_t begin_with_letters(const Vocabulary *v, Merging *m)
{
    uint8_t codes[MERGE_LANES];
    size_t n = symbols_of_letters(v, m->p, m->n, m->ids, codes);
    for (size_t i = 0; i + 1 < n; i++) {
        if ((codes[i] | codes[i + 1]) < ASCII)
            set_first(m, i, v->letter_pairs[codes[i] * ASCII + codes[i + 1]]);
        else
            find_first(v, m, i);
    }
    return n;
}

static void merging_begin(const Vocabulary *v, Merging *m)
{
    size_t n = v->letter_pairs ? begin_with_letters(v, m) : begin_with_bytes(v, m);
    m->n_ids = n;
    m->lanes = n ? (unsigned)(n + 15) / 16 * 16 : 16;  // sixteen are always read
    for (size_t i = n ? n - 1 : 0; i < m->lanes; i++) m->order[i] = UINT32_MAX;
    memcpy(m->next, counting + 2, m->lanes);
    memcpy(m->before, counting, m->lanes);
    if (n) m->next[n - 1] = NO_PLACE;
    m->ids[NO_PLACE] = 0;
    ask_nothing(m, 0);
    ask_nothing(m, 1);
}

typedef uint64_t (*FindPair)(const uint64_t *line, unsigned shift, uint64_t rest);
typedef uint32_t (*LeastOrder)(const Merging *m);

// Asks for the pair of symbol i and its right neighbour, without a branch: one that cannot merge is looked for
// where nothing is.
INLINE void ask(const PairTable *t, Merging *m, unsigned which, unsigned i, unsigned right)
{
    uint64_t product = pair_product(t->shape, m->ids[i], m->ids[right]);
    bool may = pair_may_merge(t, product) & (i != NO_PLACE) & (right != NO_PLACE);
    const uint64_t *lines[2] = {nowhere, pair_line(t, product)};
    m->places[which] = (uint8_t)i;
    m->lines[which] = lines[may];
    m->rests[which] = pair_rest(t->shape, product);
    __builtin_prefetch(m->lines[which]);
}

// What was asked for. Returns its order; it is not written yet, since a write of one number would keep a read of
// many waiting.
INLINE uint32_t read_asked(const PairTable *t, Merging *m, unsigned which, FindPair find)
{
    uint64_t entry = find(m->lines[which], t->shape.bits + t->shape.rank_bits, m->rests[which]);
    m->made[m->places[which]] = pair_id(t->shape, entry);
    return order_of(t->shape, entry, m->places[which]);
}

INLINE uint32_t lesser(uint32_t a, uint32_t b) { return a < b ? a : b; }

// One merge. False: there is none left.
INLINE bool merging_turn(const Vocabulary *v, Merging *m, FindPair find, LeastOrder least_order)
{
    const PairTable *t = &v->pairs;
    uint32_t behind = read_asked(t, m, 0, find), left = read_asked(t, m, 1, find);
    uint32_t least = lesser(least_order(m), lesser(behind, left));
    if (least >= NO_ORDER) return false;
    m->order[m->places[0]] = behind;
    m->order[m->places[1]] = left;
    unsigned i = least & (MERGE_LANES - 1), gone = m->next[i], next = m->next[gone], before = m->before[i];
    m->ids[i] = m->made[i];
    m->next[i] = (uint8_t)next;
    m->before[next] = (uint8_t)i;
    m->order[gone] = m->order[i] = m->order[before] = UINT32_MAX;
    ask(t, m, 0, i, next);
    ask(t, m, 1, before, i);
    return true;
}

static void merging_end(Merging *m)
{
    size_t n = 0;
    for (unsigned i = 0; m->n_ids && i != NO_PLACE; i = m->next[i]) m->ids[n++] = m->ids[i];
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

// ---- for a machine ------------------------------------------------------------------------------

INLINE uint64_t find_plain(const uint64_t *line, unsigned shift, uint64_t rest)
{
    uint64_t found = pair_in_line(line, shift, rest);
    return found || !line[PAIR_LINE - 1] ? found : pair_find_behind(line, shift, rest);
}

INLINE uint32_t least_plain(const Merging *m)
{
    uint32_t a = UINT32_MAX, b = UINT32_MAX;
    for (unsigned i = 0; i < m->lanes; i += 2) {
        a = lesser(a, m->order[i]);
        b = lesser(b, m->order[i + 1]);
    }
    return lesser(a, b);
}

static void group_plain(const Vocabulary *v, Merging *all, size_t n) { merge_side_by_side(v, all, n, find_plain, least_plain); }

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2,lzcnt,avx2")))

INLINE AVX2 uint32_t least_of_8(__m256i eight)
{
    __m128i four = _mm_min_epu32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    four = _mm_min_epu32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_min_epu32(four, _mm_shuffle_epi32(four, 0xB1));
    return (uint32_t)_mm_cvtsi128_si32(four);
}

INLINE AVX2 uint32_t least_avx2(const Merging *m)
{
    __m256i least = _mm256_set1_epi32(-1);
    for (unsigned i = 0; i < m->lanes; i += 16) {
        __m256i a = _mm256_load_si256((const __m256i *)(const void *)(m->order + i));
        __m256i b = _mm256_load_si256((const __m256i *)(const void *)(m->order + i + 8));
        least = _mm256_min_epu32(least, _mm256_min_epu32(a, b));
    }
    return least_of_8(least);
}

INLINE AVX2 uint64_t find_avx2(const uint64_t *line, unsigned shift, uint64_t rest)
{
    __m128i by = _mm_cvtsi32_si128((int)shift);
    __m256i want = _mm256_set1_epi64x((long long)rest);
    __m256i first = _mm256_srl_epi64(_mm256_loadu_si256((const __m256i *)(const void *)line), by);
    __m256i second = _mm256_srl_epi64(_mm256_loadu_si256((const __m256i *)(const void *)(line + 4)), by);
    unsigned same = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(first, want))) |
                    (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(second, want))) << 4;
    uint64_t found = line[_tzcnt_u32(same | 1U << (PAIR_LINE - 1))];
    if (!same && found) return pair_find_behind(line, shift, rest);
    return found;
}

AVX2 static void group_avx2(const Vocabulary *v, Merging *all, size_t n) { merge_side_by_side(v, all, n, find_avx2, least_avx2); }

INLINE AVX512 uint32_t least_avx512(const Merging *m)
{
    __m512i least = _mm512_load_si512(m->order);
    for (unsigned i = 16; i < m->lanes; i += 16) least = _mm512_min_epu32(least, _mm512_load_si512(m->order + i));
    return least_of_8(_mm256_min_epu32(_mm512_castsi512_si256(least), _mm512_extracti64x4_epi64(least, 1)));
}

INLINE AVX512 uint64_t find_avx512(const uint64_t *line, unsigned shift, uint64_t rest)
{
    __m512i rests = _mm512_srl_epi64(_mm512_loadu_si512(line), _mm_cvtsi32_si128((int)shift));
    unsigned same = _mm512_cmpeq_epi64_mask(rests, _mm512_set1_epi64((long long)rest));
    uint64_t found = line[_tzcnt_u32(same | 1U << (PAIR_LINE - 1))];
    if (!same && found) return pair_find_behind(line, shift, rest);
    return found;
}

AVX512 static void group_avx512(const Vocabulary *v, Merging *all, size_t n) { merge_side_by_side(v, all, n, find_avx512, least_avx512); }
#endif

GroupMerge group_merge_of(ScanLevel level)
{
#ifdef __x86_64__
    if (level >= SCAN_AVX512) return group_avx512;
    if (level >= SCAN_AVX2) return group_avx2;
#else
    (void)level;
#endif
    return group_plain;
}
