// SPDX-License-Identifier: Apache-2.0
#include "dedup/graph.h"

#include <exception>
#include <memory>
#include <new>

// With its own vector code hnswlib also prefetches, and reads a link behind the end of a full list to
// do so (0.6.2). The inner product is confab's in any case.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

namespace {

constexpr size_t LINKS = 16;       // of a vector to others on a layer
constexpr size_t BUILD_WIDTH = 200;
constexpr size_t SEARCH_WIDTH = 128;
constexpr size_t FIRST_ROOM = 1024;
constexpr size_t SEED = 1;

struct Measure {
    GraphDot dot;
    size_t dimensions;
};

// hnswlib looks for the least distance.
float distance(const void *a, const void *b, const void *measure)
{
    const Measure *m = static_cast<const Measure *>(measure);
    return 1.0f - m->dot(static_cast<const float *>(a), static_cast<const float *>(b), m->dimensions);
}

class Space : public hnswlib::SpaceInterface<float> {
public:
    Space(size_t dimensions, GraphDot dot) : measure_{dot, dimensions} {}
    size_t get_data_size() override { return measure_.dimensions * sizeof(float); }
    hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
    void *get_dist_func_param() override { return &measure_; }

private:
    Measure measure_;
};

}  // namespace

struct Graph {
    Graph(size_t dimensions, GraphDot dot) : space(dimensions, dot), index(&space, FIRST_ROOM, LINKS, BUILD_WIDTH, SEED)
    {
        index.setEf(SEARCH_WIDTH);
    }
    Space space;
    hnswlib::HierarchicalNSW<float> index;
};

// No exception leaves this file.
extern "C" Graph *graph_new(size_t dimensions, GraphDot dot)
{
    try {
        return new Graph(dimensions, dot);
    } catch (const std::exception &) {
        return nullptr;
    }
}

extern "C" void graph_free(Graph *g)
{
    delete g;
}

extern "C" bool graph_add(Graph *g, const float *unit, uint64_t label)
{
    try {
        if (g->index.cur_element_count == g->index.max_elements_) g->index.resizeIndex(2 * g->index.max_elements_);
        g->index.addPoint(unit, static_cast<size_t>(label));
        return true;
    } catch (const std::exception &) {
        return false;
    }
}

extern "C" size_t graph_search(Graph *g, const float *unit, uint64_t labels[GRAPH_NEAREST], float similarities[GRAPH_NEAREST])
{
    size_t n = 0;
    try {
        auto found = g->index.searchKnn(unit, GRAPH_NEAREST);
        for (; !found.empty(); found.pop(), n++) {
            labels[n] = found.top().second;
            similarities[n] = 1.0f - found.top().first;
        }
    } catch (const std::exception &) {
        return 0;
    }
    return n;
}
