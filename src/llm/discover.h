// SPDX-License-Identifier: Apache-2.0
//
// Finds model servers that run on this machine, for `doctor`: the usual ports of Ollama, llama.cpp,
// LM Studio and vLLM, all asked at once for their list of models.
#ifndef CONFAB_LLM_DISCOVER_H
#define CONFAB_LLM_DISCOVER_H

#include "llm/transport.h"

typedef struct FoundServer {
    const char *title;  // "Ollama"
    Str url;            // what to set LLM_API_URL to
    Str *models;
    size_t n_models;    // 0: it answers, but lists none (or wants a key)
    bool wants_key;
} FoundServer;

typedef struct UsualServer {
    const char *title;
    unsigned port;
} UsualServer;

extern const UsualServer usual_servers[];
extern const size_t n_usual_servers;

// All of `usual` that answer like a model server within `timeout` (1 second is plenty here), in
// their order. The transport has nothing else in flight.
size_t discover(Transport *t, const UsualServer *usual, size_t n, Nanos timeout, Arena *a, FoundServer **out);

#endif
