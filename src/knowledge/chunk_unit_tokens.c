// SPDX-License-Identifier: Apache-2.0
//
// Tokens as a chunk's unit. Where the text has a map, every slice is counted in it; else by counting
// candidates whole.
#include "knowledge/chunk_unit.h"

static size_t tokens_of(ChunkTools *t, Str slice, size_t limit)
{
    size_t at = (size_t)(slice.ptr - t->tokens.text.ptr);
    return token_map_count(&t->tokens, at, at + slice.len, limit);
}

static size_t tokens_joined(ChunkTools *t, Str text, size_t end, Str piece, size_t alone)
{
    (void)alone;
    return tokens_of(t, str_slice(text, end, (size_t)(piece.ptr - text.ptr) + piece.len), SIZE_MAX);
}

// ---- with a map ---------------------------------------------------------------------------------

// Letter by letter, where no place between tokens will do.
static size_t cut_letters(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    enum { MOST = 64 };  // letters: a token rarely has more
    size_t best = at, end = at;
    for (int i = 0; i < MOST && end < to; i++) {
        do end++;
        while (!letter_starts(text, end));
        size_t trimmed = space_skip_back(text, end), n;
        if (trimmed <= at) continue;
        n = token_map_count(&t->tokens, at, trimmed, limit);
        if (n > limit) break;
        best = trimmed;
        *units = n;
    }
    return best;
}

static size_t cut_mapped(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    enum { TRIES = 64 };
    size_t end = token_map_cut(&t->tokens, at, to, limit);
    for (int i = 0; i < TRIES && end > at; i++) {
        size_t cut = unit_good_cut(t, text, at, end, to);
        *units = token_map_count(&t->tokens, at, cut, limit);
        if (cut > at && *units <= limit) return cut;
        end = token_map_back(&t->tokens, at, end);
    }
    return cut_letters(t, text, at, to, limit, units);
}

// Within a run without a place between pieces: the first letter from which on few enough tokens are left.
static size_t last_letters(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
{
    enum { LOOK = 32 };  // bytes a token; in a run of longer ones fewer are repeated
    size_t fits = to, fits_not = n < (to - from) / LOOK ? to - n * LOOK : from;
    Str slice = str_slice(text, 0, to);
    while (fits - fits_not > 1) {
        size_t middle = fits_not + (fits - fits_not) / 2;
        while (middle > fits_not && !letter_starts(text, middle)) middle--;
        if (middle == fits_not) break;
        *(token_map_count(&t->tokens, space_skip(slice, middle), to, n) <= n ? &fits : &fits_not) = middle;
    }
    return space_skip(slice, fits);
}

// With the first word that fits; where there is no word's start, at the first end of a token.
static size_t last_mapped(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
{
    size_t first = token_map_tail(&t->tokens, from, to, n), any = to;
    Str slice = str_slice(text, 0, to);
    for (size_t at = first; at < to; at = token_map_next(&t->tokens, at)) {
        size_t word = space_skip(slice, at);
        bool starts = word > at || space_skip_back(text, at) < at;
        if (word >= to || (!starts && any < to) || !letter_starts(text, word)) continue;
        if (token_map_count(&t->tokens, word, to, n) > n) continue;
        if (starts) return word;
        any = word;
    }
    return any < to ? any : last_letters(t, text, from, to, n);
}

// ---- counted whole ------------------------------------------------------------------------------

// Halves the distance between what fits and what does not; few steps, as the first guess is the
// rate of the bytes already counted.
static size_t cut_whole(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    size_t fits = at, fits_not = to + 1, guess = limit * 4;
    for (int step = 0; step < 24 && fits + 1 < fits_not; step++) {
        size_t end = guess < to - at ? at + guess : to;
        while (!letter_starts(text, end)) end++;
        end = unit_good_cut(t, text, at, end, to);
        if (end <= fits || end >= fits_not) {
            // The good places are used up: letter by letter, where nothing fits yet.
            if (fits > at) break;
            end = at + (fits_not - 1 - at) / 2;
            while (end > at && !letter_starts(text, end)) end--;
            if (end == at)
                do end++;
                while (!letter_starts(text, end));
            size_t trimmed = space_skip_back(text, end);
            if (trimmed > at) end = trimmed;
            if (end >= fits_not) break;
        }
        size_t n = tokens_of(t, str_slice(text, at, end), SIZE_MAX);
        if (n <= limit) {
            fits = end;
            *units = n;
            if (end == to || n * 20 >= limit * 19) break;
        } else {
            fits_not = end;
        }
        size_t rate_guess = n ? (end - at) * limit / n : guess * 2;
        size_t low = fits - at, high = fits_not - at;
        guess = rate_guess > low && rate_guess < high ? rate_guess : low + (high - low) / 2;
    }
    return fits;
}

static size_t last_whole(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
{
    size_t at = from, best = to;
    // Four bytes a token is near enough to begin with; then on to later words until it fits.
    if (to - from > n * 8) at = to - n * 8;
    while (!letter_starts(text, at)) at++;
    Str slice = str_slice(text, 0, to);
    if (at > from) at = space_skip(slice, space_find(slice, at));
    while (at < to) {
        size_t tokens = tokens_of(t, str_slice(text, at, to), SIZE_MAX);
        if (tokens <= n) {
            best = at;
            break;
        }
        size_t skip = (to - at) * (tokens - n) / tokens;
        size_t next = at + (skip ? skip : 1);
        while (!letter_starts(text, next)) next++;
        next = space_skip(slice, space_find(slice, next));
        at = next > at ? next : at + 1;
    }
    return best;
}

// ---- the unit -----------------------------------------------------------------------------------

static size_t tokens_cut(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    return (t->tokens.open ? cut_mapped : cut_whole)(t, text, at, to, limit, units);
}

static size_t tokens_last(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
{
    return (t->tokens.open ? last_mapped : last_whole)(t, text, from, to, n);
}

const UnitRules unit_tokens = {tokens_of, tokens_joined, tokens_cut, tokens_last, false, true};
