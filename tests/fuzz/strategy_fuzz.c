// SPDX-License-Identifier: Apache-2.0
//
// chunk-strategy.json: any bytes are read or refused with a reason and a place inside the text; what
// was read takes further entries without losing what was there, and cuts a text within its bounds.
#include "base/utf8.h"
#include "fuzz.h"
#include "knowledge/chunk.h"

// Or fails on it with a reason: a pattern may explode, a letter may have more tokens than the maximum.
static void cut(const Strategy *s, Arena *a)
{
    const Str text = S("# One\n\nThe grinder is 42 mm wide. Is it? aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n\n## Two\n"
                       "\xE6\x88\x91\xE4\xBB\xAC\xE5\x96\x9D\xE5\x92\x96\xE5\x95\xA1\xE3\x80\x82 caf\xC3\xA9, \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7; no end\n");
    Error e = {0};
    Counter counter = {0};
    ChunkTools tools = {.tokens.counter = &counter};
    ChunkList list = {.arena = a};
    Outline outline = {0};
    outline_read(text, &outline, a);
    bool ok = chunk_text(text, s, &outline, &tools, &list, &e);
    HOLD(ok || e.what[0]);
    for (size_t i = 0; ok && i < list.n; i++) {
        Str slice = str_slice(text, list.items[i].start, list.items[i].end);
        HOLD(slice.len && utf8_valid(slice));
        HOLD(s->max == 0 || s->unit != UNIT_WORDS || words_count(&tools.segmenter, slice) <= s->max);
        HOLD(s->max == 0 || s->unit != UNIT_CHARACTERS || letters_count(slice) <= s->max);
        HOLD(s->max == 0 || s->unit != UNIT_TOKENS || tokens_guess(slice) <= s->max);
    }
    chunk_tools_free(&tools);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size};
    if (size > 1 << 16 || !utf8_valid(text)) return 0;
    Arena a = {0};
    Problems p = {.arena = &a};
    Strategies s, again;
    bool ok = strategies_read(&s, text, S("f"), &a, &p);
    HOLD(ok == (p.errors == 0));
    if (ok) {
        strategy_for(&s, S("billing/faq.md"), S("faq.md"));
        for (size_t i = 0; i < s.n && i < 4; i++) cut(&s.items[i], &a);
        const Str paths[] = {S("new/one.txt"), S("new/\"two\".txt")};
        Str more = strategy_add_missing(&a, text, paths, 2);
        // A key that is there already would be a duplicate.
        bool there = strategy_exact(&s, paths[0]) || strategy_exact(&s, paths[1]);
        bool read = strategies_read(&again, more, S("f"), &a, &p);
        HOLD(there || (read && again.n == s.n + 2));
        strategies_free(&again);
    }
    strategies_free(&s);
    arena_free(&a);
    return 0;
}
