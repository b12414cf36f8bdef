// SPDX-License-Identifier: Apache-2.0
//
// What was kept, by meaning: the vectors of conversations and an index of them. What is known before a
// run begins is embedded here, in batches; the vectors of answers come from the engine, which does not
// wait for them (engine_embed.c).
#ifndef CONFAB_RUN_MEANING_H
#define CONFAB_RUN_MEANING_H

#include "dedup/vectors.h"
#include "llm/embedder.h"

typedef struct Meaning Meaning;

// Asks for one vector, so that nothing is paid for where none can be had. The embedder must outlive it.
bool meaning_open(Embedder *embedder, double threshold, Meaning **out, Error *e);
void meaning_close(Meaning *m);  // NULL is fine

// A text that was kept before. `vector` is its embedding where it is stored (absent: it is asked for,
// together with others; meaning_settle asks for the last ones). Both are copied.
bool meaning_know(Meaning *m, Str text, Str vector, uint64_t id, Error *e);
bool meaning_settle(Meaning *m, Error *e);

// As vectors_look and vectors_add.
bool meaning_look(Meaning *m, const float *vector, SeenMatch *match);
bool meaning_add(Meaning *m, uint64_t id, Error *e);

size_t meaning_dimensions(const Meaning *m);

#endif
