// SPDX-License-Identifier: Apache-2.0
#include "output/groups.h"

#include "base/json_slice.h"

void groups_init(Groups *g, double threshold)
{
    *g = (Groups){0};
    if (threshold <= 1) g->bulk = bulk_new(&(SeenOptions){.threshold = threshold, .memory = GROUPS_MEMORY});
}

void groups_free(Groups *g)
{
    interner_free(&g->names);
    sets_free(&g->sets);
    bulk_free(g->bulk);
    free(g->named);
    free(g->of);
    free(g->parts);
    free(g->given);
    *g = (Groups){0};
}

// ---- adding -------------------------------------------------------------------------------------

static uint32_t set_named(Groups *g, const char *kind, Str raw)
{
    Buf name = {0};
    buf_add(&name, str_from(kind));
    buf_add(&name, raw);
    uint32_t number = intern(&g->names, buf_str(&name));
    buf_free(&name);
    if (number < g->n_named) return g->named[number];
    if (g->n_named == g->cap_named) {
        g->cap_named = g->cap_named ? 2 * g->cap_named : 64;
        g->named = mem_realloc(g->named, g->cap_named * sizeof *g->named);
    }
    return g->named[g->n_named++] = sets_add(&g->sets);
}

static void tie(Groups *g, uint32_t *set, uint32_t other)
{
    if (*set != GROUPS_NONE) sets_join(&g->sets, *set, other);
    *set = other;
}

static uint32_t set_of(Groups *g, const GroupRow *row)
{
    JsonWalk w = {.text = row->chunks};
    Str chunk;
    uint32_t set = GROUPS_NONE;
    while (row->part == GROUPS_FREE && json_walk_item(&w, &chunk)) {
        Str document = json_slice_member(chunk, S("document"));
        if (!json_slice_is_null(document)) tie(g, &set, set_named(g, "document ", document));
    }
    if (row->part == GROUPS_FREE && !json_slice_is_null(row->together)) tie(g, &set, set_named(g, "value ", row->together));
    return set != GROUPS_NONE ? set : sets_add(&g->sets);
}

bool groups_add(Groups *g, const GroupRow *row, Error *e)
{
    if (g->n == g->cap) {
        g->cap = g->cap + g->cap / 4 + 4096;
        g->of = mem_realloc(g->of, g->cap * sizeof *g->of);
        g->parts = mem_realloc(g->parts, g->cap);
    }
    g->of[g->n] = row ? set_of(g, row) : GROUPS_NONE;
    g->parts[g->n++] = row ? row->part : GROUPS_FREE;
    if (!g->bulk) return true;
    if (!row) return bulk_skip(g->bulk, e);
    bulk_words(g->bulk, row->text);
    return bulk_add(g->bulk, e);
}

// ---- afterwards ---------------------------------------------------------------------------------

static bool join_near(Groups *g, Error *e)
{
    uint32_t *clusters = mem_alloc((g->n + 1) * sizeof *clusters);
    bool ok = bulk_clusters(g->bulk, clusters, e);
    for (size_t i = 0; i < g->n && ok; i++) {
        if (clusters[i] == i) continue;
        g->near++;
        sets_join(&g->sets, g->of[i], g->of[clusters[i]]);
    }
    free(clusters);
    bulk_free(g->bulk);
    g->bulk = NULL;
    return ok;
}

bool groups_settle(Groups *g, Error *e)
{
    if (g->bulk && !join_near(g, e)) return false;
    g->given = mem_alloc(g->sets.n + 1);
    memset(g->given, GROUPS_FREE, g->sets.n + 1);
    for (size_t i = 0; i < g->n; i++) {
        if (g->of[i] == GROUPS_NONE || g->parts[i] == GROUPS_FREE) continue;
        uint8_t *given = &g->given[groups_find(g, i)];
        if (*given == GROUPS_FREE) *given = g->parts[i];
    }
    return true;
}
