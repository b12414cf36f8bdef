// SPDX-License-Identifier: Apache-2.0
#include "tokens/piece_cache.h"

#include <sys/mman.h>

#include "base/arena.h"

enum {
    HUGE_PAGE = 2 << 20,
    LONG_SIZE = LONG_SETS * sizeof(LongSet) + PIECE_ARENA * sizeof(uint32_t),
};

static size_t sets_size(unsigned bits) { return sizeof(PieceSet) << bits; }

// Fresh pages are zeroed when they are first written, so that a cache costs what it holds.
static void *fresh(size_t size, void **memory)
{
    *memory = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*memory == MAP_FAILED) oom();
    char *p = (char *)*memory + (HUGE_PAGE - (uintptr_t)*memory % HUGE_PAGE) % HUGE_PAGE;
#ifdef MADV_HUGEPAGE
    madvise(p, size, MADV_HUGEPAGE);  // where the machine has none, pages are small
#endif
    return p;
}

void piece_cache_open(PieceCache *c)
{
    *c = (PieceCache){.bits = PIECE_BITS_FIRST};
    c->sets = fresh(sets_size(c->bits), &c->set_memory);
    c->longs = fresh(LONG_SIZE, &c->long_memory);
    c->arena = (uint32_t *)(void *)(c->longs + LONG_SETS);
}

void piece_cache_close(PieceCache *c)
{
    if (c->set_memory) munmap(c->set_memory, sets_size(c->bits) + HUGE_PAGE);
    if (c->long_memory) munmap(c->long_memory, LONG_SIZE + HUGE_PAGE);
    *c = (PieceCache){0};
}

static void forget_arena(PieceCache *c)
{
    c->used = 0;
    memset(c->longs, 0, LONG_SETS * sizeof *c->longs);
    for (size_t i = 0; i < (size_t)1 << c->bits; i++)
        for (size_t k = 0; k < PIECE_WAYS; k++)
            if (c->sets[i].ways[k].ids.ids[0] <= PIECE_ID_MASK) c->sets[i].ways[k].key = (ShortKey){0, 0};
}

static void grow(PieceCache *c)
{
    PieceCache old = *c;
    unsigned bits = old.bits + PIECE_BITS_STEP;
    c->bits = bits < PIECE_BITS_LAST ? bits : PIECE_BITS_LAST;
    c->sets = fresh(sets_size(c->bits), &c->set_memory);
    c->puts = 0;
    for (size_t i = 0; i < (size_t)1 << old.bits; i++)
        for (size_t k = PIECE_WAYS; k-- > 0;) {  // the newest last
            ShortKey key = old.sets[i].ways[k].key;
            if (key.high) piece_put(c, key, piece_hash(key), &old.sets[i].ways[k].ids);
        }
    munmap(old.set_memory, sets_size(old.bits) + HUGE_PAGE);
}

void piece_cache_make_room(PieceCache *c)
{
    if (PIECE_ARENA - c->used < PIECE_ROOM) forget_arena(c);
    if (c->puts > (size_t)1 << c->bits && c->bits < PIECE_BITS_LAST) grow(c);
}

void piece_put(PieceCache *c, ShortKey key, uint64_t hash, const PieceIds *ids)
{
    PieceSet *set = piece_set(c, hash);
    for (size_t k = 0; k < PIECE_WAYS; k++)  // a batch may hold it twice
        if (set->ways[k].key.low == key.low && set->ways[k].key.high == key.high) return;
    set->ways[1] = set->ways[0];
    set->ways[0].key = key;
    set->ways[0].ids = *ids;
    c->puts++;
}

static PieceIds in_arena(PieceCache *c, const uint32_t *ids, size_t n)
{
    PieceIds out = {{0, (uint32_t)c->used, (uint32_t)n, 0}};
    memcpy(c->arena + c->used, ids, n * sizeof *ids);
    c->used += n;
    return out;
}

PieceIds piece_ids(PieceCache *c, const uint32_t *ids, size_t n)
{
    PieceIds out = {{0}};
    if (n == 0 || n > PIECE_IDS) return in_arena(c, ids, n);
    memcpy(out.ids, ids, n * sizeof *ids);
    out.ids[0] = (out.ids[0] & PIECE_ID_MASK) | (uint32_t)n << 24;
    return out;
}

static size_t words(size_t bytes) { return (bytes + 3) / 4; }

bool piece_long_find(const PieceCache *c, Str piece, uint64_t hash, PieceIds *out)
{
    const LongSet *set = long_set(c, hash);
    for (size_t k = 0; k < LONG_WAYS; k++) {
        if (set->ways[k].check != (uint32_t)(hash >> 32) || set->ways[k].len != piece.len) continue;
        uint32_t at = set->ways[k].at;
        if (memcmp(c->arena + at, piece.ptr, piece.len) != 0) continue;
        *out = (PieceIds){{0, at + (uint32_t)words(piece.len), set->ways[k].n, 0}};
        return true;
    }
    return false;
}

PieceIds piece_long_put(PieceCache *c, Str piece, uint64_t hash, const uint32_t *ids, size_t n)
{
    LongSet *set = long_set(c, hash);
    memmove(set->ways + 1, set->ways, sizeof *set->ways * (LONG_WAYS - 1));
    set->ways[0].check = (uint32_t)(hash >> 32);
    set->ways[0].at = (uint32_t)c->used;
    set->ways[0].len = (uint32_t)piece.len;
    set->ways[0].n = (uint32_t)n;
    memcpy(c->arena + c->used, piece.ptr, piece.len);
    c->used += words(piece.len);
    return in_arena(c, ids, n);
}
