// SPDX-License-Identifier: Apache-2.0
//
// From a loaded project and settings to a finished run: what `run`, `resume` and `retry` share.
// A Launch is {0} before its first call; launch_end releases whatever was begun, also after a failure.
#ifndef CONFAB_CLI_LAUNCH_H
#define CONFAB_CLI_LAUNCH_H

#include "cli/embeddings.h"
#include "cli/estimate.h"
#include "cli/model.h"

typedef struct Launch {
    Cli *cli;
    Project project;
    bool project_loaded;
    Model model;
    bool model_prepared;
    Counter counter;       // of the model's tokens
    Gauge gauge;           // settings.gauge
    RunSettings settings;
    RunResume resume;
    Estimate estimate;
    Embeddings embeddings; // with --dedup-semantic
    bool embeddings_asked;
} Launch;

// What the settings say about a run, the model and the identity of a resumed run aside.
void launch_read_settings(Launch *l);

// Prepares the model and completes the settings by it: concurrency, prices, the model's name where
// it is known. A budget in money without a known price is refused here. `installed`: the embedded
// model must be there, if it is that one.
bool launch_prepare_model(Launch *l, bool installed, Error *e);
// For an estimate: a server at home is asked how it counts and what it holds, where it answers. Not for the embedded model.
void launch_look_at_server(Launch *l);
// A server's only model is asked for where no name is given. Not for the embedded model.
bool launch_choose_model(Launch *l, Error *e);

// Plans a sample of the run's prompts: l->estimate.
bool launch_plan_estimate(Launch *l, Error *e);
// Does so, and says on standard error what is to be done.
bool launch_estimate(Launch *l, Error *e);
// On a terminal asks whether to start, unless --yes. *go: whether to.
bool launch_ask(Launch *l, bool *go, Error *e);

// Starts the embedded model if it is that one, runs, shows progress, and says the summary.
// Returns the exit code.
int launch_go(Launch *l, Error *e);

void launch_end(Launch *l);

#endif
