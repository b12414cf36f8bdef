// SPDX-License-Identifier: Apache-2.0
#include "tokens/vocabulary.h"

#include "base/hash.h"

static bool inside(const VocabularyHeader *h, uint64_t at, uint64_t n, uint64_t size)
{
    return at % 64 == 0 && at >= sizeof *h && at <= h->size && n <= (h->size - at) / size;
}

static bool is_mask(uint32_t mask) { return (mask & (mask + 1)) == 0 && mask < 1U << 28; }

static bool block_is_sound(const VocabularyHeader *h, size_t size)
{
    return size >= sizeof *h && memcmp(h->magic, "confabvo", 8) == 0 && h->version == VOCABULARY_VERSION && h->size == size && h->split < SPLIT_COUNT &&
           h->n_ids <= VOCABULARY_IDS && is_mask(h->short_mask) && is_mask(h->long_mask) && is_mask(h->added_mask) &&
           pair_shape_is_sound(h->pair_shape) && inside(h, h->shorts, h->short_mask + UINT64_C(1), SHORT_LINE * sizeof(ShortPiece)) &&
           inside(h, h->longs, h->long_mask + UINT64_C(1), sizeof(LongPiece)) && inside(h, h->pairs, pair_table_size(h->pair_shape), 1) &&
           inside(h, h->byte_pairs, h->byte_level ? 65536 : ASCII * ASCII, sizeof(BytePair)) &&
           inside(h, h->neighbours, h->byte_level ? 0 : PAIR_BITS / 8, 1) && inside(h, h->added_pairs, PAIR_BITS / 8, 1) &&
           h->n_nodes <= VOCABULARY_IDS && inside(h, h->added_edges, h->added_mask + UINT64_C(1), sizeof(AddedEdge)) &&
           inside(h, h->added_ids, h->n_nodes, 4) && inside(h, h->offsets, h->n_ids + UINT64_C(1), 4) &&
           inside(h, h->bytes, h->n_bytes, 1) && h->pattern[PATTERN_BYTES - 1] == 0;
}

static bool has_all_bytes(const VocabularyHeader *h)
{
    bool all = h->byte_level != 0;
    for (unsigned i = 0; i < 256; i++) all &= h->byte_ids[i] != NO_TOKEN;
    return all;
}

// Each token's bytes lie inside.
static bool offsets_are_sound(const Vocabulary *v)
{
    bool sound = v->offsets[0] <= v->h->n_bytes;
    for (uint32_t i = 0; i < v->h->n_ids; i++) sound &= v->offsets[i] <= v->offsets[i + 1];
    return sound && v->offsets[v->h->n_ids] <= v->h->n_bytes;
}

bool vocabulary_from_block(const void *block, size_t size, Vocabulary *out)
{
    const VocabularyHeader *h = block;
    const char *base = block;
    *out = (Vocabulary){0};
    if (size < sizeof *h || !block_is_sound(h, size)) return false;
    *out = (Vocabulary){
        .h = h,
        .shorts = (const ShortPiece *)(const void *)(base + h->shorts),
        .longs = (const LongPiece *)(const void *)(base + h->longs),
        .pairs = pair_table_at(h->pair_shape, base + h->pairs),
        .byte_pairs = has_all_bytes(h) ? (const BytePair *)(const void *)(base + h->byte_pairs) : NULL,
        .letter_pairs = h->byte_level ? NULL : (const BytePair *)(const void *)(base + h->byte_pairs),
        .neighbours = h->byte_level || h->no_neighbours ? NULL : (const uint64_t *)(const void *)(base + h->neighbours),
        .added_pairs = (const uint64_t *)(const void *)(base + h->added_pairs),
        .added_edges = (const AddedEdge *)(const void *)(base + h->added_edges),
        .added_ids = (const uint32_t *)(const void *)(base + h->added_ids),
        .offsets = (const uint32_t *)(const void *)(base + h->offsets),
        .bytes = base + h->bytes,
    };
    if (offsets_are_sound(out)) return true;
    *out = (Vocabulary){0};
    return false;
}

uint64_t vocabulary_hash(const void *block, size_t size)
{
    const char *bytes = block;
    size_t at = offsetof(VocabularyHeader, hash), behind = at + sizeof(uint64_t);
    return hash64((Str){bytes + behind, size - behind}, hash64((Str){bytes, at}, size));
}

Str token_bytes(const Vocabulary *v, uint32_t id)
{
    if (id >= v->h->n_ids) return (Str){0};
    return (Str){v->bytes + v->offsets[id], v->offsets[id + 1] - v->offsets[id]};
}

uint32_t long_find(const Vocabulary *v, Str piece, uint64_t hash)
{
    uint64_t at = hash;
    for (uint32_t slot = 0; slot <= v->h->long_mask; slot++, at++) {
        LongPiece l = v->longs[at & v->h->long_mask];
        if (l.id == NO_TOKEN || (l.check == (uint32_t)(hash >> 32) && str_eq(token_bytes(v, l.id), piece))) return l.id;
    }
    return NO_TOKEN;
}

// The node behind an edge; 0: there is none.
static uint32_t follow(const Vocabulary *v, uint32_t node, unsigned char c)
{
    uint32_t from = node << 8 | c, at = edge_hash(from);
    for (uint32_t slot = 0; slot <= v->h->added_mask; slot++, at++) {
        AddedEdge edge = v->added_edges[at & v->h->added_mask];
        if (edge.from == from || edge.to == 0) return edge.to < v->h->n_nodes ? edge.to : 0;
    }
    return 0;
}

uint32_t vocabulary_added(const Vocabulary *v, Str text, size_t *n)
{
    uint32_t id = NO_TOKEN, node = 0;
    for (size_t i = 0; i < text.len && (node = follow(v, node, (unsigned char)text.ptr[i])); i++) {
        if (v->added_ids[node] == NO_TOKEN) continue;
        id = v->added_ids[node];
        *n = i + 1;
    }
    return id;
}
