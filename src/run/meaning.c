// SPDX-License-Identifier: Apache-2.0
#include "run/meaning.h"

enum { TOGETHER = 1024 };  // texts that are embedded at a time

struct Meaning {
    Embedder *embedder;
    Vectors *vectors;
    size_t dimensions;
    Arena waiting;         // of the texts below
    Str texts[TOGETHER];
    uint64_t ids[TOGETHER];
    size_t n;
};

bool meaning_open(Embedder *embedder, double threshold, Meaning **out, Error *e)
{
    Arena a = {0};
    Str probe = S("Does it work?");
    *out = NULL;
    bool ok = embedder_all(embedder, &probe, 1, &a, e) != NULL;
    arena_free(&a);
    if (!ok) return false;
    Meaning *m = mem_alloc(sizeof *m);
    *m = (Meaning){.embedder = embedder, .dimensions = embedder_dimensions(embedder)};
    m->vectors = vectors_new(&(VectorsOptions){.dimensions = m->dimensions, .threshold = threshold});
    *out = m;
    return true;
}

void meaning_close(Meaning *m)
{
    if (!m) return;
    vectors_free(m->vectors);
    arena_free(&m->waiting);
    free(m);
}

size_t meaning_dimensions(const Meaning *m) { return m->dimensions; }

bool meaning_look(Meaning *m, const float *vector, SeenMatch *match) { return vectors_look(m->vectors, vector, match); }
bool meaning_add(Meaning *m, uint64_t id, Error *e) { return vectors_add(m->vectors, id, e); }

static bool know_vector(Meaning *m, const float *vector, uint64_t id, Error *e)
{
    SeenMatch match;
    vectors_look(m->vectors, vector, &match);
    return vectors_add(m->vectors, id, e);
}

bool meaning_know(Meaning *m, Str text, Str vector, uint64_t id, Error *e)
{
    if (vector.len == m->dimensions * sizeof(float)) {
        float *copy = mem_alloc(vector.len);
        memcpy(copy, vector.ptr, vector.len);
        bool ok = know_vector(m, copy, id, e);
        free(copy);
        return ok;
    }
    m->texts[m->n] = arena_str(&m->waiting, embed_cut(text, 0));
    m->ids[m->n++] = id;
    return m->n < TOGETHER || meaning_settle(m, e);
}

bool meaning_settle(Meaning *m, Error *e)
{
    Arena a = {0};
    *e = (Error){0};
    float *vectors = m->n ? embedder_all(m->embedder, m->texts, m->n, &a, e) : NULL;
    bool ok = vectors || m->n == 0;
    for (size_t i = 0; ok && i < m->n; i++) ok = know_vector(m, vectors + i * m->dimensions, m->ids[i], e);
    m->n = 0;
    arena_reset(&m->waiting);
    arena_free(&a);
    return ok;
}
