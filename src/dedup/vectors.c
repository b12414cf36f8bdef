// SPDX-License-Identifier: Apache-2.0
#include "dedup/vectors.h"

#include <math.h>

#include "base/arena.h"
#include "dedup/dot.h"
#include "dedup/graph.h"
#include "dedup/spill.h"

enum {
    FIRST_ROOM = 1024,      // vectors; beyond, an eighth more than there are
    TILE = 128 << 10,       // bytes of vectors that stay in the cache while all that look are compared with them
    REST_EVERY = 4 << 20,   // bytes of a file that are looked at before they are let go of
};

// What rounding may take off the cosine of two vectors that are equal.
#define ROUNDING 1e-6

typedef struct Ahead {
    float *units;              // of those that look, of length 1
    bool *is_zero;             // they are near to nothing
    SeenMatch *best;           // of the first `until` vectors
    size_t n, cap, until;
} Ahead;

struct Vectors {
    double threshold;
    size_t dimensions, width;  // width: padded to whole lanes
    size_t exact;
    Dot dot;
    Spill spill;
    SpillArray unit_array, id_array;
    float *units;              // in unit_array, which is freed once the graph has all
    uint64_t *ids;
    size_t n, room, id_room;   // vectors
    Graph *graph;              // NULL: not begun
    size_t in_graph;
    float *looked;             // of the last look, of length 1
    Ahead ahead;
};

Vectors *vectors_new(const VectorsOptions *o)
{
    Vectors *v = mem_alloc(sizeof *v);
    *v = (Vectors){.threshold = o->threshold, .dimensions = o->dimensions, .exact = o->exact ? o->exact : VECTORS_EXACT, .dot = dot_best()};
    v->spill = (Spill){.memory = o->memory, .folder = o->folder};
    v->width = (o->dimensions + DOT_LANES - 1) / DOT_LANES * DOT_LANES;
    v->looked = mem_alloc(v->width * sizeof *v->looked);
    memset(v->looked, 0, v->width * sizeof *v->looked);
    return v;
}

static void free_units(Vectors *v)
{
    spill_free(&v->spill, &v->unit_array);
    v->units = NULL;
    v->room = 0;
}

void vectors_free(Vectors *v)
{
    if (!v) return;
    free_units(v);
    spill_free(&v->spill, &v->id_array);
    graph_free(v->graph);
    free(v->looked);
    free(v->ahead.units);
    free(v->ahead.is_zero);
    free(v->ahead.best);
    free(v);
}

size_t vectors_count(const Vectors *v) { return v->n; }

static size_t width_bytes(size_t dimensions) { return (dimensions + DOT_LANES - 1) / DOT_LANES * DOT_LANES * sizeof(float); }

size_t vectors_room(size_t dimensions) { return width_bytes(dimensions) + VECTORS_LINKS + sizeof(uint64_t); }

size_t vectors_bytes(const Vectors *v) { return v->spill.held + v->in_graph * (width_bytes(v->dimensions) + VECTORS_LINKS); }

// ---- looking ------------------------------------------------------------------------------------

// Scaled to length 1, so that the inner product is the cosine.
static bool unit_of(const Vectors *v, const float *vector, float *out)
{
    double square = 0;
    for (size_t i = 0; i < v->dimensions; i++) square += (double)vector[i] * (double)vector[i];
    double scale = square > 0 && isfinite(square) ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < v->dimensions; i++) out[i] = scale > 0 ? (float)((double)vector[i] * scale) : 0;
    return scale > 0;
}

static float *at(const Vectors *v, size_t i) { return v->units + i * v->width; }

static void consider(const Vectors *v, size_t i, double similarity, SeenMatch *best)
{
    if (similarity < v->threshold - ROUNDING) return;
    SeenMatch match = {v->ids[i], similarity > 1 ? 1 : similarity, false};
    if (seen_better(&match, best)) *best = match;
}

static bool is_exact(const Vectors *v) { return v->units || v->n == 0; }

static void compare(const Vectors *v, const float *unit, size_t from, size_t to, SeenMatch *best)
{
    for (size_t i = from; i < to; i++) consider(v, i, (double)v->dot(unit, at(v, i), v->width), best);
}

static void ask_graph(const Vectors *v, SeenMatch *best)
{
    uint64_t labels[GRAPH_NEAREST];
    float similarities[GRAPH_NEAREST];
    size_t n = graph_search(v->graph, v->looked, labels, similarities);
    for (size_t i = 0; i < n; i++) consider(v, (size_t)labels[i], (double)similarities[i], best);
}

bool vectors_look(Vectors *v, const float *vector, SeenMatch *match)
{
    *match = (SeenMatch){.id = UINT64_MAX};
    if (!unit_of(v, vector, v->looked)) return false;
    if (is_exact(v)) compare(v, v->looked, 0, v->n, match);
    else ask_graph(v, match);
    return match->id != UINT64_MAX;
}

// ---- many at once -------------------------------------------------------------------------------

static void make_ahead_room(Vectors *v, size_t n)
{
    Ahead *a = &v->ahead;
    if (n <= a->cap) return;
    a->units = mem_realloc(a->units, n * v->width * sizeof *a->units);
    a->is_zero = mem_realloc(a->is_zero, n * sizeof *a->is_zero);
    a->best = mem_realloc(a->best, n * sizeof *a->best);
    memset(a->units, 0, n * v->width * sizeof *a->units);
    a->cap = n;
}

void vectors_ahead(Vectors *v, const float *vectors, size_t n)
{
    Ahead *a = &v->ahead;
    make_ahead_room(v, n);
    a->n = n;
    a->until = v->units ? v->n : 0;
    for (size_t i = 0; i < n; i++) {
        a->is_zero[i] = !unit_of(v, vectors + i * v->dimensions, a->units + i * v->width);
        a->best[i] = (SeenMatch){.id = UINT64_MAX};
    }
    size_t one = v->width * sizeof(float), tile = one < TILE ? TILE / one : 1, rested = 0;
    for (size_t from = 0; from < a->until; from += tile) {
        size_t to = from + tile < a->until ? from + tile : a->until;
        for (size_t i = 0; i < n; i++)
            if (!a->is_zero[i]) compare(v, a->units + i * v->width, from, to, &a->best[i]);
        if (to * one - rested < REST_EVERY && to < a->until) continue;
        spill_rest_range(&v->unit_array, rested, to * one);
        rested = to * one;
    }
}

bool vectors_look_ahead(Vectors *v, size_t place, SeenMatch *match)
{
    Ahead *a = &v->ahead;
    *match = a->best[place];
    memcpy(v->looked, a->units + place * v->width, v->width * sizeof *v->looked);
    if (a->is_zero[place]) return false;
    if (is_exact(v)) compare(v, v->looked, a->until, v->n, match);
    else ask_graph(v, match);
    return match->id != UINT64_MAX;
}

// ---- adding -------------------------------------------------------------------------------------

static bool into_graph(Vectors *v, const float *unit, Error *e)
{
    if (!v->graph) v->graph = graph_new(v->width, v->dot);
    if (!v->graph || !graph_add(v->graph, unit, v->in_graph)) return error_set(e, ERROR_INTERNAL, "dedup", "no memory for more vectors");
    v->in_graph++;
    return true;
}

static bool grow(Vectors *v, SpillArray *a, size_t *room, size_t one, Error *e)
{
    if (v->n < *room) return true;
    size_t now = v->n + v->n / 8 + FIRST_ROOM;
    if (!spill_grow(&v->spill, a, now * one, e)) return false;
    *room = now;
    return true;
}

bool vectors_add(Vectors *v, uint64_t id, Error *e)
{
    bool exact = is_exact(v);
    if (!grow(v, &v->id_array, &v->id_room, sizeof *v->ids, e)) return false;
    v->ids = v->id_array.p;
    v->ids[v->n] = id;
    if (!exact) {
        if (!into_graph(v, v->looked, e)) return false;
        v->n++;
        return true;
    }
    if (!grow(v, &v->unit_array, &v->room, v->width * sizeof *v->units, e)) return false;
    v->units = v->unit_array.p;
    memcpy(at(v, v->n), v->looked, v->width * sizeof *v->looked);
    v->n++;
    for (unsigned i = 0; i < 2 && v->n > v->exact / 2 && v->in_graph < v->n; i++)
        if (!into_graph(v, at(v, v->in_graph), e)) return false;
    if (v->n >= v->exact && v->in_graph == v->n) free_units(v);
    return true;
}
