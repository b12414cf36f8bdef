// SPDX-License-Identifier: Apache-2.0
//
// A passage of several chunks (`passages` of drawing.json): the chunk that was dealt, those of its topic that
// share most with it by BM25 (knowledge/search.h), best first, and where too few share anything, its
// neighbours in the document. Only documents that take part are asked: of the partition, of a weight above 0.
//
// The chunks of one document stand together in reading order, that of the dealt one first.
#ifndef CONFAB_PLAN_RELATED_H
#define CONFAB_PLAN_RELATED_H

#include <pthread.h>

#include "knowledge/search.h"
#include "plan/passage.h"

typedef struct Related {
    Search search;
    pthread_mutex_t lock;   // of the search
    bool open;
} Related;

// The search's index is kept where the knowledge's cache is, else built in memory. The project must outlive it.
bool related_open(Related *r, const Project *project, Error *e);
void related_close(Related *r);  // also of a zeroed one

// At most n chunks (indices into the knowledge) into `out`, the dealt one among them. Safe from several
// threads; the same for the same knowledge.
bool related_widen(Related *r, const PassageDecks *p, Passage passage, size_t n, uint32_t *out, size_t *n_out, Arena *scratch, Error *e);

#endif
