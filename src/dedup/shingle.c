// SPDX-License-Identifier: Apache-2.0
#include "dedup/shingle.h"

#include "dedup/wordmask.h"
#include "text/normalise.h"

__extension__ typedef unsigned __int128 Wide;

enum {
    PADDING = WORDMASK_BLOCK,  // behind the lower-case copy: words are loaded eight bytes at a time
    LONG_WORD = 1000,          // the normal form parts longer ones; leave them to it
};

static const uint64_t base = 0x9E6C63D0876A9A35u;  // of the rolling hash; odd

// ---- one word -----------------------------------------------------------------------------------

static uint64_t load(const char *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static bool big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

// Reads up to seven bytes behind the word.
static uint64_t hash_word(const char *p, size_t len)
{
    const uint64_t k0 = 0xA0761D6478BD642Fu, k1 = 0xE7037ED1A0B428DBu;
    if (len > 16) return hash64((Str){p, len}, 0);
    uint64_t a, b = len;
    if (len > 8) {
        a = load(p);
        b ^= load(p + len - 8);
    } else {
        unsigned away = (unsigned)(64 - 8 * len);
        a = big_endian() ? load(p) >> away : load(p) << away;
    }
    return fold(a ^ k0, b ^ k1);
}

static void add_word(Shingles *s, const char *p, size_t len)
{
    if (s->n_words == s->cap_words) {
        s->cap_words = s->cap_words ? 2 * s->cap_words : 256;
        s->words = mem_realloc(s->words, s->cap_words * sizeof *s->words);
    }
    s->words[s->n_words++] = hash_word(p, len);
}

// ---- words that need more thought ---------------------------------------------------------------

// Bytes of a piece of typographic punctuation, U+2010 to U+2027; 0: it is something else.
static size_t punctuation(Str s, size_t at, bool *apostrophe)
{
    if (s.len - at < 3 || (unsigned char)s.ptr[at] != 0xE2 || (unsigned char)s.ptr[at + 1] != 0x80) return 0;
    unsigned char last = (unsigned char)s.ptr[at + 2];
    *apostrophe = last == 0x99;
    return last >= 0x90 && last <= 0xA7 ? 3 : 0;
}

// The normal form of a run of ASCII letters, apostrophes and typographic punctuation, the bulk of
// what is not plain. False where the run has anything else.
static bool easy_words(Shingles *s, Str run)
{
    char word[LONG_WORD + PADDING];
    size_t len = 0, at = 0, words = s->n_words;
    bool open = false;  // an apostrophe came behind the last letter
    while (at < run.len) {
        unsigned char c = (unsigned char)run.ptr[at];
        bool apostrophe = c == '\'';
        size_t skip = c < 0x80 ? 1 : punctuation(run, at, &apostrophe);
        if (skip == 0) {
            s->n_words = words;
            return false;
        }
        at += skip;
        if (skip == 1 && !apostrophe) {
            word[len++] = (char)(c | 0x20);
            open = false;
        } else if (apostrophe && len && !open) {
            open = true;
        } else {
            if (len) add_word(s, word, len);
            len = 0;
            open = false;
        }
    }
    if (len) add_word(s, word, len);
    return true;
}

static void hard_words(Shingles *s, Str run)
{
    Str rest, word;
    buf_clear(&s->normal);
    normalise(run, &s->normal);
    rest = buf_str(&s->normal);
    if (rest.len == 0) return;
    size_t len = rest.len;
    for (int i = 0; i < 8; i++) buf_add_char(&s->normal, 0);
    rest = (Str){s->normal.ptr, len};
    while (normal_next(&rest, &word)) add_word(s, word.ptr, word.len);
}

static void add_run(Shingles *s, Str text, size_t from, size_t to, bool special)
{
    if (!special && to - from < LONG_WORD)
        add_word(s, s->lower.ptr + from, to - from);
    else if (to - from >= LONG_WORD || !easy_words(s, str_slice(text, from, to)))
        hard_words(s, str_slice(text, from, to));
}

// ---- the words of a text ------------------------------------------------------------------------

// Where a run of letters begins or ends, block by block.
typedef struct RunScan {
    size_t from;      // of the open run
    bool open;
    bool special;     // the open run needs thought
} RunScan;

static uint64_t above(unsigned bit) { return bit >= 64 ? 0 : ~(uint64_t)0 << bit; }

static void scan_block(Shingles *s, Str text, size_t at, WordMask m, RunScan *scan)
{
    uint64_t inside = m.plain | m.special;
    uint64_t edges = inside ^ (inside << 1 | (scan->open ? 1 : 0));
    unsigned from = 0;
    while (edges) {
        unsigned bit = (unsigned)__builtin_ctzll(edges);
        edges &= edges - 1;
        if (scan->open) {
            bool special = scan->special || (m.special & above(from) & ~above(bit));
            add_run(s, text, scan->from, at + bit, special);
            scan->open = false;
        } else {
            *scan = (RunScan){at + bit, true, false};
            from = bit;
        }
    }
    if (scan->open) scan->special |= (m.special & above(from)) != 0;
}

void shingles_words(Shingles *s, Str text)
{
    s->n_words = s->n = s->repeated = 0;
    buf_clear(&s->lower);
    if (!buf_reserve(&s->lower, text.len + 2 * PADDING)) oom();
    RunScan scan = {0};
    size_t at = 0;
    for (; at + WORDMASK_BLOCK <= text.len; at += WORDMASK_BLOCK)
        scan_block(s, text, at, wordmask(text.ptr + at, s->lower.ptr + at), &scan);
    char last[WORDMASK_BLOCK] = {0};
    if (at < text.len) memcpy(last, text.ptr + at, text.len - at);
    scan_block(s, text, at, wordmask(last, s->lower.ptr + at), &scan);
    if (scan.open) add_run(s, text, scan.from, text.len, scan.special);
    s->exact = hash128(s->n_words ? (Str){(const char *)s->words, s->n_words * sizeof *s->words} : text);
}

// ---- the set ------------------------------------------------------------------------------------

WordRun word_run(unsigned n)
{
    WordRun r = {.power = 1};
    for (unsigned i = 0; i < n; i++) r.power *= base;
    return r;
}

static uint64_t finish(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 29;
}

uint64_t word_run_next(WordRun *r, uint64_t word, uint64_t leaving)
{
    r->sum = r->sum * base + word - leaving * r->power;
    return finish(r->sum);
}

static void clear_set(Shingles *s, size_t most)
{
    s->n_slots = 64;
    while (s->n_slots < 2 * most) s->n_slots *= 2;
    if (s->n_slots > s->cap_slots) {
        s->cap_slots = s->n_slots;
        s->slots = mem_realloc(s->slots, s->cap_slots * sizeof *s->slots);
    }
    memset(s->slots, 0, s->n_slots * sizeof *s->slots);
    if (most <= s->cap_items) return;
    s->cap_items = s->n_slots;
    s->items = mem_realloc(s->items, s->cap_items * sizeof *s->items);
}

// 32 bits of a shingle's hash; never 0.
static uint32_t key_of(uint64_t shingle)
{
    uint32_t key = (uint32_t)(shingle >> 32);
    return key ? key : 1;
}

static void add_item(Shingles *s, uint32_t key)
{
    size_t i = key & (s->n_slots - 1);
    while (s->slots[i] && s->slots[i] != key) i = (i + 1) & (s->n_slots - 1);
    if (s->slots[i]) {
        s->repeated++;
        return;
    }
    s->slots[i] = key;
    s->items[s->n++] = key;
}

void shingles_items(Shingles *s, unsigned words)
{
    const uint64_t *w = s->words;
    size_t n = s->n_words;
    s->n = s->repeated = 0;
    clear_set(s, n ? n : 1);
    WordRun run = word_run(words);
    for (size_t i = 0; i < n; i++) {
        uint64_t shingle = word_run_next(&run, w[i], i >= words ? w[i - words] : 0);
        if (i + 1 >= words || i + 1 == n) add_item(s, key_of(shingle));
    }
}

void shingles_from_keys(Shingles *s, const uint32_t *keys, size_t n)
{
    s->n = s->repeated = 0;
    clear_set(s, n ? n : 1);
    for (size_t i = 0; i < n; i++) add_item(s, keys[i]);
}

size_t shingles_common(const Shingles *s, const uint32_t *keys, size_t n)
{
    size_t common = 0, mask = s->n_slots - 1;
    for (size_t k = 0; k < n; k++) {
        size_t i = keys[k] & mask;
        while (s->slots[i] && s->slots[i] != keys[k]) i = (i + 1) & mask;
        common += s->slots[i] != 0;
    }
    return common;
}

void shingles_free(Shingles *s)
{
    free(s->words);
    free(s->items);
    free(s->slots);
    buf_free(&s->lower);
    buf_free(&s->normal);
    *s = (Shingles){0};
}
