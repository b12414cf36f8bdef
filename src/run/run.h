// SPDX-License-Identifier: Apache-2.0
//
// A run: the only place that moves a conversation from stage to stage. A run has a stamp and lives
// in two places of the project: .confab/<stamp>.db (the journal, while and after it runs) and
// generated/<stamp>.{json,csv,run.json} (after each orderly end).
//
//   run_open ─► run_go ─► run_close           run_request_stop may come at any time from a signal
//
// The project, the settings and all they point to must outlive the run.
#ifndef CONFAB_RUN_RUN_H
#define CONFAB_RUN_RUN_H

#include "llm/embedder.h"
#include "llm/endpoint.h"
#include "project/project.h"
#include "run/budget.h"
#include "run/fit.h"
#include "run/forecast.h"
#include "run/progress.h"

typedef enum Structured { STRUCTURED_AUTO, STRUCTURED_ON, STRUCTURED_OFF } Structured;

typedef struct RunSettings {
    uint64_t iterations;
    uint64_t start;           // number of the first iteration
    unsigned max_exchanges;
    uint64_t seed;
    Str partition;            // "train" by default
    unsigned concurrency;     // at least 1
    unsigned attempts;        // 1 … 100
    Structured structured;
    bool dedup;
    double dedup_threshold;   // Jaccard, 0 … 1
    bool dedup_openers;       // reject what opens like an earlier one, or repeats a turn of its own
    bool dedup_semantic;      // compare by meaning too; needs `embedder`
    double semantic_threshold;  // cosine, -1 … 1
    Embedder *embedder;       // NULL: not by meaning
    Pricing embedder_pricing; // of its model
    Str dedup_scope;          // what else counts as seen: "run", "project", files; joined by commas
    Pricing pricing;          // of the model; not known: costs are null
    Str currency;             // of all prices; absent: dollars
    unsigned batch_percent;   // of the price by a batch API; 0: not known
    Forecast forecast;        // what the run is expected to take
    Money max_cost;           // 0: no cap; needs known prices
    int64_t max_tokens;       // prompt and completion together; 0: no cap
    Nanos max_time;           // 0: no cap
    double rpm, tpm;          // requests and tokens a minute; 0: no limit of the user's
    Nanos timeout;            // of a whole request; 0: 15 minutes
    const char *ca_file;      // certificates to trust instead of the system's; NULL: those
    Str model;                // as sent; also {model}
    const Endpoint *endpoints;
    size_t n_endpoints;
    bool local_model;         // the embedded one: answers are bounded more tightly
    Gauge *gauge;             // measures prompts and makes them fit; NULL: nothing is known
} RunSettings;

// All calls come from the thread that called run_go.
typedef struct RunObserver {
    void (*progress)(void *ctx, const Progress *progress);  // about ten times a second
    void (*message)(void *ctx, const Error *message);       // a warning, or why the run waits or ends
    void *ctx;
} RunObserver;

// How diverse what was kept is (dedup/diversity.h); shares are below 0 where nothing was measured.
enum { RUN_OPENERS = 3 };
typedef struct RunDiversity {
    double distinct[3];       // share of different runs of 1, 2, 3 words
    double new_5;             // share of the last hundred conversations' 5-grams that were new
    double duplicate_rate;    // near-duplicates among the answers that were compared
    double same_openings;     // kept ones that open like an earlier one, and
    double repeating;         // that repeat a turn of their own
    struct {
        char text[64];
        uint64_t n;
    } openers[RUN_OPENERS];   // the commonest beginnings that came at least twice
    size_t n_openers;
} RunDiversity;

typedef struct RunSummary {
    ErrorKind end;            // 0: all done; 4, 5, 6, 7, 8, 130, 143 as in command-line.md
    Progress progress;
    RunDiversity diversity;
    Forecast forecast;        // of the run's beginning
    ForecastError off;
    char stamp[STAMP_SIZE];
    char json_path[4096], csv_path[4096], run_path[4096];  // empty where not written
} RunSummary;

typedef struct Run Run;

// A new run, or with `stamp` an old one that goes on. What changed in the project since an old one
// began is an error (code "changed") naming each file, unless `accept_changes`.
// With `retry_failed` the iterations it had given up are asked for again.
typedef struct RunResume {
    const char *stamp;        // NULL: a new run
    bool accept_changes;
    bool retry_failed;
} RunResume;
bool run_open(const Project *project, const RunSettings *settings, const RunResume *resume, Run **out, Error *e);
const char *run_stamp(const Run *run);

// Runs until all is done, a budget ends it, it is stopped, or it cannot go on; then writes the
// dataset. False when the end was a failure: *e says why, and the summary is filled all the same.
bool run_go(Run *run, const RunObserver *observer, RunSummary *summary, Error *e);

// Safe in a signal handler. First call: finish what is in flight; `at_once`: do not even wait for
// that. `signal_number` (SIGINT, SIGTERM) gives the exit code.
void run_request_stop(Run *run, bool at_once, int signal_number);
// Safe in a signal handler: more or fewer requests at once, from now on.
void run_change_concurrency(Run *run, int by);

void run_close(Run *run);

#endif
