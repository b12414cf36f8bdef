// SPDX-License-Identifier: Apache-2.0
#include "tokens/merge.h"

// ---- more symbols -------------------------------------------------------------------------------

// A symbol in a list; merged ones leave their place to the left neighbour.
typedef struct Symbol {
    uint32_t id, previous, next;  // places; NO_TOKEN: none. id NO_TOKEN: merged away
} Symbol;

typedef struct Candidate {
    uint64_t order;      // rank << 32 | place: the lowest rank, then the leftmost
    uint32_t left, right;
} Candidate;

typedef struct Heap {
    Candidate *items;
    size_t n;
} Heap;

static void heap_sift_up(Heap *h, Candidate c)
{
    size_t at = h->n++;
    for (; at && h->items[(at - 1) / 2].order > c.order; at = (at - 1) / 2) h->items[at] = h->items[(at - 1) / 2];
    h->items[at] = c;
}

static void heap_place(Heap *h, size_t at, Candidate c)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= h->n) break;
        if (child + 1 < h->n && h->items[child + 1].order < h->items[child].order) child++;
        if (h->items[child].order >= c.order) break;
        h->items[at] = h->items[child];
        at = child;
    }
    h->items[at] = c;
}

static Candidate heap_take(Heap *h)
{
    Candidate first = h->items[0];
    h->n--;
    if (h->n) heap_place(h, 0, h->items[h->n]);
    return first;
}

static bool candidate(const Vocabulary *v, const Symbol *s, uint32_t at, Candidate *out)
{
    if (at == NO_TOKEN || s[at].next == NO_TOKEN) return false;
    uint32_t right = s[s[at].next].id;
    uint64_t pair = pair_find(&v->pairs, s[at].id, right);
    if (!pair) return false;
    *out = (Candidate){(uint64_t)pair_rank(v->pairs.shape, pair) << 32 | at, s[at].id, right};
    return true;
}

static void merge_all(const Vocabulary *v, Symbol *s, Heap *h)
{
    while (h->n) {
        Candidate c = heap_take(h), next;
        uint32_t at = (uint32_t)c.order;
        // What stood there when it was put may have merged with others since.
        if (s[at].id != c.left || s[at].next == NO_TOKEN || s[s[at].next].id != c.right) continue;
        uint32_t gone = s[at].next;
        s[at].id = pair_id(v->pairs.shape, pair_find(&v->pairs, c.left, c.right));
        s[at].next = s[gone].next;
        s[gone].id = NO_TOKEN;
        if (s[at].next != NO_TOKEN) s[s[at].next].previous = at;
        if (candidate(v, s, at, &next)) heap_sift_up(h, next);
        if (candidate(v, s, s[at].previous, &next)) heap_sift_up(h, next);
    }
}

static void *work_of(Merger *m, size_t size)
{
    if (m->work_size < size) {
        free(m->work);
        m->work = mem_alloc(m->work_size = size);
    }
    return m->work;
}

// Each merge takes one candidate out and puts at most two in, so there are at most 2 n at once.
static void merge_heap(Merger *m, const char *p, size_t n, IdList *out)
{
    char *work = work_of(m, n * (sizeof(Symbol) + 2 * sizeof(Candidate)) + n * sizeof(uint32_t));
    Heap h = {(Candidate *)(void *)work, 0};
    Symbol *s = (Symbol *)(void *)(work + 2 * n * sizeof(Candidate));
    uint32_t *ids = (uint32_t *)(void *)(s + n);
    size_t count = first_symbols(m->v, p, n, ids);
    if (count == 0) return;
    for (size_t i = 0; i < count; i++)
        s[i] = (Symbol){ids[i], i ? (uint32_t)i - 1 : NO_TOKEN, i + 1 < count ? (uint32_t)i + 1 : NO_TOKEN};
    for (uint32_t i = 0; i + 1 < count; i++) h.n += candidate(m->v, s, i, &h.items[h.n]);
    for (size_t i = h.n / 2; i-- > 0;) heap_place(&h, i, h.items[i]);
    merge_all(m->v, s, &h);
    for (uint32_t i = 0; i != NO_TOKEN; i = s[i].next) id_list_add(out, s[i].id);
}

// ---- a piece ------------------------------------------------------------------------------------

void merge_piece(Merger *m, const char *p, size_t n, IdList *out)
{
    if (n > MERGE_SYMBOLS) {
        merge_heap(m, p, n, out);
        return;
    }
    Merging one;
    one.p = p;
    one.n = n;
    m->group(m->v, &one, 1);
    id_list_add_all(out, one.ids, one.n_ids);
}

void merger_init(Merger *m, const Vocabulary *v, ScanLevel level)
{
    *m = (Merger){.v = v, .group = group_merge_of(level)};
}

void merger_free(Merger *m)
{
    free(m->work);
    *m = (Merger){0};
}
