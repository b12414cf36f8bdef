// SPDX-License-Identifier: Apache-2.0
#include "tokens/boundaries.h"

#include "base/hash.h"

static Boundary first_guess(const Boundaries *b, size_t at, size_t to, uint64_t units);
static void add_tail(Boundaries *b);

bool boundaries_open(Boundaries *b, Counter *counter, Str text)
{
    *b = (Boundaries){.counter = counter, .text = text, .scale = counter->exact ? 1 : TOKENS_GUESS_SCALE, .tail_at = text.len};
    if (!counter->exact) return true;
    const Tokenizer *t = &counter->tokenizer;
    if (!t->split || !t->v->h->byte_level || !tokenizer_takes_as_is(t, text)) return false;
    add_tail(b);
    b->batches = mem_alloc(2 * sizeof *b->batches);
    b->batches[0].at = b->batches[1].at = SIZE_MAX;
    return true;
}

void boundaries_close(Boundaries *b)
{
    buf_free(&b->tail);
    free(b->batches);
    *b = (Boundaries){0};
}

// Scanners read a little behind the text's end, so that its last part is copied: from a place where
// every tokenizer begins a new piece.
static void add_tail(Boundaries *b)
{
    const char *p = b->text.ptr;
    size_t i = b->text.len > SPLIT_PADDING + 2 ? b->text.len - SPLIT_PADDING - 2 : 0;
    while (i > 0 && !(p[i] == ' ' && str_is_alpha(p[i - 1]) && str_is_alpha(p[i + 1]))) i--;
    b->tail_at = i;
    buf_add(&b->tail, str_slice(b->text, i, b->text.len));
    buf_reserve(&b->tail, SPLIT_PADDING);
    memset(b->tail.ptr + b->tail.len, 0, SPLIT_PADDING);
}

// ---- pieces -------------------------------------------------------------------------------------

_Static_assert((int)BOUNDARIES_MIN == (int)BATCH_PIECES, "a batch fits");

static size_t letter_before(Str text, size_t at)
{
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at--;
    return at;
}

static const char *place(const Boundaries *b, size_t at)
{
    return at < b->tail_at ? b->text.ptr + at : b->tail.ptr + (at - b->tail_at);
}

// Pieces do not reach over the tail's start; and none is looked at much further than it is merged.
static size_t look_to(Boundaries *b, size_t at, size_t to)
{
    enum { ENOUGH = BOUNDARY_PIECE_MAX + 2 * SPLIT_PADDING };
    size_t stop = at < b->tail_at && to > b->tail_at ? b->tail_at : to;
    if (stop - at <= 2 * BOUNDARY_PIECE_MAX) return stop;
    // The same place for many reads: to find one is to wait for memory that nobody has touched yet.
    if (b->look_to < at + ENOUGH || b->look_to > at + 2 * BOUNDARY_PIECE_MAX) b->look_to = letter_before(b->text, at + 2 * BOUNDARY_PIECE_MAX);
    return b->look_to;
}

// A part of a run that is too long.
static Boundary broken(const Boundaries *b, size_t at, uint64_t units)
{
    return (Boundary){letter_before(b->text, at + BOUNDARY_PIECE_MAX), units + BOUNDARY_BROKEN};
}

// The bytes of the piece at `at`, of an exact counter.
static size_t piece_at(Boundaries *b, size_t at, size_t to)
{
    const unsigned char *p = (const unsigned char *)place(b, at);
    return b->counter->tokenizer.split(p, p + (look_to(b, at, to) - at));
}

Boundary boundaries_first(Boundaries *b, size_t at, size_t to, uint64_t units)
{
    if (!b->counter->exact) return first_guess(b, at, to, units);
    IdList ids = {0};
    size_t n = piece_at(b, at, to);
    if (n > BOUNDARY_PIECE_MAX) return broken(b, at, units);
    bpe_piece(&b->counter->tokenizer.bpe, place(b, at), n, &ids);
    return (Boundary){at + n, units + ids.n};
}

size_t boundaries_end(Boundaries *b, size_t at, size_t to)
{
    if (!b->counter->exact) return first_guess(b, at, to, 0).end;
    size_t n = piece_at(b, at, to);
    return n > BOUNDARY_PIECE_MAX ? broken(b, at, 0).end : at + n;
}

size_t boundaries_reach(const Boundaries *b, size_t tokens)
{
    enum { ROUND = 16 };    // an estimate gives each byte of a run of spaces a unit, all else more, the first of them none
    size_t longest = b->counter->exact ? b->counter->tokenizer.v->h->longest : TOKENS_GUESS_SCALE;
    return longest && tokens > (SIZE_MAX - ROUND) / longest ? SIZE_MAX : tokens * longest + ROUND;
}

static size_t read_guess(const Boundaries *b, size_t at, size_t to, uint64_t units, Boundary *out)
{
    size_t n = 0;
    for (; at < to && n < BOUNDARIES_MIN; n++) {
        out[n] = first_guess(b, at, to, units);
        at = out[n].end;
        units = out[n].units;
    }
    return n;
}

// Has memory fetch as much of the text as was just read, two pages ahead: the processor does not do so
// by itself over the end of a page.
static void ask_ahead(const Boundaries *b, size_t at, size_t n)
{
    enum { AHEAD = 8192, LINE = 64 };
    size_t from = at + AHEAD, to = from + n;
    for (size_t i = from; i < to && i < b->text.len; i += LINE) __builtin_prefetch(b->text.ptr + i);
}

// How many come before one that is too long.
static size_t before_long(const uint32_t *ends, size_t n)
{
    if (n == 0 || ends[n - 1] <= BOUNDARY_PIECE_MAX) return n;
    for (size_t i = 0; i < n; i++)
        if (ends[i] - (i ? ends[i - 1] : 0) > BOUNDARY_PIECE_MAX) return i;
    return n;
}

// The pieces from `at` on, and what they need from memory asked for; none: the first is too long.
static void scan(Boundaries *b, size_t at, size_t to, Batch *batch)
{
    Tokenizer *t = &b->counter->tokenizer;
    size_t stop = look_to(b, at, to);
    bool cut = stop < to && stop != b->tail_at;
    batch->p = place(b, at);
    size_t n = tokenizer_pieces(t, batch->p, batch->p + (stop - at), batch->ends);
    // What reaches the end of what was looked at may reach further.
    while (cut && n > 0 && at + batch->ends[n - 1] + SPLIT_PADDING >= stop) n--;
    batch->n = before_long(batch->ends, n);
    if (batch->n == 0) return;
    ask_ahead(b, at, batch->ends[batch->n - 1]);
    bpe_ask(&t->bpe, batch);
}

size_t boundaries_read(Boundaries *b, size_t at, size_t to, uint64_t units, Boundary *out)
{
    if (!b->counter->exact) return read_guess(b, at, to, units, out);
    BoundaryBatch *now = &b->batches[b->turn], *next = &b->batches[!b->turn];
    bool asked = now->at == at && to == b->text.len;
    if (!asked) scan(b, at, to, &now->pieces);
    now->at = SIZE_MAX;
    if (now->pieces.n == 0) {
        out[0] = broken(b, at, units);
        return 1;
    }
    bpe_look(&b->counter->tokenizer.bpe, &now->pieces);
    size_t end = at + now->pieces.ends[now->pieces.n - 1];
    // Whoever reads on finds the next pieces asked for: memory fetches that while these are worked on, and
    // what these still need while the next are looked at.
    if (to == b->text.len && end < to) {
        scan(b, end, to, &next->pieces);
        next->at = end;
        b->turn = !b->turn;
    }
    bpe_mark(&b->counter->tokenizer.bpe, &now->pieces, at, units, out);
    return now->pieces.n;
}

uint64_t boundaries_units(Boundaries *b, size_t at, size_t to)
{
    enum { FEW = 64 };  // bytes of which the pieces are sooner read one by one
    Boundary read[BOUNDARIES_MIN];
    uint64_t units = 0;
    while (at < to && to - at <= FEW) {
        read[0] = boundaries_first(b, at, to, units);
        at = read[0].end;
        units = read[0].units;
    }
    while (at < to) {
        size_t n = boundaries_read(b, at, to, units, read);
        at = read[n - 1].end;
        units = read[n - 1].units;
    }
    return units;
}

// ---- inside a piece -----------------------------------------------------------------------------

static size_t count_alone(Boundaries *b, size_t at, size_t to)
{
    return (size_t)((boundaries_units(b, at, to) + b->scale - 1) / b->scale);
}

// The last end of a token at or before `most` tokens that parts no letter; the whole part's ids.
static size_t token_end(const Boundaries *b, const IdList *ids, size_t at, size_t most)
{
    const Vocabulary *v = b->counter->tokenizer.v;
    size_t best = at, end = at;
    for (size_t i = 0; i < ids->n && i < most; i++) {
        end += token_bytes(v, ids->ids[i]).len;
        if (end > b->text.len) break;
        if (letter_before(b->text, end) == end) best = end;
    }
    return best;
}

static size_t inside_exact(Boundaries *b, size_t at, size_t to, size_t tokens)
{
    IdList ids = {.keep = true};
    // A window of bytes that is long enough for most such runs, whose tokens are short; where all of it fits, a longer one.
    size_t window = tokens < BOUNDARY_PIECE_MAX / 4 ? tokens * 4 + 64 : BOUNDARY_PIECE_MAX, end = at;
    for (;; window *= 2) {
        size_t stop = to - at > window ? letter_before(b->text, at + window) : to;
        if (stop - at > BOUNDARY_PIECE_MAX) stop = letter_before(b->text, at + BOUNDARY_PIECE_MAX);
        ids.n = 0;
        bpe_piece(&b->counter->tokenizer.bpe, place(b, at), stop - at, &ids);
        end = token_end(b, &ids, at, tokens);
        if (ids.n > tokens || stop == to || stop - at + 4 > BOUNDARY_PIECE_MAX) break;
    }
    // Cut there, it may count more than it did with what followed.
    for (size_t most = tokens; end > at && most > 0 && count_alone(b, at, end) > tokens; most--) end = token_end(b, &ids, at, most - 1);
    id_list_free(&ids);
    return end;
}

size_t boundaries_inside(Boundaries *b, size_t at, size_t to, size_t tokens)
{
    if (tokens == 0 || at >= to) return at;
    if (at < b->tail_at && to > b->tail_at) to = b->tail_at;
    if (b->counter->exact) return inside_exact(b, at, to, tokens);
    // The longest beginning that an estimate lets pass, by halving.
    size_t fits = at, fits_not = to + 1;
    while (fits_not - fits > 1) {
        size_t middle = letter_before(b->text, fits + (fits_not - fits) / 2);
        if (middle <= fits) break;
        *(count_alone(b, at, middle) <= tokens ? &fits : &fits_not) = middle;
    }
    return fits;
}

size_t boundaries_cut(Boundaries *b, size_t at, size_t to, size_t tokens, bool *whole)
{
    // Few tokens are that long: of a long run no more is looked at than needs be.
    enum { BYTES = 16 };
    size_t near = tokens < SIZE_MAX / BYTES - 4 ? (tokens + 4) * BYTES : SIZE_MAX, stop = to - at > near ? letter_before(b->text, at + near) : to;
    for (;; stop = to) {
        size_t end = boundaries_end(b, at, stop), cut = boundaries_inside(b, at, end, tokens);
        *whole = cut == end;
        if (!*whole || end < stop || stop == to) return cut;
    }
}

// ---- estimates ----------------------------------------------------------------------------------

// Spaces before a word are one piece with it: of a run each counts next to nothing, and a place for each would take far
// more memory than the text.
static Boundary first_guess(const Boundaries *b, size_t at, size_t to, uint64_t units)
{
    Str text = str_slice(b->text, 0, to);
    while (at + 1 < to && text.ptr[at] == ' ' && text.ptr[at + 1] == ' ') units += tokens_guess_next(text, &at);
    bool leads = text.ptr[at] == ' ' && at + 1 < to && str_is_alpha(text.ptr[at + 1]);
    units += tokens_guess_next(text, &at);
    if (leads) units += tokens_guess_next(text, &at);
    return (Boundary){at, units};
}

// ---- identity -----------------------------------------------------------------------------------

uint64_t counter_identity(const Counter *c)
{
    enum { VERSION = 1 };  // raised when the same vocabulary counts differently, or the estimate does
    if (!c->exact) return hash64(S("estimate"), VERSION);
    VocabularyHeader h = *c->vocabulary.h;
    h.source_mtime = 0;
    uint64_t key = hash64((Str){(const char *)&h, sizeof h}, VERSION);
    key = hash_mix(key, hash64((Str){c->vocabulary.bytes, (size_t)h.n_bytes}, 1));
    key = hash_mix(key, hash64((Str){(const char *)c->vocabulary.pairs.filter, pair_table_size(h.pair_shape)}, 2));
    return hash_mix(key, (uint64_t)c->tokenizer.added);
}
