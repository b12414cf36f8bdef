// SPDX-License-Identifier: Apache-2.0
//
// The model a command asks: endpoints from the settings, or the embedded model with its server.
//
//   model_prepare (no network) ─► model_begin (lists models, or starts the server) ─► model_end
//
// Memory is the cli's arena; model_end stops the server and overwrites the keys.
#ifndef CONFAB_CLI_MODEL_H
#define CONFAB_CLI_MODEL_H

#include "cli/access.h"
#include "cli/cli.h"
#include "llm/local_server.h"
#include "run/run.h"

typedef struct Model {
    bool local;             // the embedded one
    Endpoint *endpoints;    // of a local one: valid after model_begin
    size_t n;
    Transport transport;
    bool transport_open;
    LocalServer server;     // of a local one: found, then running
} Model;

// Settings, keys and addresses checked, warnings reported; for the embedded model, server and file
// found. Nothing is sent or started.
bool model_prepare(Cli *cli, Model *m, Error *e);

// Afterwards each endpoint has its model. `slots` and `slot_context` are of the embedded server.
bool model_begin(Cli *cli, Model *m, unsigned slots, unsigned slot_context, Error *e);

void model_end(Model *m);

// The model's name as far as it is known without asking: absent where the server will be asked.
Str model_name(const Model *m);
// For people: "gpt-4o at https://…", "SmolLM2-135M-Instruct.Q4_1 (embedded)".
Str model_shown(const Model *m, Arena *a);

// How many requests at once, when nobody said.
unsigned model_default_concurrency(const Model *m);

// What the tokens cost: nothing on this machine, else not known here.
Pricing model_pricing(const Model *m);

LocalServerConfig model_local_config(Cli *cli);

#endif
