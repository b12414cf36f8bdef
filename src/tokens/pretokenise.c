// SPDX-License-Identifier: Apache-2.0
#include "tokens/pretokenise.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "tokens/letter_class.h"

// The rules that the family of patterns around GPT-2's differ in.
typedef struct Rules {
    bool contraction_first;   // 's, 't, … are pieces of their own, tried before all else
    bool contraction_last;    // … belong to the word before them
    bool any_case;            // 'S too, and the long s (U+017F), which folds to s
    bool gpt2;                // only a space may lead a word, and a space may lead digits
    bool cased;               // a word is capitals, then small letters
    bool end_first;           // white space at the text's end is one piece
    bool newlines;            // \s*[\r\n]+ is a piece
    bool digits_alone;        // each digit was cut out before
    unsigned digits;          // most digits of a piece; 0: any
    bool trailing_newlines;   // punctuation takes line breaks behind it
    bool trailing_slash;      // … and slashes
} Rules;

#define INLINE static inline __attribute__((always_inline))

typedef unsigned char Byte;

// ---- runs ---------------------------------------------------------------------------------------

static bool is_letter(char k) { return k == 'U' || k == 'L' || k == 'O'; }
static bool is_space(char k) { return k == 'W' || k == 'R'; }
static bool is_other(char k) { return !is_letter(k) && !is_space(k) && k != 'N'; }

// How many of the 16 bytes at p are ASCII letters before the first that is not, likewise small letters.
#ifdef __SSE2__
INLINE unsigned leading(__m128i bytes, char first)
{
    __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char)(-128 - first)));
    return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(moved, _mm_set1_epi8(-128 + 25))) | 0x10000u);
}
INLINE unsigned letters16(const Byte *p)
{
    return leading(_mm_or_si128(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8(0x20)), 'a');
}
INLINE unsigned small16(const Byte *p) { return leading(_mm_loadu_si128((const __m128i *)p), 'a'); }
#else
INLINE unsigned letters16(const Byte *p)
{
    unsigned n = 0;
    while (n < 16 && str_is_alpha((char)p[n])) n++;
    return n;
}
INLINE unsigned small16(const Byte *p)
{
    unsigned n = 0;
    while (n < 16 && p[n] >= 'a' && p[n] <= 'z') n++;
    return n;
}
#endif

INLINE const Byte *skip_letters(const Byte *p, const Byte *end)
{
    for (;;) {
        unsigned n = letters16(p);
        p += n;
        if (p >= end) return end;
        if (n == 16) continue;
        if (*p < 0x80) return p;
        unsigned size;
        if (!is_letter(letter_class_at(p, &size))) return p;
        p += size;
    }
}

static const Byte *skip_other(const Byte *p, const Byte *end)
{
    unsigned size;
    for (; p < end && is_other(letter_class_at(p, &size)); p += size) {}
    return p;
}

static const Byte *skip_digits(const Byte *p, const Byte *end, unsigned most)
{
    unsigned size;
    for (unsigned n = 0; p < end && (most == 0 || n < most) && letter_class_at(p, &size) == 'N'; n++) p += size;
    return p;
}

// ---- words --------------------------------------------------------------------------------------

// Bytes of a contraction at p, or 0: s t d m, ll ve re.
INLINE size_t contraction(const Byte *p, const Byte *end, bool any_case)
{
    if (end - p < 2 || *p != '\'') return 0;
    unsigned fold = any_case ? 0x20 : 0;
    unsigned c = p[1] < 0x80 ? p[1] | fold : p[1];
    if (c == 's' || c == 't' || c == 'd' || c == 'm') return 2;
    if (any_case && end - p >= 3 && p[1] == 0xC5 && p[2] == 0xBF) return 3;
    if (end - p < 3 || p[2] >= 0x80) return 0;
    unsigned d = p[2] | fold;
    return (c == 'l' && d == 'l') || ((c == 'v' || c == 'r') && d == 'e') ? 3 : 0;
}

static bool is_upper_part(char k) { return k == 'U' || k == 'O' || k == 'M'; }
static bool is_lower_part(char k) { return k == 'L' || k == 'O' || k == 'M'; }

// [Lu Lt Lm Lo M]*[Ll Lm Lo M]+ at p. NULL: no match. What the first class took too much is given
// back up to the last letter that the second takes too.
static const Byte *cased_lower(const Byte *p, const Byte *end)
{
    const Byte *both_end = NULL;
    unsigned size;
    char k = 0;
    while (p < end && is_upper_part(k = letter_class_at(p, &size))) {
        p += size;
        if (k != 'U') both_end = p;
    }
    if (p >= end || k != 'L') return both_end;
    while (p < end && is_lower_part(letter_class_at(p, &size))) p += size;
    return p;
}

// [Lu Lt Lm Lo M]+[Ll Lm Lo M]*, where the form above does not match: capitals only.
static const Byte *cased_upper(const Byte *p, const Byte *end)
{
    const Byte *start = p;
    unsigned size;
    while (p < end && is_upper_part(letter_class_at(p, &size))) p += size;
    return p > start ? p : NULL;
}

static const Byte *cased_slowly(const Byte *p, const Byte *end)
{
    unsigned size;
    char k = letter_class_at(p, &size);
    bool lead = !is_letter(k) && k != 'N' && k != 'R';
    const Byte *to = NULL;
    if (lead && p + size < end) to = cased_lower(p + size, end);
    if (!to) to = cased_lower(p, end);
    if (!to && lead && p + size < end) to = cased_upper(p + size, end);
    if (!to) to = cased_upper(p, end);
    return to;
}

// The same for the words that most words are: ASCII, capitals first. NULL: look closely.
INLINE const Byte *cased_quickly(const Byte *p, const Byte *end)
{
    const Byte *at = p;
    char first = letter_blocks[0][*p & 0x7F];
    if (*p >= 0x80) return NULL;
    if (!is_letter(first)) {
        if (first == 'N' || first == 'R') return NULL;
        at++;
    }
    const Byte *upper = at;
    unsigned n = small16(at);
    if (n == 0) {
        while (*at >= 'A' && *at <= 'Z') at++;
        if (at == upper) return NULL;
        n = small16(at);
    }
    at += n;
    while (n == 16) at += n = small16(at);
    if (at >= end || *at >= 0x80) return NULL;
    return at;
}

INLINE const Byte *word(const Byte *p, const Byte *end, const Rules *r)
{
    if (r->cased) {
        // Two ASCII bytes of which neither is a letter open no word, and most that is no word is that.
        if ((p[0] | p[1]) < 0x80 && !is_letter(letter_blocks[0][p[0]]) && !is_letter(letter_blocks[0][p[1]])) return NULL;
        const Byte *to = cased_quickly(p, end);
        if (!to) to = cased_slowly(p, end);
        if (to && r->contraction_last) to += contraction(to, end, r->any_case);
        return to;
    }
    unsigned size;
    char k = letter_class_at(p, &size);
    if (is_letter(k)) return skip_letters(p + size, end);
    if (r->gpt2 ? *p != ' ' : k == 'N' || k == 'R') return NULL;
    const Byte *to = p + size;
    unsigned next;
    if (to >= end || !is_letter(letter_class_at(to, &next))) return NULL;
    return skip_letters(to + next, end);
}

// ---- white space --------------------------------------------------------------------------------

static const Byte *white(const Byte *p, const Byte *end, const Rules *r)
{
    const Byte *at = p, *last = p, *behind_break = NULL;
    unsigned size;
    char k = 0;
    while (at < end && is_space(k = letter_class_at(at, &size))) {
        last = at;
        at += size;
        if (k == 'R') behind_break = at;
    }
    bool ends = at >= end || (r->digits_alone && k == 'N');
    if (r->end_first && ends) return at;
    if (r->newlines && behind_break) return behind_break;
    if (ends || last == p) return at;
    return last;
}

// ---- a piece ------------------------------------------------------------------------------------

INLINE size_t piece(const Byte *p, const Byte *end, const Rules *r)
{
    if (r->contraction_first && *p == '\'') {
        size_t n = contraction(p, end, r->any_case);
        if (n) return n;
    }
    const Byte *to = word(p, end, r);
    if (to) return (size_t)(to - p);
    unsigned size, next;
    char k = letter_class_at(p, &size);
    if (k == 'N') return (size_t)(skip_digits(p, end, r->digits) - p);
    to = p;
    if (*p == ' ' && p + 1 < end) {
        char after = letter_class_at(p + 1, &next);
        if (r->gpt2 && !r->digits_alone && after == 'N') return (size_t)(skip_digits(p + 1, end, 0) - p);
        if (is_other(after)) {
            to = p + 1;
            k = 'x';
        }
    }
    if (is_space(k)) return (size_t)(white(p, end, r) - p);
    to = skip_other(to, end);
    if (r->trailing_newlines)
        while (to < end && (*to == '\r' || *to == '\n' || (r->trailing_slash && *to == '/'))) to++;
    return (size_t)(to - p);
}

static size_t split_gpt2(const Byte *p, const Byte *end)
{
    static const Rules r = {.contraction_first = true, .gpt2 = true};
    return piece(p, end, &r);
}

// Digits are cut out by a newer Unicode (17) than the pattern knows: U+11DE0–11DE9, U+16FF4–16FF6. They have no class.
static bool is_new_digit(const Byte *p)
{
    uint32_t c = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    return (c >= 0x11DE0 && c <= 0x11DE9) || (c >= 0x16FF4 && c <= 0x16FF6);
}

// The first of them before `end`, or NULL.
static const Byte *find_new_digit(const Byte *p, const Byte *end)
{
    while ((p = memchr(p, 0xF0, (size_t)(end - p)))) {
        if (end - p >= 4 && is_new_digit(p)) return p;
        p++;
    }
    return NULL;
}

// A piece, and whether it ends at a digit, is looked for within twice its length: runs of such digits and of what stands
// between them are no pieces, and may be as long as the text.
static size_t split_smollm(const Byte *p, const Byte *end)
{
    enum { BEHIND = 4 + 3, NEAR = 32 };  // a blank of up to 3 bytes that a digit would end, and the digit
    static const Rules r = {.contraction_first = true, .gpt2 = true, .digits_alone = true, .digits = 1};
    for (size_t far = NEAR;; far *= 2) {
        bool all = (size_t)(end - p) <= far;
        const Byte *stop = all ? end : p + far, *digit = find_new_digit(p, stop);
        if (digit == p) return 4;
        size_t n = piece(p, digit ? digit : stop, &r);
        if (all || digit || n + BEHIND < far) return n;
    }
}

static size_t split_cl100k(const Byte *p, const Byte *end)
{
    static const Rules r = {.contraction_first = true, .any_case = true, .digits = 3, .end_first = true, .newlines = true,
                            .trailing_newlines = true};
    return piece(p, end, &r);
}

static size_t split_llama3(const Byte *p, const Byte *end)
{
    static const Rules r = {.contraction_first = true, .any_case = true, .digits = 3, .newlines = true, .trailing_newlines = true};
    return piece(p, end, &r);
}

static size_t split_qwen2(const Byte *p, const Byte *end)
{
    static const Rules r = {.contraction_first = true, .any_case = true, .digits = 1, .newlines = true, .trailing_newlines = true};
    return piece(p, end, &r);
}

static size_t split_o200k(const Byte *p, const Byte *end)
{
    static const Rules r = {.contraction_last = true, .any_case = true, .cased = true, .digits = 3, .newlines = true,
                            .trailing_newlines = true, .trailing_slash = true};
    return piece(p, end, &r);
}

static size_t split_tekken(const Byte *p, const Byte *end)
{
    static const Rules r = {.cased = true, .digits = 1, .newlines = true, .trailing_newlines = true, .trailing_slash = true};
    return piece(p, end, &r);
}

// ---- ▁ for spaces -------------------------------------------------------------------------------

static bool is_blank_mark(const Byte *p, const Byte *end)
{
    return end - p >= 3 && p[0] == 0xE2 && p[1] == 0x96 && p[2] == 0x81;
}

static size_t split_spaces(const Byte *p, const Byte *end)
{
    const Byte *at = p;
    while (is_blank_mark(at, end)) at += 3;
    for (;;) {
        const Byte *mark = memchr(at, 0xE2, (size_t)(end - at));
        if (!mark) return (size_t)(end - p);
        if (mark > p && is_blank_mark(mark, end)) return (size_t)(mark - p);
        at = mark + 1;
    }
}

// ---- DeepSeek -----------------------------------------------------------------------------------

// What the second pattern cuts out.
static bool is_cjk(const Byte *p, const Byte *end) { return end - p >= 3 && letter_is_han_or_kana(p); }

// The class at p within its segment; 0 where the segment ends.
static char segment_class(const Byte *p, const Byte *end, unsigned *size)
{
    *size = 1;
    if (p >= end) return 0;
    char k = letter_class_at(p, size);
    return k == 'N' || is_cjk(p, end) ? 0 : k;
}

static bool is_ascii_punctuation(Byte c)
{
    return c > ' ' && c < 0x7F && !str_is_alpha((char)c) && !str_is_digit((char)c);
}

static const Byte *letters_and_marks(const Byte *p, const Byte *end)
{
    unsigned size;
    for (char k; (k = segment_class(p, end, &size)) && (is_letter(k) || k == 'M');) p += size;
    return p;
}

// A match of the third pattern at p, or NULL.
static const Byte *deepseek_match(const Byte *p, const Byte *end)
{
    static const Rules white_rules = {.newlines = true};
    unsigned size, next;
    char k = segment_class(p, end, &size);
    if (is_ascii_punctuation(*p) && p + 1 < end && str_is_alpha((char)p[1])) {
        while (++p < end && str_is_alpha((char)*p)) {}
        return p;
    }
    if (is_letter(k) || k == 'M') return letters_and_marks(p, end);
    char after = segment_class(p + size, end, &next);
    if (k != 'R' && k != 'P' && k != 'S' && (is_letter(after) || after == 'M')) return letters_and_marks(p + size, end);
    const Byte *at = *p == ' ' ? p + 1 : p;
    const Byte *start = at;
    while ((k = segment_class(at, end, &size)) == 'P' || k == 'S') at += size;
    if (at > start) {
        while (at < end && (*at == '\r' || *at == '\n')) at++;
        return at;
    }
    if (!is_space(segment_class(p, end, &size))) return NULL;
    const Byte *stop = p;
    while (is_space(segment_class(stop, end, &size))) stop += size;
    return white(p, segment_class(stop, end, &size) ? end : stop, &white_rules);
}

static size_t split_deepseek(const Byte *p, const Byte *end)
{
    const Byte *at = p;
    unsigned size;
    if (letter_class_at(p, &size) == 'N') return (size_t)(skip_digits(p, end, 3) - p);
    if (is_cjk(p, end)) {
        while (at < end && is_cjk(at, end)) at += 3;
        return (size_t)(at - p);
    }
    const Byte *to = deepseek_match(p, end);
    if (to) return (size_t)(to - p);
    // Between two matches everything is one piece.
    do {
        letter_class_at(at, &size);
        at += size;
    } while (segment_class(at, end, &size) && !deepseek_match(at, end));
    return (size_t)(at - p);
}

// ---- which --------------------------------------------------------------------------------------

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WORD "[^\\r\\n\\p{L}\\p{N}]?"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BLANKS "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

typedef struct Known {
    const char *name;
    Splitter splitter;
    Str patterns[3];  // as tokenizer.json writes them
} Known;

static const Known known[SPLIT_COUNT] = {
    [SPLIT_NONE] = {"none", NULL, {{0}}},
    [SPLIT_GPT2] = {"gpt2", split_gpt2, {S_INIT(GPT2)}},
    [SPLIT_CL100K] = {"cl100k", split_cl100k, {{0}}},
    [SPLIT_O200K] = {"o200k", split_o200k,
        {S_INIT(WORD UPPER "*" LOWER "+" CONTRACTIONS "?|" WORD UPPER "+" LOWER "*" CONTRACTIONS
                "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" BLANKS)}},
    [SPLIT_LLAMA3] = {"llama3", split_llama3,
        {S_INIT(CONTRACTIONS "|" WORD "\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BLANKS)}},
    [SPLIT_QWEN2] = {"qwen2", split_qwen2,
        {S_INIT(CONTRACTIONS "|" WORD "\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BLANKS)}},
    [SPLIT_TEKKEN] = {"tekken", split_tekken,
        {S_INIT(WORD UPPER "*" LOWER "+|" WORD UPPER "+" LOWER "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" BLANKS)}},
    [SPLIT_DEEPSEEK] = {"deepseek", split_deepseek,
        {S_INIT("\\p{N}{1,3}"), S_INIT("[一-龥぀-ゟ゠-ヿ]+"),
         S_INIT("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
                "?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+")}},
    [SPLIT_SMOLLM] = {"smollm", split_smollm, {{0}}},
    [SPLIT_SPACES] = {"spaces", split_spaces, {{0}}},
    [SPLIT_PATTERN] = {"pattern", NULL, {{0}}},
};

Splitter splitter_of(SplitKind kind) { return kind < SPLIT_COUNT ? known[kind].splitter : NULL; }

const char *split_name(SplitKind kind) { return kind < SPLIT_COUNT ? known[kind].name : "unknown"; }

SplitKind split_kind(const Str *patterns, size_t n)
{
    for (unsigned kind = 0; kind < SPLIT_COUNT; kind++) {
        const Str *have = known[kind].patterns;
        size_t count = 0;
        while (count < 3 && have[count].ptr) count++;
        if (count == 0 || count != n) continue;
        size_t same = 0;
        while (same < n && str_eq(have[same], patterns[same])) same++;
        if (same == n) return (SplitKind)kind;
    }
    return SPLIT_PATTERN;
}
