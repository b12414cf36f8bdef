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

size_t unit_good_cut(ChunkTools *t, Str text, size_t at, size_t end, size_t to)
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
    size_t end = unit_good_cut(t, text, at, letters_skip(str_slice(text, 0, to), at, limit), to);
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

static const UnitRules unit_words = {words_of, words_joined, words_cut, words_last, true, false};
static const UnitRules unit_letters = {letters_of, letters_joined, letters_cut, letters_last, true, true};

const UnitRules *const chunk_units[3] = {[UNIT_WORDS] = &unit_words, [UNIT_TOKENS] = &unit_tokens, [UNIT_CHARACTERS] = &unit_letters};
