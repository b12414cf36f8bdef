// SPDX-License-Identifier: Apache-2.0
//
// Who gives embeddings: --embeddings-url, or what LLM_API_URL names, or else the embedded server with
// the model that CONFAB_EMBEDDINGS_MODEL, CONFAB_MODEL or the set-up names. A key goes only where
// it was meant for: LLM_API_KEY to the host of LLM_API_URL, CONFAB_EMBEDDINGS_KEY to --embeddings-url, and
// neither to an address that the project's .env alone names (cli/access.h).
#ifndef CONFAB_CLI_EMBEDDINGS_H
#define CONFAB_CLI_EMBEDDINGS_H

#include "cli/cli.h"
#include "llm/embedder.h"
#include "llm/local_server.h"
#include "tokens/prices.h"

typedef struct Embeddings {
    Transport transport;
    bool transport_open;
    bool local;            // the embedded server
    LocalServer server;    // of a local one
    Endpoint endpoint;
    Embedder *embedder;
} Embeddings;

// Starts the server where it is the embedded one, and asks which model there is where none is named.
// Memory is the cli's arena. After a failure too embeddings_close is called.
bool embeddings_open(Cli *cli, unsigned concurrency, Embeddings *out, Error *e);
void embeddings_close(Embeddings *m);

// What their tokens cost as far as that is known without asking: nothing from the embedded server.
Pricing embeddings_pricing(const Cli *cli, const Prices *prices);

#endif
