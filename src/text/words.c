// SPDX-License-Identifier: Apache-2.0
#include "text/words.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "text/classify.h"

// A run without spaces is segmented in windows of this many letters, and what ends within the last
// WINDOW_TAIL of a window that is not the last is looked at again in the next one: memory stays
// small for a run of any length, and no dictionary word is near that long.
enum { WINDOW = 1024, WINDOW_TAIL = 64 };

// ---- space --------------------------------------------------------------------------------------

bool space_is(uint32_t c)
{
    if (c < 0x80) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool ascii_space(unsigned char c) { return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20); }

size_t space_len(Str text, size_t at)
{
    if (at >= text.len) return 0;
    unsigned char c = (unsigned char)text.ptr[at];
    if (c < 0x80) return ascii_space(c);
    if (c != 0xC2 && (c < 0xE1 || c > 0xE3)) return 0;
    size_t next = at;
    return space_is(utf8_next(text, &next)) ? next - at : 0;
}

// A visible letter of ASCII: what most questions are about.
static bool ascii_visible(char c) { return c > 0x20 && c < 0x7F; }

size_t space_skip(Str text, size_t at)
{
    if (at < text.len && ascii_visible(text.ptr[at])) return at;
    for (size_t n; (n = space_len(text, at)) != 0;) at += n;
    return at;
}

// The first byte from `at` that may open a space or a letter of a script without spaces.
static size_t space_or_rare(Str text, size_t at)
{
    while (at + CLASS_BLOCK <= text.len) {
        ByteClasses c = classify(text.ptr + at);
        uint64_t stop = c.space | c.rare;
        if (stop) return at + (size_t)__builtin_ctzll(stop);
        at += CLASS_BLOCK;
    }
    for (; at < text.len; at++) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c < 0x80 ? ascii_space(c) : (c == 0xC2 || c >= 0xE0)) break;
    }
    return at;
}

size_t space_find(Str text, size_t at)
{
    while ((at = space_or_rare(text, at)) < text.len && !space_len(text, at)) at++;
    return at;
}

size_t space_skip_back(Str text, size_t at)
{
    if (at > 0 && ascii_visible(text.ptr[at - 1])) return at;
    while (at > 0) {
        size_t start = at - 1;
        while (start > 0 && ((unsigned char)text.ptr[start] & 0xC0) == 0x80) start--;
        if (space_len(text, start) != at - start) return at;
        at = start;
    }
    return 0;
}

Str space_trim(Str text)
{
    if (text.len && ascii_visible(text.ptr[0]) && ascii_visible(text.ptr[text.len - 1])) return text;
    size_t start = space_skip(text, 0);
    return start == text.len ? str_slice(text, start, start) : str_slice(text, start, space_skip_back(text, text.len));
}

// ---- scripts ------------------------------------------------------------------------------------

bool script_without_spaces(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        {0x0E00, 0x0FFF},    // Thai, Lao, Tibetan
        {0x1000, 0x109F},    // Myanmar
        {0x1780, 0x17FF},    // Khmer
        {0x1950, 0x19FF},    // Tai Le, New Tai Lue, Khmer symbols
        {0x1A20, 0x1AAF},    // Tai Tham
        {0x2E80, 0x2FDF},    // radicals
        {0x3005, 0x3007},    // iteration mark, closing mark, zero
        {0x3021, 0x3029},    // Hangzhou numerals
        {0x3040, 0x312F},    // Hiragana, Katakana, Bopomofo
        {0x31A0, 0x31BF},    // Bopomofo
        {0x31F0, 0x31FF},    // Katakana
        {0x3400, 0x4DBF},    // Han
        {0x4E00, 0x9FFF},    // Han
        {0xA000, 0xA4CF},    // Yi
        {0xA9E0, 0xA9FF},    // Myanmar
        {0xAA60, 0xAADF},    // Myanmar, Tai Viet
        {0xF900, 0xFAFF},    // Han
        {0xFF66, 0xFF9F},    // half-width Katakana
        {0x1AFF0, 0x1B16F},  // Kana
        {0x20000, 0x3FFFF},  // Han
    };
    if (c < ranges[0][0]) return false;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c <= ranges[i][1]) return c >= ranges[i][0];
    return false;
}

// From `at`, in a run: the end of the run, and whether a letter of such a script was met on the way
// (the search stops there, so a run of any length costs no more than what is used of it).
static size_t run_end(Str text, size_t at, bool *script)
{
    *script = false;
    while (at < text.len) {
        at = space_or_rare(text, at);
        if (at >= text.len || space_len(text, at)) return at;
        uint32_t c = utf8_next(text, &at);
        if (c != UTF8_BAD && script_without_spaces(c)) {
            *script = true;
            return at;
        }
    }
    return at;
}

// ---- one run ------------------------------------------------------------------------------------

typedef struct Window {
    UChar units[2 * WINDOW];
    uint32_t offsets[2 * WINDOW + 1];  // byte of the text at which the unit's letter begins
    int32_t n;
    bool last;
} Window;

static void fill_window(Str text, size_t at, Window *w)
{
    w->n = 0;
    size_t start = at;
    w->last = true;
    for (int letters = 0; at < text.len && !space_len(text, at); letters++) {
        if (letters == WINDOW) {
            w->last = false;
            break;
        }
        uint32_t offset = (uint32_t)(at - start), c = utf8_next(text, &at);
        if (c == UTF8_BAD) c = 0xFFFD;
        if (c >= 0x10000) {
            w->offsets[w->n] = offset;
            w->units[w->n++] = (UChar)(0xD7C0 + (c >> 10));
            c = 0xDC00 | (c & 0x3FF);
        }
        w->offsets[w->n] = offset;
        w->units[w->n++] = (UChar)c;
    }
    w->offsets[w->n] = (uint32_t)(at - start);
}

void segmenter_free(Segmenter *s)
{
    if (s->breaker) ubrk_close(s->breaker);
    s->breaker = NULL;
}

static UBreakIterator *breaker(Segmenter *s)
{
    UErrorCode status = U_ZERO_ERROR;
    if (!s->breaker) s->breaker = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    if (U_FAILURE(status) || !s->breaker) oom();
    return s->breaker;
}

// All opening punctuation is in the first plane, so that one unit tells.
static bool opens(const Window *w, int32_t at)
{
    int8_t type = u_charType(w->units[at]);
    return type == U_START_PUNCTUATION || type == U_INITIAL_PUNCTUATION;
}

// Walks the words of a run.
typedef struct RunWalk {
    Segmenter *segmenter;
    Str text;
    size_t base;       // where the window begins
    Window window;
    int32_t unit;      // the window's unit at which the next word begins
    bool loaded;
} RunWalk;

static void load(RunWalk *r, size_t at)
{
    UErrorCode status = U_ZERO_ERROR;
    fill_window(r->text, at, &r->window);
    r->base = at;
    r->unit = 0;
    r->loaded = true;
    ubrk_setText(breaker(r->segmenter), r->window.units, r->window.n, &status);
    if (U_FAILURE(status)) oom();
}

// From the window's unit `r->unit`: the end of one word, with what belongs to it. A second
// word-like segment, or opening punctuation behind the first, ends it.
static int32_t word_end(RunWalk *r)
{
    UBreakIterator *b = r->segmenter->breaker;
    bool word = false;
    int32_t from = r->unit;
    while (from < r->window.n) {
        int32_t to = ubrk_following(b, from);
        if (to == UBRK_DONE) to = r->window.n;
        bool like = ubrk_getRuleStatus(b) >= UBRK_WORD_NONE_LIMIT;
        if (word && (like || opens(&r->window, from))) return from;
        word = word || like;
        from = to;
    }
    return from;
}

// The end of the word that begins at `at`; what trails the run's last word is its own.
static size_t run_next(RunWalk *r, size_t at)
{
    if (!r->loaded || r->unit == r->window.n) load(r, at);
    int32_t end = word_end(r);
    if (!r->window.last && r->window.n - end < WINDOW_TAIL && r->unit > 0) {
        load(r, at);
        end = word_end(r);
    }
    r->unit = end;
    return r->base + r->window.offsets[end];
}

// At most `n` words of the run that begins at `at`.
static size_t run_words(Segmenter *s, Str text, size_t at, size_t n, size_t *end)
{
    bool script;
    *end = run_end(text, at, &script);
    if (!script) return 1;
    RunWalk r;
    r.segmenter = s, r.text = text, r.loaded = false, r.unit = 0, r.window.n = 0;
    size_t count = 0;
    while (count < n && at < text.len && !(r.loaded && r.unit == r.window.n && r.window.last)) {
        at = run_next(&r, at);
        count++;
    }
    *end = at;
    return count;
}

// ---- many words ---------------------------------------------------------------------------------

// Marks the spaces among the rare bytes of a block that begins at `at`. False at a letter of a
// script without spaces. *over: bytes of a space that lie in the next block.
static bool resolve_rare(Str text, size_t at, ByteClasses *c, unsigned *over)
{
    for (uint64_t rare = c->rare; rare; rare &= rare - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(rare);
        size_t next = at + bit;
        uint32_t letter = utf8_next(text, &next);
        if (letter == UTF8_BAD) continue;
        if (script_without_spaces(letter)) return false;
        if (!space_is(letter)) continue;
        unsigned len = (unsigned)(next - at) - bit;
        c->space |= ((UINT64_C(1) << len) - 1) << bit;
        if (bit + len > CLASS_BLOCK) *over = bit + len - CLASS_BLOCK;
    }
    return true;
}

// How many runs begin in the text as far as blocks without letters of scripts without spaces go.
// *at is where it stopped: the text's end, or the space before the run that holds such a letter or
// before the block in which there would be more than `limit`.
static size_t count_blocks(Str text, size_t *at, size_t limit)
{
    size_t count = 0, clean = *at, counted = 0;
    uint64_t in_run = 0;
    unsigned over = 0;
    char padded[CLASS_BLOCK];
    for (size_t i = *at; i < text.len; i += CLASS_BLOCK) {
        const char *p = text.ptr + i;
        if (text.len - i < CLASS_BLOCK) {
            memset(padded, ' ', sizeof padded);
            memcpy(padded, p, text.len - i);
            p = padded;
        }
        ByteClasses c = classify(p);
        c.space |= (UINT64_C(1) << over) - 1;
        over = 0;
        bool plain = !c.rare || resolve_rare(text, i, &c, &over);
        uint64_t run = ~c.space;
        count += (size_t)__builtin_popcountll(run & ~((run << 1) | in_run));
        if (!plain || count > limit) {
            *at = clean;
            return counted;
        }
        in_run = run >> 63;
        if (c.space) {
            clean = i + (CLASS_BLOCK - 1 - (unsigned)__builtin_clzll(c.space));
            counted = count - in_run;
        }
    }
    *at = text.len;
    return count;
}

size_t words_count(Segmenter *s, Str text)
{
    size_t count = 0, at = 0;
    while (at < text.len) {
        count += count_blocks(text, &at, SIZE_MAX);
        // One run by hand, then blocks again. `at` may be inside a space of several bytes.
        while (at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at++;
        at = space_skip(text, at);
        if (at < text.len) count += run_words(s, text, at, SIZE_MAX, &at);
    }
    return count;
}

size_t words_take(Segmenter *s, Str text, size_t at, size_t n, size_t *start, size_t *end)
{
    size_t count = 0;
    *start = *end = STR_NONE;
    at = space_skip(text, at);
    if (at >= text.len || n == 0) return 0;
    *start = at;
    // Whole blocks first, where so many words are asked for that it pays.
    if (n > CLASS_BLOCK / 4) {
        count = count_blocks(text, &at, n);
        while (at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at++;
        if (count) *end = space_skip_back(text, at);
    }
    while (count < n) {
        at = space_skip(text, at);
        if (at >= text.len) break;
        count += run_words(s, text, at, n - count, &at);
        *end = at;
    }
    return count;
}

bool words_next(WordIter *it, Str *word)
{
    size_t start, end;
    if (words_take(it->segmenter, it->text, it->at, 1, &start, &end) == 0) return false;
    *word = str_slice(it->text, start, end);
    it->at = end;
    return true;
}

size_t words_tail(Segmenter *s, Str text, size_t n)
{
    size_t count = 0, at = text.len;
    while (count < n) {
        size_t end = space_skip_back(text, at);
        if (end == 0) return count ? at : text.len;
        size_t start = end;
        while (start > 0) {
            size_t letter = start - 1;
            while (letter > 0 && ((unsigned char)text.ptr[letter] & 0xC0) == 0x80) letter--;
            if (space_len(text, letter)) break;
            start = letter;
        }
        Str run = str_slice(text, 0, end);
        size_t done, words = run_words(s, run, start, SIZE_MAX, &done);
        if (words > n - count) {
            run_words(s, run, start, words - (n - count), &done);
            return done;
        }
        count += words;
        at = start;
    }
    return at;
}
