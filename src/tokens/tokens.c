// SPDX-License-Identifier: Apache-2.0
#include "tokens/tokens.h"

#include "base/utf8.h"

enum { WINDOW = 128 << 10, NO_BYTE = -1, MANY_BYTES = -2 };

static bool words_part(const Vocabulary *v);

bool tokenizer_init(Tokenizer *t, const Vocabulary *v, Error *e)
{
    *t = (Tokenizer){.v = v, .split = splitter_of((SplitKind)v->h->split), .added_byte = NO_BYTE};
    if (v->h->split == SPLIT_PATTERN && !pattern_compile_plain(str_from(v->h->pattern), &t->pattern, NULL, e)) return false;
    t->scan = block_scan_of((SplitKind)v->h->split, scan_level_best());
    if (v->h->normaliser == NORMALISE_NFC && !nfc_open(&t->nfc, e)) {
        pattern_free(t->pattern);
        return false;
    }
    bpe_init(&t->bpe, v, scan_level_best());
    t->neighbours = words_part(v);
    t->cuts = (t->split || t->neighbours) && !v->h->no_cuts;
    for (unsigned c = 0; c < 256; c++)
        if (v->h->added_first[c]) t->added_byte = t->added_byte == NO_BYTE ? (int)c : MANY_BYTES;
    t->added = v->h->n_added && (v->h->split != SPLIT_CL100K && v->h->split != SPLIT_O200K);
    return true;
}

// No merge joins an ASCII letter and the space before the next word.
static bool words_part(const Vocabulary *v)
{
    if (!v->neighbours || v->h->normaliser != NORMALISE_SPACES) return false;
    bool joined = false;
    for (unsigned c = 'A'; c <= 'z'; c++) joined |= str_is_alpha((char)c) && pair_bit(v->neighbours, c, ' ');
    return !joined;
}

void tokenizer_free(Tokenizer *t)
{
    bpe_free(&t->bpe);
    pattern_free(t->pattern);
    nfc_close(t->nfc);
    buf_free(&t->window);
    buf_free(&t->lossy);
    buf_free(&t->normal);
    *t = (Tokenizer){0};
}

void tokenizer_find_added(Tokenizer *t, bool on) { t->added = on && t->v->h->n_added; }

// ---- normalising --------------------------------------------------------------------------------

// Makes room behind the text for what scanners and pieces read too far.
static Str padded(Buf *b)
{
    buf_reserve(b, SPLIT_PADDING);
    memset(b->ptr + b->len, 0, SPLIT_PADDING);
    return buf_str(b);
}

static Str nfc(Tokenizer *t, Str s)
{
    if (nfc_is_plain(t->nfc, s) || s.len > NFC_PART || !nfc_make(t->nfc, s, &t->normal)) return s;
    return padded(&t->normal);
}

#define BLANK "\xE2\x96\x81"  // ▁

// Three bytes are written for each, without a branch on what it is.
static Str spaces_to_blanks(Tokenizer *t, Str s)
{
    buf_clear(&t->normal);
    buf_reserve(&t->normal, 3 * s.len + SPLIT_PADDING);
    char *out = t->normal.ptr;
    for (size_t i = 0; i < s.len; i++) {
        bool space = s.ptr[i] == ' ';
        out[0] = space ? BLANK[0] : s.ptr[i];
        out[1] = BLANK[1];
        out[2] = BLANK[2];
        out += space ? 3 : 1;
    }
    t->normal.len = (size_t)(out - t->normal.ptr);
    return padded(&t->normal);
}

// ---- pieces -------------------------------------------------------------------------------------

static void by_pattern(Tokenizer *t, Str s, IdList *out)
{
    PatternMatch m;
    Error e;
    size_t at = 0;
    while (at < s.len && pattern_find(t->pattern, s, at, true, &m, &e) == PATTERN_FOUND) {
        if (m.start > at) bpe_piece(&t->bpe, s.ptr + at, m.start - at, out);
        if (m.end > m.start) bpe_piece(&t->bpe, s.ptr + m.start, m.end - m.start, out);
        at = m.end > at ? m.end : at + 1;
    }
    if (at < s.len) bpe_piece(&t->bpe, s.ptr + at, s.len - at, out);
}

size_t tokenizer_pieces(const Tokenizer *t, const char *from, const char *to, uint32_t *ends)
{
    const unsigned char *p = (const unsigned char *)from, *at = p, *end = (const unsigned char *)to;
    size_t n = 0;
    // A batch stays far below what 32 bits count: a piece that alone is longer goes by itself.
    while (at < end && n <= BATCH_PIECES - BLOCK_BYTES && at - p < SCAN_BYTES) {
        uint32_t base = (uint32_t)(at - p);
        size_t many = t->scan ? t->scan(at, end, ends + n, BATCH_PIECES - n) : 0;
        if (many) {
            for (size_t i = n; base && i < n + many; i++) ends[i] += base;
            n += many;
        } else {
            size_t one = t->split(at, end);
            if (one >= SCAN_BYTES) break;
            ends[n++] = base + (uint32_t)one;
        }
        at = p + ends[n - 1];
    }
    return n;
}

// Pieces go through two batches in turn: while memory fetches what one asked for, the other is worked on.
typedef struct Pipe {
    Bpe *bpe;
    IdList *out;
    Batch batches[2], *next;
    Batch *looked;       // NULL, or what is to be given
} Pipe;

static void pipe_begin(Pipe *pipe, Bpe *bpe, IdList *out)
{
    pipe->bpe = bpe;
    pipe->out = out;
    pipe->next = &pipe->batches[0];
    pipe->looked = NULL;
}

static void pipe_give(Pipe *pipe)
{
    if (pipe->looked) bpe_give(pipe->bpe, pipe->looked, pipe->out);
    pipe->looked = NULL;
}

// Takes pipe->next, filled.
static void pipe_put(Pipe *pipe)
{
    bpe_ask(pipe->bpe, pipe->next);
    pipe_give(pipe);
    bpe_look(pipe->bpe, pipe->next);
    pipe->looked = pipe->next;
    pipe->next = pipe->next == &pipe->batches[0] ? &pipe->batches[1] : &pipe->batches[0];
}

static void by_splitter(Tokenizer *t, Str s, IdList *out)
{
    Pipe pipe;
    const char *p = s.ptr, *end = p + s.len;
    pipe_begin(&pipe, &t->bpe, out);
    while (p < end) {
        Batch *b = pipe.next;
        b->p = p;
        b->n = tokenizer_pieces(t, p, end, b->ends);
        if (b->n) {
            p += b->ends[b->n - 1];
            pipe_put(&pipe);
        } else {
            size_t one = t->split((const unsigned char *)p, (const unsigned char *)end);
            pipe_give(&pipe);
            bpe_piece(&t->bpe, p, one, out);
            p += one;
        }
    }
    pipe_give(&pipe);
}

// A letter as far as merges at its ends go.
typedef struct Ends {
    unsigned size, first, last;  // bytes; ' ' for ▁
} Ends;

static inline Ends letter_ends(const unsigned char *p, size_t left)
{
    unsigned c = *p, size = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c == 0xE2 && left >= 3 && memcmp(p, BLANK, 3) == 0) return (Ends){3, ' ', ' '};
    return (Ends){size, c, p[size - 1]};
}

// Cuts wherever no merge joins what stands there.
static void by_neighbours(Tokenizer *t, Str s, IdList *out)
{
    const uint64_t *bits = t->v->neighbours;
    const unsigned char *p = (const unsigned char *)s.ptr;
    Pipe pipe;
    pipe_begin(&pipe, &t->bpe, out);
    Ends letter = letter_ends(p, s.len);
    size_t n = 0, base = 0, at = letter.size, last = 0, far = SCAN_BYTES;
    while (at < s.len) {
        uint32_t *ends = pipe.next->ends;
        size_t stop = s.len - base < far ? s.len : base + far;
        while (at < stop && n < BATCH_PIECES) {
            unsigned before = letter.last;
            letter = letter_ends(p + at, s.len - at);
            bool cut = !pair_bit(bits, before, letter.first);
            ends[n] = (uint32_t)(at - base);
            n += cut;
            last = cut ? at : last;
            at += letter.size;
        }
        far = n ? SCAN_BYTES : far + SCAN_BYTES;
        if (n) {
            pipe.next->p = s.ptr + base;
            pipe.next->n = n;
            pipe_put(&pipe);
        }
        base = last;
        n = 0;
    }
    pipe_give(&pipe);
    if (base < s.len) bpe_piece(&t->bpe, s.ptr + base, s.len - base, out);
}

static void plain(Tokenizer *t, Str s, IdList *out)
{
    if (s.len == 0) return;
    if (t->v->h->normaliser == NORMALISE_NFC) s = nfc(t, s);
    if (t->v->h->normaliser == NORMALISE_SPACES) s = spaces_to_blanks(t, s);
    if (t->pattern)
        by_pattern(t, s, out);
    else if (t->neighbours && s.len < UINT32_MAX)
        by_neighbours(t, s, out);
    else if (!t->split)
        bpe_piece(&t->bpe, s.ptr, s.len, out);
    else
        by_splitter(t, s, out);
}

// The longest added token at the start of s, or NO_TOKEN.
static uint32_t added_at(const Vocabulary *v, Str s, size_t *n)
{
    bool one = s.len < 2 || !pair_bit(v->added_pairs, (unsigned char)s.ptr[0], (unsigned char)s.ptr[1]);
    return vocabulary_added(v, one ? str_slice(s, 0, 1) : s, n);
}

// The first added token of s at or behind `at`, and its length; NO_TOKEN: there is none, and *at is the end.
static uint32_t next_added(const Tokenizer *t, Str s, size_t *at, size_t *n)
{
    const unsigned char *first = t->v->h->added_first;
    for (; *at < s.len; ++*at) {
        if (t->added_byte != MANY_BYTES) {
            const char *next = memchr(s.ptr + *at, t->added_byte, s.len - *at);
            if (!next) break;
            *at = (size_t)(next - s.ptr);
        } else if (!first[(unsigned char)s.ptr[*at]]) {
            continue;
        }
        uint32_t id = added_at(t->v, str_slice(s, *at, s.len), n);
        if (id != NO_TOKEN) return id;
    }
    *at = s.len;
    return NO_TOKEN;
}

static void with_added(Tokenizer *t, Str s, IdList *out)
{
    size_t from = 0, at = 0, n;
    for (uint32_t id; (id = next_added(t, s, &at, &n)) != NO_TOKEN; from = at += n) {
        plain(t, str_slice(s, from, at), out);
        id_list_add(out, id);
    }
    plain(t, str_slice(s, from, s.len), out);
}

bool tokenizer_takes_as_is(const Tokenizer *t, Str s)
{
    size_t at = 0, n;
    if (t->v->h->normaliser == NORMALISE_SPACES || (t->v->h->normaliser == NORMALISE_NFC && !nfc_is_plain(t->nfc, s))) return false;
    return !t->added || next_added(t, s, &at, &n) == NO_TOKEN;
}

// ---- the window ---------------------------------------------------------------------------------

static void part(Tokenizer *t, Str s, IdList *out)
{
    if (!utf8_valid(s)) {
        buf_clear(&t->lossy);
        utf8_add_lossy(&t->lossy, s);
        s = padded(&t->lossy);
    }
    if (t->added)
        with_added(t, s, out);
    else
        plain(t, s, out);
}

// A letter that no normal form joins to what stands before it: ASCII, Chinese, most of Hangul.
static bool opens_word(unsigned char c) { return str_is_alpha((char)c) || (c >= 0xE4 && c <= 0xE9) || c == 0xEB || c == 0xEC; }

// The last place in the window where a new piece begins for certain; 0: none behind `tried`. To cut
// there must not look like the text's end to what stands before it either, so where line breaks are
// nothing special only one behind a visible letter will do.
static size_t find_cut(const Tokenizer *t)
{
    const char *p = t->window.ptr;
    uint32_t split = t->v->h->split;
    bool lines = split != SPLIT_SPACES && split != SPLIT_NONE, lone = split == SPLIT_GPT2 || split == SPLIT_SMOLLM;
    for (size_t i = t->window.len < 2 ? 0 : t->window.len - 2; i > t->tried && i > 0; i--) {
        if (p[i] == ' ' && str_is_alpha(p[i - 1]) && str_is_alpha(p[i + 1])) return i;
        if (lines && p[i] == '\n' && opens_word((unsigned char)p[i + 1]) && (!lone || (p[i - 1] > ' ' && p[i - 1] < 0x7F))) return i + 1;
    }
    return 0;
}

static void give_up_window(Tokenizer *t, IdList *out)
{
    size_t cut = t->cuts ? find_cut(t) : 0;
    if (cut == 0) {
        t->tried = t->window.len < 2 ? 0 : t->window.len - 2;
        return;
    }
    padded(&t->window);
    part(t, (Str){t->window.ptr, cut}, out);
    memmove(t->window.ptr, t->window.ptr + cut, t->window.len - cut);
    t->window.len -= cut;
    t->tried = 0;
}

void tokenizer_feed(Tokenizer *t, Str s, IdList *out)
{
    while (s.len) {
        size_t n = s.len < WINDOW ? s.len : WINDOW;
        buf_add(&t->window, str_slice(s, 0, n));
        s = str_slice(s, n, s.len);
        if (t->window.len >= WINDOW + t->tried) give_up_window(t, out);
    }
}

void tokenizer_end(Tokenizer *t, IdList *out)
{
    padded(&t->window);
    part(t, buf_str(&t->window), out);
    buf_clear(&t->window);
    t->tried = 0;
}

uint64_t tokenizer_count(Tokenizer *t, Str text)
{
    IdList list = {0};
    tokenizer_ids(t, text, &list);
    return list.n;
}

void tokenizer_ids(Tokenizer *t, Str text, IdList *out)
{
    tokenizer_feed(t, text, out);
    tokenizer_end(t, out);
}
