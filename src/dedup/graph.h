// SPDX-License-Identifier: Apache-2.0
//
// The nearest of many vectors without comparing them all: a hierarchical navigable small world graph
// (Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search", 2016), by the
// library hnswlib. This is the one place that knows of it, and the one file in C++. Nearly always the
// nearest is found, not always. The same vectors added in the same order give the same graph.
#ifndef CONFAB_DEDUP_GRAPH_H
#define CONFAB_DEDUP_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Graph Graph;
typedef float (*GraphDot)(const float *a, const float *b, size_t n);

enum { GRAPH_NEAREST = 8 };  // most that a search gives

// `dimensions` is what `dot` takes. NULL and false: out of memory.
Graph *graph_new(size_t dimensions, GraphDot dot);
void graph_free(Graph *g);  // NULL is fine
bool graph_add(Graph *g, const float *unit, uint64_t label);  // copies it

// The nearest by inner product, in no order; returns how many.
size_t graph_search(Graph *g, const float *unit, uint64_t labels[GRAPH_NEAREST], float similarities[GRAPH_NEAREST]);

#ifdef __cplusplus
}
#endif

#endif
