// SPDX-License-Identifier: Apache-2.0
#include "tokens/vocabulary_build.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "tokens/merge.h"

// ---- layout -------------------------------------------------------------------------------------

static uint32_t lines_for(size_t n)
{
    uint32_t lines = 4;
    while (2 * lines * SHORT_LINE < 3 * n) lines *= 2;
    return lines;
}

static uint32_t slots_for(size_t n)
{
    uint32_t slots = 16;
    while (slots < 2 * n) slots *= 2;
    return slots;
}

static uint64_t place(uint64_t *size, uint64_t bytes)
{
    uint64_t at = *size;
    *size = (at + bytes + 63) / 64 * 64;
    return at;
}

typedef struct Counts {
    size_t shorts, longs, bytes, longest;
} Counts;

static Counts count(const VocabularySource *s)
{
    Counts c = {0};
    for (size_t i = 0; i < s->n_tokens; i++) {
        c.bytes += s->tokens[i].len;
        c.longest = s->tokens[i].len > c.longest ? s->tokens[i].len : c.longest;
        c.shorts += s->tokens[i].len <= SHORT_MAX;
        c.longs += s->tokens[i].len > SHORT_MAX;
    }
    return c;
}

static void *lay_out(const VocabularySource *s, Counts c, PairShape pairs, uint32_t n_nodes, size_t *size)
{
    VocabularyHeader h = {
        .magic = "confabvo", .version = VOCABULARY_VERSION, .split = s->split, .normaliser = s->normaliser, .byte_level = s->byte_level,
        .unknown = s->unknown, .no_neighbours = s->whole_first, .n_ids = (uint32_t)s->n_tokens, .longest = (uint32_t)c.longest, .n_added = (uint32_t)s->n_added, .n_bytes = c.bytes,
        .short_mask = lines_for(c.shorts) - 1, .long_mask = slots_for(c.longs) - 1, .pair_shape = pairs,
        .added_mask = slots_for(n_nodes) - 1, .n_nodes = n_nodes,
    };
    uint64_t end = (sizeof h + 63) / 64 * 64;
    h.shorts = place(&end, (h.short_mask + UINT64_C(1)) * SHORT_LINE * sizeof(ShortPiece));
    h.longs = place(&end, (h.long_mask + UINT64_C(1)) * sizeof(LongPiece));
    h.pairs = place(&end, pair_table_size(pairs));
    h.byte_pairs = place(&end, (s->byte_level ? 65536 : ASCII * ASCII) * sizeof(BytePair));
    h.neighbours = place(&end, s->byte_level ? 0 : PAIR_BITS / 8);
    h.added_pairs = place(&end, PAIR_BITS / 8);
    h.added_edges = place(&end, (h.added_mask + UINT64_C(1)) * sizeof(AddedEdge));
    h.added_ids = place(&end, n_nodes * sizeof(uint32_t));
    h.offsets = place(&end, (h.n_ids + UINT64_C(1)) * sizeof(uint32_t));
    h.bytes = place(&end, c.bytes);
    h.size = end;
    memcpy(h.byte_ids, s->byte_ids, sizeof h.byte_ids);
    memset(h.letter_ids, 0xFF, sizeof h.letter_ids);
    if (s->pattern.len && s->pattern.len < PATTERN_BYTES) memcpy(h.pattern, s->pattern.ptr, s->pattern.len);
    char *block = mem_alloc(end);
    memset(block, 0, end);
    memcpy(block, &h, sizeof h);
    memset(block + h.longs, 0xFF, h.pairs - h.longs);  // empty slots
    memset(block + h.added_ids, 0xFF, h.offsets - h.added_ids);
    *size = end;
    return block;
}

// ---- pairs --------------------------------------------------------------------------------------

typedef struct PairList {
    Pair *items;
    size_t n, cap;
} PairList;

static void pair_list_add(PairList *l, Pair p)
{
    if (l->n == l->cap) l->items = mem_realloc(l->items, (l->cap = l->cap ? 2 * l->cap : 1 << 16) * sizeof *l->items);
    l->items[l->n++] = p;
}

typedef struct ByteMap {
    const VocabularySource *s;
    uint32_t *slots;
    uint32_t mask;
} ByteMap;

static uint32_t map_find(const ByteMap *m, Str bytes)
{
    for (uint64_t at = hash64(bytes, 0);; at++) {
        uint32_t id = m->slots[at & m->mask];
        if (id == NO_TOKEN || str_eq(m->s->tokens[id], bytes)) return id;
    }
}

static ByteMap map_of(const VocabularySource *s)
{
    ByteMap m = {s, NULL, slots_for(s->n_tokens) - 1};
    m.slots = mem_alloc((m.mask + (size_t)1) * sizeof *m.slots);
    memset(m.slots, 0xFF, (m.mask + (size_t)1) * sizeof *m.slots);
    for (uint32_t id = 0; id < s->n_tokens; id++) {
        if (!s->tokens[id].len) continue;
        uint64_t at = hash64(s->tokens[id], 0);
        while (m.slots[at & m.mask] != NO_TOKEN) at++;
        m.slots[at & m.mask] = id;
    }
    return m;
}

// By id, whether a token is an added one.
static bool *added_ids(const VocabularySource *s)
{
    bool *is_added = mem_alloc(s->n_tokens + 1);
    memset(is_added, 0, s->n_tokens + 1);
    for (size_t i = 0; i < s->n_added; i++) is_added[s->added[i]] = true;
    return is_added;
}

typedef struct Unmerged {
    const VocabularySource *s;
    const ByteMap *map;
    Str token;
    size_t starts[VOCABULARY_TOKEN + 1];  // of the symbols, and the token's end
    uint32_t ranks[VOCABULARY_TOKEN];     // of each symbol merged with the next; NO_TOKEN: they do not merge
    size_t n;
} Unmerged;

static uint32_t rank_at(const Unmerged *u, size_t i)
{
    return i + 2 > u->n ? NO_TOKEN : map_find(u->map, str_slice(u->token, u->starts[i], u->starts[i + 2]));
}

static void merge_at(Unmerged *u, size_t i)
{
    memmove(u->starts + i + 1, u->starts + i + 2, (u->n - i - 1) * sizeof *u->starts);
    memmove(u->ranks + i, u->ranks + i + 1, (u->n - i - 1) * sizeof *u->ranks);
    u->n--;
    u->ranks[i] = rank_at(u, i);
    if (i) u->ranks[i - 1] = rank_at(u, i - 1);
}

// The two tokens that merge into a token: what the merges of lower rank leave of its bytes. No other two that
// have its bytes ever stand side by side in a text. False: merges do not give this token.
static bool last_merge(Unmerged *u, uint32_t id, Pair *out)
{
    u->n = u->token.len;
    for (size_t i = 0; i <= u->n; i++) u->starts[i] = i;
    for (size_t i = 0; i < u->n; i++) u->ranks[i] = rank_at(u, i);
    while (u->n > 2) {
        size_t best = 0;
        for (size_t i = 1; i < u->n; i++)
            if (u->ranks[i] < u->ranks[best]) best = i;
        if (u->ranks[best] >= id) return false;
        merge_at(u, best);
    }
    *out = (Pair){map_find(u->map, str_slice(u->token, 0, u->starts[1])),
                  map_find(u->map, str_slice(u->token, u->starts[1], u->token.len)), id, id};
    return u->n == 2 && out->left != NO_TOKEN && out->right != NO_TOKEN;
}

static void pairs_by_bytes(const VocabularySource *s, PairList *out)
{
    ByteMap map = map_of(s);
    bool *is_added = added_ids(s);
    Unmerged *u = mem_alloc(sizeof *u);
    *u = (Unmerged){.s = s, .map = &map};
    Pair pair;
    for (uint32_t id = 0; id < s->n_tokens; id++) {
        u->token = s->tokens[id];
        if (u->token.len < 2 || is_added[id]) continue;
        if (last_merge(u, id, &pair)) pair_list_add(out, pair);
    }
    free(u);
    free(is_added);
    free(map.slots);
}

static BytePair byte_pair(const Vocabulary *v, uint32_t first, uint32_t second)
{
    PairShape shape = v->h->pair_shape;
    uint64_t pair = first == NO_TOKEN || second == NO_TOKEN ? 0 : pair_find(&v->pairs, first, second);
    return (BytePair){pair ? pair_rank(shape, pair) << BYTE_PAIR_SHIFT : UINT32_MAX << BYTE_PAIR_SHIFT, pair_id(shape, pair)};
}

static void put_byte_pairs(char *block, const VocabularyHeader *h, const Vocabulary *v)
{
    BytePair *table = (BytePair *)(void *)(block + h->byte_pairs);
    for (size_t i = 0; v->byte_pairs && i < 65536; i++) table[i] = byte_pair(v, h->byte_ids[i >> 8], h->byte_ids[i & 255]);
}

static void set_bit(uint64_t *bits, unsigned first, unsigned second) { bits[first << 2 | second >> 6] |= UINT64_C(1) << (second & 63); }

#define BLANK "\xE2\x96\x81"  // ▁

static void put_neighbours(const VocabularySource *s, char *block, const VocabularyHeader *h)
{
    uint64_t *bits = (uint64_t *)(void *)(block + h->neighbours);
    for (size_t i = 0; !s->byte_level && i < s->n_merges; i++) {
        Str left = s->tokens[s->merges[i].left], right = s->tokens[s->merges[i].right];
        if (!left.len || !right.len) continue;
        unsigned last = (unsigned char)left.ptr[left.len - 1], first = (unsigned char)right.ptr[0];
        set_bit(bits, str_ends(left, S(BLANK)) ? ' ' : last, str_starts(right, S(BLANK)) ? ' ' : first);
    }
}

// ---- pieces that are one token ------------------------------------------------------------------

static void put_piece(char *block, const VocabularyHeader *h, uint32_t id, Str t)
{
    ShortPiece *shorts = (ShortPiece *)(void *)(block + h->shorts);
    LongPiece *longs = (LongPiece *)(void *)(block + h->longs);
    if (t.len <= SHORT_MAX) {
        ShortPiece key = short_key(t.ptr, t.len);
        uint64_t line = short_hash(key.low, key.high);
        ShortPiece *s = shorts + (line & h->short_mask) * SHORT_LINE;
        while (s[SHORT_LINE - 1].high) s = shorts + (++line & h->short_mask) * SHORT_LINE;
        while (s->high) s++;
        key.high |= (uint64_t)id << 40;
        *s = key;
    } else {
        uint64_t hash = hash64(t, 0), at = hash;
        while (longs[at & h->long_mask].id != NO_TOKEN) at++;
        longs[at & h->long_mask] = (LongPiece){id, (uint32_t)(hash >> 32)};
    }
}

static bool is_one_letter(Str t)
{
    size_t at = 0;
    return utf8_next(t, &at) != UTF8_BAD && at == t.len;
}

static void put_letters(const VocabularySource *s, char *block, VocabularyHeader *h, const Vocabulary *v)
{
    for (uint32_t id = 0; id < s->n_tokens; id++) {
        Str t = s->tokens[id];
        if (!t.len || !is_one_letter(t)) continue;
        put_piece(block, h, id, t);
        unsigned code = str_eq(t, S(BLANK)) ? ' ' : t.len == 1 && *t.ptr != ' ' ? (unsigned char)*t.ptr : ASCII;
        if (code < ASCII && h->letter_ids[code] == NO_TOKEN) h->letter_ids[code] = id;
    }
    BytePair *table = (BytePair *)(void *)(block + h->byte_pairs);
    for (size_t i = 0; i < ASCII * ASCII; i++) table[i] = byte_pair(v, h->letter_ids[i / ASCII], h->letter_ids[i % ASCII]);
}

// Letters first: they are what the merges of the others begin with.
static void put_pieces(const VocabularySource *s, char *block, VocabularyHeader *h, const Vocabulary *v)
{
    Merger merger;
    IdList ids = {.keep = true};
    bool *is_added = added_ids(s);
    if (!s->byte_level) put_letters(s, block, h, v);
    merger_init(&merger, v, SCAN_PLAIN);
    for (uint32_t id = 0; id < s->n_tokens; id++) {
        Str t = s->tokens[id];
        if (!t.len || (!s->byte_level && is_one_letter(t)) || (is_added[id] && s->rank_by_bytes)) continue;
        ids.n = 0;
        if (!s->whole_first) merge_piece(&merger, t.ptr, t.len, &ids);
        if (s->whole_first || (ids.n == 1 && ids.ids[0] == id)) put_piece(block, h, id, t);
    }
    merger_free(&merger);
    id_list_free(&ids);
    free(is_added);
}

// ---- added tokens -------------------------------------------------------------------------------

static bool spans_a_cut(Str t)
{
    for (size_t i = 1; i + 1 < t.len; i++)
        if ((t.ptr[i] == ' ' || t.ptr[i] == '\n') && ((unsigned char)t.ptr[i + 1] >= 0x80 || str_is_alpha(t.ptr[i + 1]))) return true;
    return t.len > 1 && (t.ptr[0] == ' ' || t.ptr[0] == '\n') && str_is_alpha(t.ptr[1]);
}

// A trie in the making: a table of edges with room for all that there can be.
typedef struct Trie {
    AddedEdge *edges;
    uint32_t *ids;
    uint32_t mask, n_nodes;
} Trie;

static AddedEdge *edge_slot(AddedEdge *edges, uint32_t mask, uint32_t from)
{
    uint32_t at = edge_hash(from);
    while (edges[at & mask].to && edges[at & mask].from != from) at++;
    return &edges[at & mask];
}

static bool trie_add(Trie *t, Str text, uint32_t id)
{
    uint32_t node = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t from = node << 8 | (unsigned char)text.ptr[i];
        AddedEdge *edge = edge_slot(t->edges, t->mask, from);
        if (!edge->to && t->n_nodes == VOCABULARY_IDS) return false;
        if (!edge->to) *edge = (AddedEdge){from, t->n_nodes++};
        node = edge->to;
    }
    if (t->ids[node] == NO_TOKEN) t->ids[node] = id;
    return true;
}

static bool is_looked_for(Str token) { return token.len && token.len <= ADDED_MAX; }

// False: there are more nodes than a block may have.
static bool trie_of(const VocabularySource *s, Trie *t)
{
    size_t most = 1;
    for (size_t i = 0; i < s->n_added; i++)
        if (is_looked_for(s->tokens[s->added[i]])) most += s->tokens[s->added[i]].len;
    if (most > VOCABULARY_IDS) most = VOCABULARY_IDS;
    *t = (Trie){.mask = slots_for(most) - 1, .n_nodes = 1};
    t->edges = mem_alloc((t->mask + (size_t)1) * sizeof *t->edges);
    memset(t->edges, 0, (t->mask + (size_t)1) * sizeof *t->edges);
    t->ids = mem_alloc(most * sizeof *t->ids);
    memset(t->ids, 0xFF, most * sizeof *t->ids);
    for (size_t i = 0; i < s->n_added; i++)
        if (is_looked_for(s->tokens[s->added[i]]) && !trie_add(t, s->tokens[s->added[i]], s->added[i])) return false;
    return true;
}

static void trie_free(Trie *t)
{
    free(t->edges);
    free(t->ids);
}

static void put_added(const VocabularySource *s, const Trie *t, char *block, VocabularyHeader *h)
{
    AddedEdge *edges = (AddedEdge *)(void *)(block + h->added_edges);
    memcpy(block + h->added_ids, t->ids, t->n_nodes * sizeof *t->ids);
    for (size_t i = 0; i <= t->mask; i++)
        if (t->edges[i].to) *edge_slot(edges, h->added_mask, t->edges[i].from) = t->edges[i];
    for (size_t i = 0; i < s->n_added; i++) {
        Str text = s->tokens[s->added[i]];
        if (!is_looked_for(text)) continue;
        if (text.len > 1) set_bit((uint64_t *)(void *)(block + h->added_pairs), (unsigned char)text.ptr[0], (unsigned char)text.ptr[1]);
        h->added_first[(unsigned char)text.ptr[0]] = 1;
        h->no_cuts |= spans_a_cut(text);
    }
}

static void *pairs_of(const VocabularySource *s, PairShape *shape)
{
    PairList pairs = {0};
    if (s->rank_by_bytes) pairs_by_bytes(s, &pairs);
    for (size_t i = 0; i < s->n_merges; i++)
        pair_list_add(&pairs, (Pair){s->merges[i].left, s->merges[i].right, (uint32_t)i, s->merges[i].id});
    size_t ranks = s->rank_by_bytes && s->n_tokens > s->n_merges ? s->n_tokens : s->n_merges;
    void *table = pair_table_build(pairs.items, pairs.n, (uint32_t)s->n_tokens, (uint32_t)ranks, shape);
    free(pairs.items);
    return table;
}

void *vocabulary_build(const VocabularySource *s, size_t *size)
{
    PairShape shape;
    Trie trie;
    if (!trie_of(s, &trie)) {
        trie_free(&trie);
        return NULL;
    }
    void *pairs = pairs_of(s, &shape);
    char *block = lay_out(s, count(s), shape, trie.n_nodes, size);
    VocabularyHeader *h = (VocabularyHeader *)(void *)block;
    memcpy(block + h->pairs, pairs, pair_table_size(shape));
    free(pairs);
    uint32_t *offsets = (uint32_t *)(void *)(block + h->offsets), at = 0;
    for (size_t i = 0; i < s->n_tokens; i++) {
        offsets[i] = at;
        if (s->tokens[i].len) memcpy(block + h->bytes + at, s->tokens[i].ptr, s->tokens[i].len);
        at += (uint32_t)s->tokens[i].len;
    }
    offsets[s->n_tokens] = at;
    put_added(s, &trie, block, h);
    trie_free(&trie);
    put_neighbours(s, block, h);
    Vocabulary v;
    vocabulary_from_block(block, *size, &v);
    put_byte_pairs(block, h, &v);
    put_pieces(s, block, h, &v);
    return block;
}
