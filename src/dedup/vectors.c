// SPDX-License-Identifier: Apache-2.0
#include "dedup/vectors.h"

#include <math.h>

#include "base/arena.h"
#include "dedup/dot.h"
#include "dedup/graph.h"

enum { BLOCK = 1024 };  // vectors that memory is taken for at a time

// What rounding may take off the cosine of two vectors that are equal.
#define ROUNDING 1e-6

struct Vectors {
    double threshold;
    size_t dimensions, width;  // width: padded to whole lanes
    size_t exact;
    Dot dot;
    float **blocks;            // freed once the graph has all
    uint64_t *ids;
    size_t n, cap;
    Graph *graph;              // NULL: not begun
    size_t in_graph;
    float *looked;             // of the last look, of length 1
};

Vectors *vectors_new(const VectorsOptions *o)
{
    Vectors *v = mem_alloc(sizeof *v);
    *v = (Vectors){.threshold = o->threshold, .dimensions = o->dimensions, .exact = o->exact ? o->exact : VECTORS_EXACT, .dot = dot_best()};
    v->width = (o->dimensions + DOT_LANES - 1) / DOT_LANES * DOT_LANES;
    v->looked = mem_alloc(v->width * sizeof *v->looked);
    memset(v->looked, 0, v->width * sizeof *v->looked);
    return v;
}

static void free_blocks(Vectors *v)
{
    for (size_t i = 0; v->blocks && i * BLOCK < v->n; i++) free(v->blocks[i]);
    free(v->blocks);
    v->blocks = NULL;
}

void vectors_free(Vectors *v)
{
    if (!v) return;
    free_blocks(v);
    graph_free(v->graph);
    free(v->ids);
    free(v->looked);
    free(v);
}

size_t vectors_count(const Vectors *v) { return v->n; }

size_t vectors_bytes(const Vectors *v)
{
    enum { LINKS = 150 };
    size_t one = v->width * sizeof(float), kept = v->blocks ? (v->n + BLOCK - 1) / BLOCK * BLOCK : 0;
    return kept * one + v->in_graph * (one + LINKS) + v->cap * sizeof *v->ids;
}

// ---- looking ------------------------------------------------------------------------------------

// Scaled to length 1, so that the inner product is the cosine.
static bool take(Vectors *v, const float *vector)
{
    double square = 0;
    for (size_t i = 0; i < v->dimensions; i++) square += (double)vector[i] * (double)vector[i];
    double scale = square > 0 && isfinite(square) ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < v->dimensions; i++) v->looked[i] = scale > 0 ? (float)((double)vector[i] * scale) : 0;
    return scale > 0;
}

static float *at(const Vectors *v, size_t i) { return v->blocks[i / BLOCK] + i % BLOCK * v->width; }

static void consider(const Vectors *v, size_t i, double similarity, SeenMatch *best)
{
    if (similarity < v->threshold - ROUNDING) return;
    SeenMatch match = {v->ids[i], similarity > 1 ? 1 : similarity, false};
    if (seen_better(&match, best)) *best = match;
}

static bool is_exact(const Vectors *v) { return v->blocks || v->n == 0; }

bool vectors_look(Vectors *v, const float *vector, SeenMatch *match)
{
    *match = (SeenMatch){.id = UINT64_MAX};
    if (!take(v, vector)) return false;
    if (is_exact(v)) {
        for (size_t i = 0; i < v->n; i++) consider(v, i, (double)v->dot(v->looked, at(v, i), v->width), match);
    } else {
        uint64_t labels[GRAPH_NEAREST];
        float similarities[GRAPH_NEAREST];
        size_t n = graph_search(v->graph, v->looked, labels, similarities);
        for (size_t i = 0; i < n; i++) consider(v, (size_t)labels[i], (double)similarities[i], match);
    }
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

static void keep(Vectors *v)
{
    if (v->n % BLOCK == 0) {
        v->blocks = mem_realloc(v->blocks, (v->n / BLOCK + 1) * sizeof *v->blocks);
        v->blocks[v->n / BLOCK] = mem_alloc(BLOCK * v->width * sizeof(float));
    }
    memcpy(v->blocks[v->n / BLOCK] + v->n % BLOCK * v->width, v->looked, v->width * sizeof(float));
}

bool vectors_add(Vectors *v, uint64_t id, Error *e)
{
    bool exact = is_exact(v);
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : BLOCK;
        v->ids = mem_realloc(v->ids, v->cap * sizeof *v->ids);
    }
    v->ids[v->n] = id;
    if (!exact) {
        if (!into_graph(v, v->looked, e)) return false;
        v->n++;
        return true;
    }
    keep(v);
    v->n++;
    for (unsigned i = 0; i < 2 && v->n > v->exact / 2 && v->in_graph < v->n; i++)
        if (!into_graph(v, at(v, v->in_graph), e)) return false;
    if (v->n >= v->exact && v->in_graph == v->n) free_blocks(v);
    return true;
}
