// SPDX-License-Identifier: Apache-2.0
#include "knowledge/chunk_pack.h"

// A document cut finer than this is a mistake in its strategy, and would fill the memory.
enum { CHUNKS_MAX = 4000000 };

static bool fail_fine(Packer *p)
{
    p->failed = true;
    error_set(p->error, ERROR_PROJECT, "strategy", "the document falls into more than %d chunks", CHUNKS_MAX);
    return error_hint(p->error, "raise the maximum");
}

// A gap of space alone, so that the words on both sides add up. An empty one may part a word.
static bool only_space(Str text, size_t from, size_t to)
{
    return from < to && space_skip(str_slice(text, 0, to), from) >= to;
}

// ---- the open chunk -----------------------------------------------------------------------------

static const Piece *last_piece(const Packer *p) { return &p->pieces[p->n - 1]; }

static bool is_open(const Packer *p) { return p->n > p->head; }

// Any slice is counted exactly, and as fast as a piece.
static bool is_mapped(const Packer *p) { return p->unit == &unit_tokens && p->tools->tokens.open; }

static Str open_slice(const Packer *p)
{
    return str_slice(p->text, p->pieces[p->head].start, last_piece(p)->end);
}

// Words of a gap that is more than space, where they do not merge with the words beside it.
static size_t gap_words(Packer *p, size_t from, size_t to)
{
    size_t n = words_count(&p->tools->segmenter, str_slice(p->text, from, to));
    size_t merged = (size_t)!space_len(p->text, from) + (size_t)(space_skip_back(p->text, to) == to);
    return n > merged ? n - merged : 0;
}

typedef struct Measure {
    size_t sum, slice;
} Measure;

static size_t larger(Measure m) { return m.sum > m.slice ? m.sum : m.slice; }

// The open chunk with the piece behind it; above `limit` it may be enough to say so.
static Measure with_piece(Packer *p, Piece piece, size_t limit)
{
    if (!is_open(p)) return (Measure){piece.units, piece.units};
    size_t end = last_piece(p)->end;
    Str slice = str_slice(p->text, piece.start, piece.end);
    if (is_mapped(p)) {
        size_t n = p->unit->count(p->tools, str_slice(p->text, p->pieces[p->head].start, piece.end), limit);
        return (Measure){n, n};
    }
    size_t added = p->unit->joined(p->tools, p->text, end, slice, piece.units);
    if (p->unit == chunk_units[UNIT_WORDS]) {
        size_t gap = only_space(p->text, end, piece.start) ? 0 : gap_words(p, end, piece.start);
        return (Measure){p->sum + added, p->slice + gap + added};
    }
    return (Measure){p->slice + added, p->slice + added};
}

static void measure_again(Packer *p)
{
    p->sum = 0;
    for (size_t i = p->head; i < p->n; i++) p->sum += p->pieces[i].units;
    p->slice = is_open(p) && !is_mapped(p) ? p->unit->count(p->tools, open_slice(p), SIZE_MAX) : 0;
}

static bool has_new(const Packer *p) { return p->n - p->head > p->repeated; }

static void append(Packer *p, Piece piece)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->pieces = mem_realloc(p->pieces, p->cap * sizeof *p->pieces);
    }
    p->pieces[p->n++] = piece;
}

static void push(Packer *p, Piece piece, Measure m)
{
    // Where counts do not add up anyway, gaps make no difference.
    bool space = !p->unit->adds_up || !is_open(p) || only_space(p->text, last_piece(p)->end, piece.start);
    if (!space) p->gaps_count = true;
    p->sum = m.sum;
    p->slice = m.slice;
    // Without overlap nobody asks where the pieces were, so they become one.
    if (space && is_open(p) && p->overlap == 0 && p->unit->adds_up) {
        Piece *last = &p->pieces[p->n - 1];
        last->units = p->unit == chunk_units[UNIT_WORDS] ? last->units + piece.units : p->slice;
        last->end = piece.end;
        return;
    }
    append(p, piece);
}

static void drop_all(Packer *p)
{
    p->head = p->n = p->repeated = 0;
    p->sum = p->slice = 0;
    p->gaps_count = p->partial = false;
}

// ---- closing ------------------------------------------------------------------------------------

static void give_way(Packer *p, Piece next);

static void emit(Packer *p)
{
    Str slice = open_slice(p);
    if (p->out->n >= CHUNKS_MAX) {
        fail_fine(p);
        return;
    }
    bool known = p->unit == chunk_units[UNIT_WORDS] && !p->gaps_count;
    ChunkList *out = p->out;
    out->items = arena_grow(out->arena, out->items, out->n, &out->cap, sizeof *out->items);
    out->items[out->n++] = (ChunkRange){
        .start = (size_t)(slice.ptr - p->text.ptr),
        .end = (size_t)(slice.ptr - p->text.ptr) + slice.len,
        .words = !known ? 0 : p->sum > UINT32_MAX ? UINT32_MAX : (uint32_t)p->sum,
    };
}

// Keeps of the closed chunk what the next one repeats: whole pieces of at most `overlap` units
// together, or the last units of its last piece.
static void keep_overlap(Packer *p)
{
    size_t first = p->n, units = 0, end = last_piece(p)->end;
    while (first > p->head) {
        const Piece *piece = &p->pieces[first - 1];
        size_t more = p->unit == chunk_units[UNIT_WORDS] ? units + piece->units
                      : first == p->n && !is_mapped(p) ? piece->units : p->unit->count(p->tools, str_slice(p->text, piece->start, end), p->overlap);
        if (more > p->overlap) break;
        units = more;
        first--;
    }
    Piece last = *last_piece(p);
    p->partial = first == p->n;
    if (p->partial) {
        last.start = p->unit->tail(p->tools, p->text, last.start, last.end, p->overlap);
        if (last.start >= last.end) {
            drop_all(p);
            return;
        }
        last.units = p->unit->count(p->tools, str_slice(p->text, last.start, last.end), SIZE_MAX);
        p->pieces[p->n - 1] = last;
        first = p->n - 1;
    }
    memmove(p->pieces, p->pieces + first, (p->n - first) * sizeof *p->pieces);
    p->n -= first;
    p->head = 0;
    p->repeated = p->n;
    p->gaps_count = false;
    for (size_t i = 1; i < p->n; i++) p->gaps_count |= !only_space(p->text, p->pieces[i - 1].end, p->pieces[i].start);
    measure_again(p);
}

// Where counts do not add up, the slice is counted as it stands; pieces that turn out not to fit
// are taken off its end. Returns how many; they lie behind pieces[n - 1], in order.
static size_t trim_to_bound(Packer *p)
{
    size_t off = 0;
    if (p->max == 0 || is_mapped(p) || (p->unit->adds_up && !p->gaps_count)) return 0;
    while (p->n - p->head > 1 && p->unit->count(p->tools, open_slice(p), p->max) > p->max) {
        if (p->repeated && p->n - p->head == p->repeated + 1) {
            p->head++;
            p->repeated--;
        } else {
            p->n--;
            off++;
        }
    }
    return off;
}

// Ends the open chunk; pieces that turned out not to fit open the next one.
static void close_once(Packer *p)
{
    size_t off = trim_to_bound(p);
    Piece *rest = off ? mem_alloc(off * sizeof *rest) : NULL;
    if (off) memcpy(rest, p->pieces + p->n, off * sizeof *rest);
    emit(p);
    if (p->overlap)
        keep_overlap(p);
    else
        drop_all(p);
    if (is_open(p)) p->tools->tokens.keep = p->pieces[p->head].start;
    for (size_t i = 0; i < off; i++) {
        give_way(p, rest[i]);
        push(p, rest[i], with_piece(p, rest[i], SIZE_MAX));
    }
    free(rest);
}

void packer_close(Packer *p)
{
    while (has_new(p) && !p->failed) close_once(p);
}

void packer_break(Packer *p)
{
    packer_close(p);
    drop_all(p);
}

// ---- adding -------------------------------------------------------------------------------------

// What is repeated leaves from its front until the next piece fits: whole pieces whole, the end of
// a long piece unit by unit.
static void give_way(Packer *p, Piece next)
{
    while (p->max && p->repeated && !has_new(p) && larger(with_piece(p, next, SIZE_MAX)) > p->max) {
        size_t over = larger(with_piece(p, next, SIZE_MAX)) - p->max;
        Piece *first = &p->pieces[p->head];
        size_t start = first->end;
        if (p->partial && first->units > over)
            start = p->unit->tail(p->tools, p->text, first->start, first->end, first->units - over);
        if (start > first->start && start < first->end) {
            first->start = start;
            first->units = p->unit->count(p->tools, str_slice(p->text, start, first->end), SIZE_MAX);
        } else {
            p->head++;
            p->repeated--;
        }
        measure_again(p);
    }
}

static void add_fitting(Packer *p, Piece piece)
{
    size_t limit = p->max ? p->max : SIZE_MAX;
    Measure m = with_piece(p, piece, limit);
    while (p->max && is_open(p) && larger(m) > p->max && !p->failed) {
        if (has_new(p)) close_once(p);
        give_way(p, piece);
        m = with_piece(p, piece, limit);
    }
    push(p, piece, m);
}

static bool cut_long(Packer *p, Piece piece)
{
    packer_close(p);
    size_t limit = p->max;
    for (size_t at = piece.start; at < piece.end && !p->failed;) {
        size_t units = 0, end = p->unit->cut(p->tools, p->text, at, piece.end, limit, &units);
        // Without room for what is repeated, where there is none: the repeat gives way.
        if (end <= at && limit < p->max) end = p->unit->cut(p->tools, p->text, at, piece.end, p->max, &units);
        if (end <= at) {
            p->failed = true;
            error_set(p->error, ERROR_PROJECT, "strategy", "the maximum of %zu is too small for a single letter", p->max);
            return error_hint(p->error, "raise the maximum");
        }
        add_fitting(p, (Piece){at, end, units});
        // Cut within a run, the run may have other words than it had with what follows.
        if (end < piece.end && !space_len(p->text, end)) p->gaps_count = true;
        at = space_skip(str_slice(p->text, 0, piece.end), end);
        if (at < piece.end) packer_close(p);
        if (p->unit->strides) limit = p->max - p->overlap;
    }
    return !p->failed;
}

// Where any slice is counted at once, what fits is not counted by itself.
static bool joins_mapped(Packer *p, size_t start, size_t end)
{
    if (!is_mapped(p) || !has_new(p) || p->max == 0) return false;
    if (!token_map_fits(&p->tools->tokens, p->pieces[p->head].start, end, p->max)) return false;
    append(p, (Piece){start, end, 0});
    return true;
}

bool packer_add(Packer *p, Str slice)
{
    slice = space_trim(slice);
    if (slice.len == 0 || p->failed) return !p->failed;
    size_t start = (size_t)(slice.ptr - p->text.ptr);
    if (joins_mapped(p, start, start + slice.len)) return true;
    Piece piece = {start, start + slice.len, 0};
    // No token is shorter than a byte.
    bool fits = is_mapped(p) && slice.len <= p->max;
    piece.units = fits ? slice.len : p->unit->count(p->tools, slice, p->max ? p->max : SIZE_MAX);
    if (p->max && piece.units > p->max) return cut_long(p, piece);
    add_fitting(p, piece);
    return !p->failed;
}

void packer_free(Packer *p)
{
    free(p->pieces);
    p->pieces = NULL;
    p->n = p->head = p->cap = 0;
}
