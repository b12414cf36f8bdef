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
#include "llm/server_props.h"
#include "run/fit.h"
#include "run/run.h"

typedef struct Model {
    bool local;             // the embedded one
    Endpoint *endpoints;    // of a local one: valid after model_begin
    size_t n;
    Transport transport;
    bool transport_open;
    LocalServer server;     // of a local one: found, then running
    Prices prices;          // the user's rows; in the cli's arena
    ServerProps props;      // what a server at home told of itself, after model_begin
    ChatTemplate chat;      // that server's, once learnt
    Nanos learn_until;      // no longer is it asked what its template is
} Model;

// Settings, keys and addresses checked, warnings reported; the embedded model's server and file
// looked for, which must be there if `installed`. Nothing is sent or started.
bool model_prepare(Cli *cli, bool installed, Model *m, Error *e);

// Afterwards each endpoint has its model. `slots` and `slot_context` are of the embedded server.
bool model_begin(Cli *cli, Model *m, unsigned slots, unsigned slot_context, Error *e);

// Instead of model_begin, where nothing is to be asked of the model: what a server at home tells of itself. One that does
// not answer is no error.
void model_look(Cli *cli, Model *m);

void model_end(Model *m);

// The model's name as far as it is known without asking: absent where the server will be asked.
Str model_name(const Model *m);
// For people: "gpt-4o at https://…", "SmolLM2-135M-Instruct.Q4_1 (embedded)".
Str model_shown(const Model *m, Arena *a);

// How many requests at once, when nobody said.
unsigned model_default_concurrency(const Model *m);

// Opens what prompts of this model are measured with, in `counter` and `gauge`: exact where the
// tokenizer and its vocabulary are there, else an estimate. A server at home may use a chat template of its owner's:
// after model_begin it is asked for it, and for how much it holds; until then, and where it does not tell, the count is no
// exact one. The gauge then points into `m`. model_gauge_close ends it.
void model_gauge_open(Cli *cli, Model *m, Counter *counter, Gauge *gauge);
void model_gauge_close(Counter *counter, Gauge *gauge);

// What is known of the model by its name (tokens/prices.h); the embedded one costs nothing.
ModelFacts model_facts(const Model *m);

LocalServerConfig model_local_config(Cli *cli);

// The user's data folder, $XDG_DATA_HOME or ~/.local/share.
Str model_data_folder(Cli *cli);

// The user's prices.json, beside the user config; there or not.
Str model_prices_file(Cli *cli);

#endif
