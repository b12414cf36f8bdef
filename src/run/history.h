// SPDX-License-Identifier: Apache-2.0
//
// The runs of a project, read from their journals without disturbing a run that goes on.
#ifndef CONFAB_RUN_HISTORY_H
#define CONFAB_RUN_HISTORY_H

#include "run/run.h"

typedef enum RunState { RUN_COMPLETE, RUN_PARTIAL, RUN_RESUMABLE, RUN_RUNNING } RunState;
const char *run_state_name(RunState state);  // "complete", "partial" (some failed), "resumable", "running"

typedef struct RunInfo {
    char stamp[STAMP_SIZE];
    RunState state;
    uint64_t iterations, start, seed;
    unsigned max_exchanges;
    bool dedup_semantic;
    Str partition, model, address, settings_json;
    Str currency;             // absent: dollars
    bool priced;              // the model had a price when the run began
    JournalSums totals;
    Nanos time;               // spent running
} RunInfo;

// Newest first; journals that cannot be read are left out and reported as warnings.
bool history_list(const Project *project, Arena *a, RunInfo **out, size_t *n, Problems *problems, Error *e);
bool history_read(const Project *project, const char *stamp, Arena *a, RunInfo *out, Error *e);

// Removes what a kill within a run's first moments left: journals in which nothing was asked for yet, and
// that no confab works on.
void history_sweep(const Project *project, Arena *a);

// The newest resumable run of the same settings (seed aside where `any_seed`), or false.
bool history_find_unfinished(const Project *project, const RunSettings *settings, bool any_seed, Arena *a, RunInfo *out);

#endif
