// SPDX-License-Identifier: Apache-2.0
//
// Many texts as vectors, at once and waited for: several a request, several requests on their way, with
// the limits, the backoff and the breaker that a run has. For what must be known before a run begins,
// and for files.
#ifndef CONFAB_LLM_EMBEDDER_H
#define CONFAB_LLM_EMBEDDER_H

#include "llm/embed.h"

typedef struct EmbedderOptions {
    Transport *transport;        // with nothing else in flight
    const Clock *clock;
    const Endpoint *endpoint;
    unsigned concurrency;        // requests at once, at least 1
    double rpm, tpm;             // 0: no limit
    Nanos timeout;               // of a request
    bool (*go_on)(void *ctx);    // asked some times a second; false ends the wait. NULL: always
    void *ctx;
} EmbedderOptions;

typedef struct Embedder Embedder;

Embedder *embedder_new(const EmbedderOptions *options);  // sends nothing
void embedder_free(Embedder *b);                         // NULL is fine

// All texts' vectors one behind the other, in the arena; embedder_dimensions numbers each. NULL: *e says
// what does not heal (kind ERROR_INTERRUPTED: go_on ended it).
float *embedder_all(Embedder *b, const Str *texts, size_t n, Arena *a, Error *e);

const Endpoint *embedder_endpoint(const Embedder *b);
size_t embedder_dimensions(const Embedder *b);  // 0 before the first answer
void embedder_set_dimensions(Embedder *b, size_t dimensions);  // other answers are errors
int64_t embedder_tokens(const Embedder *b);     // of all requests so far; estimated where the server says nothing

#endif
