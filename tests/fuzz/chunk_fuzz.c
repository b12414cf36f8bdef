// SPDX-License-Identifier: Apache-2.0
//
// Cutting: a header of eight bytes chooses strategy, unit, bounds, separator and `exclude`, the rest is
// the text. No chunk passes the bound when counted anew, none is empty, all are in order, their words are
// their slices', and without `exclude` nothing but space and separators is lost.
#include "base/utf8.h"
#include "fuzz.h"
#include "knowledge/chunk.h"

static size_t measure(ChunkUnit unit, ChunkTools *t, Str text)
{
    return unit == UNIT_WORDS ? words_count(&t->segmenter, text) : unit == UNIT_TOKENS ? (size_t)tokens_guess(text) : letters_count(text);
}

static void check(Str text, const Strategy *s, const ChunkList *list, ChunkTools *t, bool space_only)
{
    size_t before = 0, covered = 0;
    for (size_t i = 0; i < list->n; i++) {
        const ChunkRange *c = &list->items[i];
        HOLD(c->start < c->end && c->end <= text.len && c->start >= before);
        Str slice = str_slice(text, c->start, c->end);
        HOLD(utf8_valid(slice) && space_trim(slice).len == slice.len);
        ChunkRange counted = *c;
        HOLD(chunk_words(text, &counted, t) == words_count(&t->segmenter, slice));
        HOLD(s->max == 0 || measure(s->unit, t, slice) <= s->max);
        HOLD(!space_only || c->start <= covered || space_trim(str_slice(text, covered, c->start)).len == 0);
        before = c->start;
        if (c->end > covered) covered = c->end;
    }
    HOLD(!space_only || space_trim(str_slice(text, covered, text.len)).len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Str separators[] = {S_INIT("(?<=[.!?])\\s+"), S_INIT("\\s+"), S_INIT("\\n\\n"), S_INIT("(?<=[.!?])"), S_INIT(","), S_INIT(""), S_INIT("\\b"), S_INIT("[a-f]")};
    static const Str excludes[] = {S_INIT("^\\s*$"), S_INIT("[0-9]"), S_INIT("the|\xE3\x80\x82")};
    if (size < 8 || size > 1 << 16) return 0;
    Str text = {(const char *)data + 8, size - 8};
    if (!utf8_valid(text)) return 0;
    unsigned which = data[4] % 8;
    Strategy s = {.kind = (StrategyKind)(data[0] % STRATEGY_KINDS), .unit = (ChunkUnit)(data[1] % 3), .max = 1 + data[2], .min_words = data[5]};
    if (s.kind < STRATEGY_MARKDOWN) s.unit = s.kind == STRATEGY_WORDS ? UNIT_WORDS : s.kind == STRATEGY_TOKENS ? UNIT_TOKENS : UNIT_CHARACTERS;
    if (s.kind == STRATEGY_WHOLE || (s.kind == STRATEGY_SEPARATOR && data[6] % 2)) s.max = 0;
    s.overlap = s.max && s.kind != STRATEGY_SEPARATOR ? data[3] % s.max : 0;
    Error e;
    Arena a = {0};
    Counter counter = {0};
    ChunkTools tools = {.tokens = {.counter = &counter, .whole = data[7] % 2}};
    ChunkList list = {.arena = &a};
    Outline outline = {0};
    outline_read(text, &outline, &a);
    HOLD(pattern_compile(separators[which], &s.pattern, NULL, &e));
    unsigned drop = data[6] / 2 % 4;
    Pattern *exclude = NULL;
    if (drop) {
        HOLD(pattern_compile(excludes[drop - 1], &exclude, NULL, &e));
        s.exclude = &exclude;
        s.n_exclude = 1;
    }
    bool ok = chunk_text(text, &s, s.kind == STRATEGY_MARKDOWN ? &outline : NULL, &tools, &list, &e);
    if (ok) check(text, &s, &list, &tools, list.dropped == 0 && (which < 4 || s.kind == STRATEGY_WHOLE));
    // A letter can have more tokens than the maximum; nothing else fails.
    else HOLD(s.unit == UNIT_TOKENS);
    pattern_free(s.pattern);
    pattern_free(exclude);
    chunk_tools_free(&tools);
    arena_free(&a);
    return 0;
}
