// SPDX-License-Identifier: Apache-2.0
#include "plan/related.h"

#include "base/file.h"
#include "base/path.h"

bool related_open(Related *r, const Project *project, Error *e)
{
    Arena scratch = {0};
    // A project that was read without its cache gets none for searching either.
    bool cached = file_exists(path_join(&scratch, project->folder, S(".confab/knowledge")).ptr);
    arena_free(&scratch);
    if (!search_open(&r->search, project->knowledge, project->folder.ptr, !cached, e)) return false;
    pthread_mutex_init(&r->lock, NULL);
    return r->open = true;
}

void related_close(Related *r)
{
    if (!r->open) return;
    search_close(&r->search);
    pthread_mutex_destroy(&r->lock);
    *r = (Related){0};
}

// ---- choosing -----------------------------------------------------------------------------------

typedef struct Chosen {
    uint32_t *chunks;
    size_t n, max;
} Chosen;

static void choose(Chosen *c, uint32_t chunk)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->chunks[i] == chunk) return;
    if (c->n < c->max) c->chunks[c->n++] = chunk;
}

// Placed documents lie in the knowledge's order.
static bool takes_part(const PassageDecks *p, uint32_t document)
{
    size_t low = 0, high = p->n_documents;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->documents[middle].document < document) low = middle + 1;
        else high = middle;
    }
    return low < p->n_documents && p->documents[low].document == document;
}

// Asks for more only where many hits lie in documents that do not take part.
static bool choose_related(Related *r, const PassageDecks *p, Passage passage, Chosen *c, Arena *scratch, Error *e)
{
    const Knowledge *k = p->knowledge;
    size_t all = k->n_chunks < SEARCH_HITS_MAX ? k->n_chunks : SEARCH_HITS_MAX, n = 0;
    Hit *hits = arena_new(scratch, Hit, all);
    bool ok = true;
    for (size_t max = c->max; ok; max = all) {
        if (max > all) max = all;
        pthread_mutex_lock(&r->lock);
        ok = search_related(&r->search, &k->chunks[passage.chunk], &k->topics[passage.topic], hits, max, &n, scratch, e);
        pthread_mutex_unlock(&r->lock);
        for (size_t i = 0; ok && i < n; i++)
            if (takes_part(p, k->chunks[hits[i].chunk].document)) choose(c, hits[i].chunk);
        if (c->n == c->max || n < max || max == all) break;
    }
    return ok;
}

static void choose_neighbours(const PassageDecks *p, Passage passage, Chosen *c)
{
    const Document *d = &p->knowledge->documents[passage.document];
    for (uint32_t i = passage.chunk + 1; i < d->first_chunk + d->n_chunks && c->n < c->max; i++) choose(c, i);
    for (uint32_t i = passage.chunk; i > d->first_chunk && c->n < c->max; i--) choose(c, i - 1);
}

// Moves each chunk to those of its document that stand before it.
static void gather(const Knowledge *k, Chosen *c)
{
    for (size_t i = 1; i < c->n; i++) {
        uint32_t chunk = c->chunks[i], document = k->chunks[chunk].document;
        size_t to = 0;
        while (to < i && k->chunks[c->chunks[to]].document != document) to++;
        while (to < i && k->chunks[c->chunks[to]].document == document && c->chunks[to] < chunk) to++;
        memmove(c->chunks + to + 1, c->chunks + to, (i - to) * sizeof *c->chunks);
        c->chunks[to] = chunk;
    }
}

bool related_widen(Related *r, const PassageDecks *p, Passage passage, size_t n, uint32_t *out, size_t *n_out, Arena *scratch, Error *e)
{
    Chosen c = {.chunks = out, .max = n};
    choose(&c, passage.chunk);
    if (n > 1 && r->open && !choose_related(r, p, passage, &c, scratch, e)) return false;
    choose_neighbours(p, passage, &c);
    gather(p->knowledge, &c);
    *n_out = c.n;
    return true;
}
