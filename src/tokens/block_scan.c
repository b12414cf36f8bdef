// SPDX-License-Identifier: Apache-2.0
#include "tokens/block_scan.h"

#include "tokens/block_masks.h"

typedef struct ScanRules {
    bool cased;               // a word is capitals, then small letters; marks belong to words
    bool contraction_first;   // 's … are pieces of their own
    bool contraction_last;    // … belong to the word before them
    bool each_digit;          // else three at most
    bool trailing_slash;      // behind line breaks that belong to punctuation
    bool end_first;           // white space at the text's end is one piece
    bool gpt2;                // only a space leads, words and digits too; line breaks are as other white space is
    bool digits_apart;        // were cut out before: what stands before them stands at a text's end
    bool deepseek;            // only ASCII punctuation and white space lead words, the first only ASCII; marks belong to
                              // words; Han and Kana were cut out before; nothing takes control characters
} ScanRules;

// ---- a block's boundaries -----------------------------------------------------------------------

#define BELOW(n) ((UINT64_C(1) << (n)) - 1)  // n < 64

// What letters beyond ASCII add to the masks.
typedef struct Wide {
    uint64_t upper, lower, either, mark, other;
    uint64_t leads[5];        // first bytes of letters of 2, 3, 4 bytes
    uint64_t odd;             // first bytes of what the arithmetic does not know
} Wide;

INLINE void read_wide(const Byte *p, uint64_t high, const ScanRules *r, Wide *w)
{
    enum { UPPER, LOWER, EITHER, MARK, OTHER, ODD, NONE, KINDS };
    static const uint8_t kinds[128] = {['U'] = UPPER, ['L'] = LOWER, ['O'] = EITHER, ['M'] = MARK, ['P'] = OTHER,
                                       ['S'] = OTHER, ['x'] = NONE,  ['N'] = ODD,    ['W'] = ODD,  ['R'] = ODD};
    uint64_t by_kind[KINDS] = {0};
    while (high) {
        unsigned i = (unsigned)__builtin_ctzll(high), size;
        char k = letter_class_at(p + i, &size);
        if (i + size > BLOCK_BYTES) {
            by_kind[ODD] |= UINT64_C(1) << i;
            break;
        }
        uint64_t bits = BELOW(size) << i;
        high &= ~bits;
        bool apart = r->deepseek && letter_is_han_or_kana(p + i);
        by_kind[apart ? ODD : kinds[(unsigned char)k]] |= bits;
        w->leads[size] |= UINT64_C(1) << i;
    }
    w->upper = by_kind[UPPER];
    w->lower = by_kind[LOWER];
    w->either = by_kind[EITHER];
    w->mark = by_kind[MARK];
    bool plain = !r->digits_apart;  // else the splitter looks closely at what has no class
    w->other = by_kind[OTHER] | (plain ? by_kind[NONE] : 0);
    w->odd = by_kind[ODD] | (plain ? 0 : by_kind[NONE]);
}

// The bytes of a contraction at the apostrophe p, or 0; case does not matter, but to GPT-2.
INLINE unsigned contraction(const Byte *p, const Byte *end, const ScanRules *r)
{
    if (end - p < 2) return 0;
    unsigned fold = r->gpt2 ? 0 : 0x20, c = p[1] | fold, d = p[2] | fold;
    if (c == 's' || c == 't' || c == 'd' || c == 'm') return 2;
    if (end - p < 3) return 0;
    return (c == 'l' && d == 'l') || ((c == 'v' || c == 'r') && d == 'e') ? 3 : 0;
}

// Line breaks directly behind punctuation.
INLINE uint64_t taken_lines(uint64_t line, uint64_t other)
{
    return line & ~(line + (line & other << 1));
}

// Blanks that stand between line breaks belong to what begins before them.
INLINE uint64_t blanks_between(uint64_t blank, uint64_t line, uint64_t starts)
{
    uint64_t inner = (blank + starts) & ~blank & line, gone = 0;
    for (; inner; inner &= inner - 1) {
        uint64_t before = starts & BELOW(__builtin_ctzll(inner));
        gone |= UINT64_C(1) << (63 - __builtin_clzll(before));
    }
    return gone;
}

// What the bytes of a block are, wide letters included.
typedef struct Kinds {
    uint64_t letter, upper, lower, digit, other, blank, space, line, apostrophe;
    uint64_t odd;        // where the arithmetic does not hold
    uint64_t one_byte;
    Wide wide;
} Kinds;

INLINE void add_wide(Kinds *k, const Byte *p, uint64_t high, const ScanRules *r)
{
    read_wide(p, high, r, &k->wide);
    const Wide *w = &k->wide;
    k->upper |= w->upper;
    k->lower |= w->lower;
    k->letter |= w->upper | w->lower | w->either;
    k->other |= w->other;
    k->odd = w->odd;
    if (r->cased) {
        uint64_t either = w->either | w->mark;
        k->letter |= w->mark;
        k->odd |= (w->mark & ~(k->letter << 1)) | (k->upper & (either << 1));
    } else if (r->deepseek) {
        k->letter |= w->mark;
    } else {
        k->other |= w->mark;
    }
}

// Slashes behind the line breaks that punctuation took.
INLINE uint64_t taken_slashes(const Byte *p, const Kinds *k, uint64_t known)
{
    uint64_t taken = taken_lines(k->line & known, k->other & known), slashes = 0;
    for (uint64_t behind = (taken << 1) & ~k->line & known; behind; behind &= behind - 1) {
        unsigned at = (unsigned)__builtin_ctzll(behind);
        if (p[at] == '/') slashes |= UINT64_C(1) << at;
    }
    return slashes;
}

INLINE Kinds kinds_of(const Byte *p, const Masks *m, uint64_t known, const ScanRules *r)
{
    Kinds k = {.letter = m->letter, .upper = m->upper, .lower = m->letter & ~m->upper, .digit = m->digit, .blank = m->blank,
               .space = m->space, .line = m->line, .apostrophe = m->apostrophe, .one_byte = ~m->high,
               .other = ~(m->high | m->letter | m->digit | m->blank | m->line)};
    if (m->high & known) {
        add_wide(&k, p, m->high & known, r);
        if (!r->gpt2) k.odd |= m->apostrophe & (m->high >> 1);  // the long s is a contraction's letter too
    }
    if (r->trailing_slash) k.odd |= taken_slashes(p, &k, known);
    if (r->deepseek) k.odd |= m->control & known;
    return k;
}

// Up to where the arithmetic holds; a contraction must be seen whole. *cut: more comes behind.
INLINE unsigned sure_until(const Kinds *k, size_t left, const ScanRules *r, bool *cut)
{
    bool ends = left < BLOCK_BYTES;
    unsigned stop = ends ? (unsigned)left : BLOCK_BYTES;
    uint64_t odd = k->odd & (ends ? BELOW(left) : ~UINT64_C(0));
    *cut = !ends || odd;
    if (odd) stop = (unsigned)__builtin_ctzll(odd);
    if (*cut && (r->contraction_first || r->contraction_last)) {
        uint64_t late = k->apostrophe & (stop > 3 ? ~BELOW(stop - 3) : ~UINT64_C(0)) & (stop < 64 ? BELOW(stop) : ~UINT64_C(0));
        if (late) stop = (unsigned)__builtin_ctzll(late);
    }
    if (r->end_first && !*cut && stop && ((k->blank | k->line) >> (stop - 1) & 1)) {
        // The white space at the end: from its start on it is the scanner's.
        uint64_t solid = ~(k->blank | k->line) & BELOW(stop);
        stop = solid ? 64 - (unsigned)__builtin_clzll(solid) : 0;
        *cut = true;
    }
    return stop;
}

INLINE void forget_behind(Kinds *k, unsigned stop)
{
    if (stop == 64) return;
    uint64_t seen = BELOW(stop);
    k->letter &= seen;
    k->upper &= seen;
    k->lower &= seen;
    k->other &= seen;
    k->digit &= seen;
    k->blank &= seen;
    k->space &= seen;
    k->line &= seen;
    k->apostrophe &= seen;
}

// A word that punctuation leads has ASCII letters only; another begins with the first that is not.
INLINE uint64_t wide_rests(const Kinds *k, uint64_t led)
{
    uint64_t ascii = k->letter & k->one_byte, wide = k->letter & ~k->one_byte, starts = 0;
    if (!wide) return 0;
    for (led &= ascii; led; led &= led - 1) {
        uint64_t first = led & ~(led - 1), behind = (ascii + first) & ~ascii;
        starts |= behind & ~(behind - 1) & wide;
    }
    return starts;
}

// Words, with the letter that leads them.
INLINE uint64_t word_starts(const Kinds *k, const ScanRules *r)
{
    uint64_t word = k->letter & ~(k->letter << 1);
    if (r->gpt2) return word & ~(k->space << 1);
    uint64_t alone = k->other & ~(k->other << 1) & ~(k->space << 1), led = (alone & k->one_byte) << 1, wide_led = 0;
    if (r->deepseek) {
        led &= k->one_byte;
        return (word & ~(led | k->blank << 1)) | wide_rests(k, word & led);
    }
    const uint64_t *leads = k->wide.leads;
    if (leads[2] | leads[3] | leads[4]) wide_led = (alone & leads[2]) << 2 | (alone & leads[3]) << 3 | (alone & leads[4]) << 4;
    uint64_t starts = word & ~(led | wide_led | k->blank << 1);
    return r->cased ? starts | (k->upper & k->lower << 1) : starts;
}

INLINE uint64_t digit_starts(const Kinds *k, const ScanRules *r)
{
    uint64_t digit = k->digit;
    if (r->each_digit) return digit;
    if (r->gpt2) return digit & ~(digit << 1) & ~(k->space << 1);
    uint64_t third = digit & ~(digit << 1), three = digit & digit << 1 & digit << 2, starts = third;
    while ((third = third << 3 & three)) starts |= third;
    return starts;
}

// Punctuation with the space before it; white space: what stands before its last line break, what
// stands behind, and the last blank.
INLINE uint64_t other_starts(const Kinds *k, const ScanRules *r)
{
    uint64_t runs = k->other & ~(k->other << 1), solid = k->letter | k->other | (r->digits_apart ? 0 : k->digit);
    uint64_t starts = (runs & ~(k->space << 1)) | (runs >> 1 & k->space);
    if (r->gpt2) {
        uint64_t all = k->blank | k->line;
        return starts | (all & ~(all << 1)) | (all & solid >> 1);
    }
    uint64_t line = k->line & ~taken_lines(k->line, k->other), white = k->blank | line;
    uint64_t behind = k->blank & line << 1;
    starts |= (white & ~(white << 1)) | (k->blank & solid >> 1);
    return behind ? starts | (behind & ~blanks_between(k->blank, line, behind)) : starts;
}

INLINE uint64_t split_contractions(uint64_t starts, const Kinds *k, const Byte *p, const Byte *end, const ScanRules *r)
{
    if (r->contraction_first) {
        for (uint64_t at = k->apostrophe & (starts | 1) & k->letter >> 1; at; at &= at - 1) {
            unsigned i = (unsigned)__builtin_ctzll(at), n = contraction(p + i, end, r);
            if (n) starts = (starts & ~(UINT64_C(2) << i)) | UINT64_C(1) << (i + n);
        }
    }
    if (r->contraction_last) {
        uint64_t done = 0;
        for (uint64_t at = k->apostrophe & k->letter << 1 & k->letter >> 1; at; at &= at - 1) {
            unsigned i = (unsigned)__builtin_ctzll(at), n = done >> i & 1 ? 0 : contraction(p + i, end, r);
            if (!n) continue;
            done = UINT64_C(1) << (i + n);
            starts = (starts & ~(UINT64_C(1) << i)) | done;
        }
    }
    return starts;
}

INLINE uint64_t scan_masks(const Byte *p, const Byte *end, Masks m, const ScanRules *r)
{
    size_t left = (size_t)(end - p);
    bool cut;
    Kinds k = kinds_of(p, &m, left < BLOCK_BYTES ? BELOW(left) : ~UINT64_C(0), r);
    unsigned stop = sure_until(&k, left, r, &cut);
    if (stop == 0) return 0;
    forget_behind(&k, stop);
    uint64_t starts = word_starts(&k, r) | digit_starts(&k, r) | other_starts(&k, r);
    starts = split_contractions(starts, &k, p, end, r);
    if (!cut) return (starts & BELOW(stop) & ~UINT64_C(1)) | UINT64_C(1) << stop;
    // What white space and punctuation at the end of the known bytes give is not known.
    uint64_t firm = (k.letter | k.digit) & (stop < 64 ? BELOW(stop) : ~UINT64_C(0));
    if (!firm) return 0;
    unsigned sure = 64 - (unsigned)__builtin_clzll(firm);
    return starts & ~UINT64_C(1) & (sure < 64 ? BELOW(sure) : ~UINT64_C(0));
}

// ---- one function a pattern and level -----------------------------------------------------------

// Eight are written at once, since how many there are is hard to foresee; what is too much is written over.
INLINE size_t put_ends(uint64_t mask, uint32_t base, uint32_t *ends)
{
    size_t n = (size_t)__builtin_popcountll(mask);
    for (size_t done = 0; done < n; done += 8)
        for (size_t i = done; i < done + 8; i++, mask &= mask - 1) ends[i] = base + (uint32_t)__builtin_ctzll(mask | UINT64_C(1) << 63);
    return n;
}

#define CL100K_RULES {.contraction_first = true, .end_first = true}
#define LLAMA3_RULES {.contraction_first = true}
#define QWEN2_RULES {.contraction_first = true, .each_digit = true}
#define O200K_RULES {.cased = true, .contraction_last = true, .trailing_slash = true}
#define TEKKEN_RULES {.cased = true, .each_digit = true, .trailing_slash = true}
#define GPT2_RULES {.contraction_first = true, .gpt2 = true}
#define SMOLLM_RULES {.contraction_first = true, .gpt2 = true, .each_digit = true, .digits_apart = true}
#define DEEPSEEK_RULES {.deepseek = true, .digits_apart = true}

#define SCAN(name, rules, target, classify) \
    static target size_t name(const Byte *p, const Byte *end, uint32_t *ends, size_t cap) \
    { \
        static const ScanRules r = rules; \
        const Byte *at = p; \
        size_t n = 0; \
        while (at < end && n + BLOCK_BYTES <= cap && at - p < SCAN_BYTES) { \
            uint64_t mask = scan_masks(at, end, classify(at), &r); \
            if (!mask) break; \
            n += put_ends(mask, (uint32_t)(at - p), ends + n); \
            at += 63 - __builtin_clzll(mask); \
        } \
        return n; \
    }
#define SCANS(level, target, classify) \
    SCAN(cl100k_##level, CL100K_RULES, target, classify) \
    SCAN(llama3_##level, LLAMA3_RULES, target, classify) \
    SCAN(qwen2_##level, QWEN2_RULES, target, classify) \
    SCAN(o200k_##level, O200K_RULES, target, classify) \
    SCAN(tekken_##level, TEKKEN_RULES, target, classify) \
    SCAN(gpt2_##level, GPT2_RULES, target, classify) \
    SCAN(smollm_##level, SMOLLM_RULES, target, classify) \
    SCAN(deepseek_##level, DEEPSEEK_RULES, target, classify)
#define ROW(level) \
    { \
        [SPLIT_CL100K] = cl100k_##level, [SPLIT_LLAMA3] = llama3_##level, [SPLIT_QWEN2] = qwen2_##level, \
        [SPLIT_O200K] = o200k_##level, [SPLIT_TEKKEN] = tekken_##level, [SPLIT_GPT2] = gpt2_##level, \
        [SPLIT_SMOLLM] = smollm_##level, [SPLIT_DEEPSEEK] = deepseek_##level \
    }

SCANS(plain, , classify_plain)
#ifdef __x86_64__
SCANS(sse2, , classify_sse2)
SCANS(avx2, AVX2, classify_avx2)
SCANS(avx512, AVX512, classify_avx512)
#endif

static const BlockScan scans[SCAN_LEVELS][SPLIT_COUNT] = {
    [SCAN_PLAIN] = ROW(plain),
#ifdef __x86_64__
    [SCAN_SSE2] = ROW(sse2),
    [SCAN_AVX2] = ROW(avx2),
    [SCAN_AVX512] = ROW(avx512),
#endif
};

ScanLevel scan_level_best(void)
{
#ifdef __x86_64__
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return SCAN_AVX512;
    return avx2 ? SCAN_AVX2 : SCAN_SSE2;
#else
    return SCAN_PLAIN;
#endif
}

BlockScan block_scan_of(SplitKind kind, ScanLevel level)
{
    return kind < SPLIT_COUNT && level <= scan_level_best() ? scans[level][kind] : NULL;
}
