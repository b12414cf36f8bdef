// SPDX-License-Identifier: Apache-2.0
#include "knowledge/chunk.h"

#include "knowledge/chunk_pack.h"

typedef struct Chunking {
    Str text;
    const Strategy *s;
    const Outline *outline;
    ChunkTools *tools;
    ChunkList *out;
    Packer packer;
    size_t drops[2];    // how many chunks there were when pieces were dropped: the last such number, the one before
    Error *error;
} Chunking;

static bool chunk_packed(Chunking *c);
static bool chunk_markdown(Chunking *c);
static bool chunk_separator(Chunking *c);
static bool chunk_whole(Chunking *c);

static bool (*const chunkers[STRATEGY_KINDS])(Chunking *) = {
    [STRATEGY_WORDS] = chunk_packed,      [STRATEGY_TOKENS] = chunk_packed,       [STRATEGY_CHARACTERS] = chunk_packed,
    [STRATEGY_MARKDOWN] = chunk_markdown, [STRATEGY_SEPARATOR] = chunk_separator, [STRATEGY_WHOLE] = chunk_whole,
};

static void join_short_last(Chunking *c, size_t first);
static uint32_t heading_of(const Chunking *c, const ChunkRange *range);

bool chunk_text(Str text, const Strategy *s, const Outline *outline, ChunkTools *tools, ChunkList *out, Error *e)
{
    bool tokens = s->max && s->unit == UNIT_TOKENS;
    tools->failed = NULL;
    if (tokens && !tools->tokens.counter) {
        error_set(e, ERROR_PROJECT, "strategy", "tokens cannot be counted here");
        return error_hint(e, "use \"max_words\" or \"max_characters\"");
    }
    if (tokens) token_map_begin(&tools->tokens, text);
    size_t first = out->n;
    Chunking c = {
        .text = text, .s = s, .outline = outline, .tools = tools, .out = out, .error = e,
        .packer = {.text = text, .unit = chunk_units[s->unit], .max = s->max, .overlap = s->overlap, .tools = tools, .out = out, .error = e},
    };
    bool ok = chunkers[s->kind](&c);
    packer_free(&c.packer);
    if (!ok) return false;
    join_short_last(&c, first);
    for (size_t i = first; outline && i < out->n; i++) out->items[i].heading = heading_of(&c, &out->items[i]);
    return true;
}

uint32_t chunk_words(Str text, ChunkRange *chunk, ChunkTools *tools)
{
    if (chunk->words) return chunk->words;
    size_t n = words_count(&tools->segmenter, str_slice(text, chunk->start, chunk->end));
    return chunk->words = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void chunk_tools_free(ChunkTools *t)
{
    segmenter_free(&t->segmenter);
    clusters_free(&t->clusters);
    token_map_free(&t->tokens);
}

// ---- dropping -----------------------------------------------------------------------------------

// The next part between separators.
static PatternResult next_part(Chunking *c, Split *split, PatternMatch *part)
{
    PatternResult result = split_next(split, part, c->error);
    if (result == PATTERN_FAILED) c->tools->failed = c->s->pattern;
    return result;
}

// Whether `exclude` drops the piece; false in *ok when a pattern failed.
static bool drops(Chunking *c, Str piece, bool *ok)
{
    for (size_t i = 0; i < c->s->n_exclude; i++) {
        PatternMatch match;
        PatternResult result = pattern_find(c->s->exclude[i], piece, 0, false, &match, c->error);
        if (result == PATTERN_FAILED) {
            c->tools->failed = c->s->exclude[i];
            *ok = false;
        }
        if (result != PATTERN_NONE) return true;
    }
    return false;
}

static void note_drop(Chunking *c)
{
    c->out->dropped++;
    if (c->drops[0] == c->out->n) return;
    c->drops[1] = c->drops[0];
    c->drops[0] = c->out->n;
}

// A piece: dropped, which ends the open chunk, or packed.
static bool take_piece(Chunking *c, Str piece)
{
    bool ok = true;
    if (!c->s->n_exclude || !drops(c, piece, &ok)) return packer_add(&c->packer, piece);
    if (!ok) return false;
    packer_break(&c->packer);
    note_drop(c);
    return !c->packer.failed;
}

// ---- the strategies -----------------------------------------------------------------------------

static bool chunk_packed(Chunking *c)
{
    Split split = split_from(c->s->pattern, c->text);
    PatternMatch part;
    PatternResult result;
    while ((result = next_part(c, &split, &part)) == PATTERN_FOUND)
        if (!take_piece(c, str_slice(c->text, part.start, part.end))) return false;
    packer_close(&c->packer);
    return result == PATTERN_NONE && !c->packer.failed;
}

static bool chunk_separator(Chunking *c)
{
    Split split = split_from(c->s->pattern, c->text);
    PatternMatch part;
    PatternResult result;
    while ((result = next_part(c, &split, &part)) == PATTERN_FOUND) {
        if (!take_piece(c, str_slice(c->text, part.start, part.end))) return false;
        packer_break(&c->packer);
    }
    return result == PATTERN_NONE && !c->packer.failed;
}

static bool chunk_whole(Chunking *c)
{
    if (!take_piece(c, c->text)) return false;
    packer_close(&c->packer);
    return !c->packer.failed;
}

// A section that is too long: paragraphs packed, and what is too long among them by the separator.
static bool split_section(Chunking *c, Str section)
{
    Str block;
    Packer *p = &c->packer;
    for (size_t at = 0; block_next(section, &at, &block);) {
        if (p->unit->count(p->tools, space_trim(block), p->max) <= p->max) {
            if (!packer_add(p, block)) return false;
            continue;
        }
        Split split = split_from(c->s->pattern, block);
        PatternMatch part;
        PatternResult result;
        while ((result = next_part(c, &split, &part)) == PATTERN_FOUND)
            if (!packer_add(p, str_slice(block, part.start, part.end))) return false;
        if (result == PATTERN_FAILED) return false;
    }
    return true;
}

static bool take_section(Chunking *c, size_t from, size_t to)
{
    Str section = space_trim(str_slice(c->text, from, to));
    Packer *p = &c->packer;
    bool ok = true;
    if (section.len == 0) return true;
    if (drops(c, section, &ok)) {
        note_drop(c);
        return ok;
    }
    ok = p->unit->count(p->tools, section, p->max) <= p->max ? packer_add(p, section) : split_section(c, section);
    packer_break(p);
    return ok && !p->failed;
}

// A heading alone, with a deeper one right behind it, belongs to that section.
static bool heading_alone(const Chunking *c, size_t i)
{
    const Outline *o = c->outline;
    if (i + 1 >= o->n || o->items[i + 1].level <= o->items[i].level) return false;
    return space_skip(c->text, o->items[i].end) >= o->items[i + 1].start;
}

// Of a chunk that begins with headings alone, the last of them.
static uint32_t heading_of(const Chunking *c, const ChunkRange *range)
{
    const Outline *o = c->outline;
    uint32_t h = outline_at(o, range->start);
    while (h && range->start < o->items[h - 1].end && heading_alone(c, h - 1) && range->end > o->items[h].end) h++;
    return h;
}

static bool chunk_markdown(Chunking *c)
{
    const Outline *o = c->outline;
    size_t n = o ? o->n : 0;
    if (!take_section(c, 0, n ? o->items[0].start : c->text.len)) return false;
    for (size_t i = 0; i < n;) {
        size_t first = i;
        while (heading_alone(c, i)) i++;
        size_t to = i + 1 < n ? o->items[i + 1].start : c->text.len;
        if (!take_section(c, o->items[first].start, to)) return false;
        i++;
    }
    return true;
}

// ---- min_words ----------------------------------------------------------------------------------

static void join_short_last(Chunking *c, size_t first)
{
    ChunkList *out = c->out;
    if (c->s->min_words == 0 || out->n < first + 2) return;
    // What was dropped between the two parts them; what was dropped behind the last does not.
    if (c->drops[0] == out->n - 1 || c->drops[1] == out->n - 1) return;
    ChunkRange *last = &out->items[out->n - 1], *before = last - 1;
    if (chunk_words(c->text, last, c->tools) >= c->s->min_words) return;
    Str both = str_slice(c->text, before->start, last->end);
    if (c->s->max && chunk_units[c->s->unit]->count(c->tools, both, c->s->max) > c->s->max) return;
    before->end = last->end;
    before->words = 0;
    chunk_words(c->text, before, c->tools);
    out->n--;
}
