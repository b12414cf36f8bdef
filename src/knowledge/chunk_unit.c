// SPDX-License-Identifier: Apache-2.0
#include "knowledge/chunk_unit.h"

// ---- words --------------------------------------------------------------------------------------

static size_t words_of(ChunkTools *t, Str slice, size_t limit)
{
    size_t start, end;
    if (slice.len <= limit) return words_count(&t->segmenter, slice);
    return words_take(&t->segmenter, slice, 0, limit + 1, &start, &end);
}

static size_t words_joined(ChunkTools *t, Str text, size_t end, Str piece, size_t alone)
{
    (void)t, (void)text, (void)end, (void)piece;
    return alone;
}

static size_t words_cut(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    size_t start, end;
    *units = words_take(&t->segmenter, str_slice(text, 0, to), at, limit, &start, &end);
    return *units ? end : at;
}

static size_t words_last(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
{
    return from + words_tail(&t->segmenter, str_slice(text, from, to), n);
}

// ---- letters ------------------------------------------------------------------------------------

static size_t letters_of(ChunkTools *t, Str slice, size_t limit)
{
    (void)t, (void)limit;
    return letters_count(slice);
}

static size_t letters_joined(ChunkTools *t, Str text, size_t end, Str piece, size_t alone)
{
    (void)t;
    size_t start = (size_t)(piece.ptr - text.ptr);
    return alone + letters_count(str_slice(text, end, start));
}

// The last place at or before `end` where a reader would cut: a space, else between two clusters.
static size_t good_cut(ChunkTools *t, Str text, size_t at, size_t end, size_t to)
{
    if (end >= to) return to;
    size_t trimmed = space_skip_back(text, end);
    if ((trimmed < end || space_len(text, end)) && trimmed > at) return trimmed;
    enum { LOOK = 4096 };  // bytes back to a space; text without one for longer has no words to keep
    size_t low = end - at > LOOK ? end - LOOK : at;
    for (size_t i = end; i > low; i--)
        if (letter_starts(text, i - 1) && space_len(text, i - 1)) {
            size_t cut = space_skip_back(text, i - 1);
            if (cut > at) return cut;
            break;
        }
    return clusters_boundary(&t->clusters, str_slice(text, 0, to), at, end);
}

static size_t letters_cut(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    size_t end = good_cut(t, text, at, letters_skip(str_slice(text, 0, to), at, limit), to);
    *units = letters_count(str_slice(text, at, end));
    return end;
}

static size_t letters_last(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
{
    size_t at = to;
    while (n > 0 && at > from) {
        do at--;
        while (at > from && !letter_starts(text, at));
        n--;
    }
    // A repeat that begins within a word begins with the next one instead, where there is one.
    if (at > from && !space_len(text, at) && letter_starts(text, at)) {
        size_t before = at;
        do before--;
        while (before > from && !letter_starts(text, before));
        if (!space_len(text, before)) {
            size_t next = space_skip(str_slice(text, 0, to), space_find(str_slice(text, 0, to), at));
            at = next < to ? next : clusters_boundary(&t->clusters, str_slice(text, 0, to), at - 1, at);
        }
    }
    return space_skip(str_slice(text, 0, to), at);
}

// ---- tokens -------------------------------------------------------------------------------------

static size_t tokens_of(ChunkTools *t, Str slice, size_t limit)
{
    (void)limit;
    return t->counter->count(t->counter->self, slice);
}

static size_t tokens_joined(ChunkTools *t, Str text, size_t end, Str piece, size_t alone)
{
    (void)alone;
    return tokens_of(t, str_slice(text, end, (size_t)(piece.ptr - text.ptr) + piece.len), SIZE_MAX);
}

// Halves the distance between what fits and what does not; few steps, as the first guess is the
// rate of the bytes already counted.
static size_t tokens_cut(ChunkTools *t, Str text, size_t at, size_t to, size_t limit, size_t *units)
{
    size_t fits = at, fits_not = to + 1, guess = limit * 4;
    for (int step = 0; step < 24 && fits + 1 < fits_not; step++) {
        size_t end = guess < to - at ? at + guess : to;
        while (!letter_starts(text, end)) end++;
        end = good_cut(t, text, at, end, to);
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

static size_t tokens_last(ChunkTools *t, Str text, size_t from, size_t to, size_t n)
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

const UnitRules chunk_units[3] = {
    [UNIT_WORDS] = {words_of, words_joined, words_cut, words_last, true, false},
    [UNIT_TOKENS] = {tokens_of, tokens_joined, tokens_cut, tokens_last, false, true},
    [UNIT_CHARACTERS] = {letters_of, letters_joined, letters_cut, letters_last, true, true},
};
