// SPDX-License-Identifier: Apache-2.0
//
// generated/<stamp>.run.json: everything needed to repeat a run, and how it ended. Written whole by
// rename. Keys stand in this order, an absent text is null, and lines are broken so that a person
// can read it.
//
//   {"version":1,"confab":"0.1.0","run":"26-11-22-15h04m05s","project":"coffee-support","complete":true,
//    "seed":7,"started":"…Z","ended":"…Z","settings":{…},
//    "model":{"asked":"…","reported":"…"},"server":{"address":"…","api":"…","reported":"…"},
//    "files":{"prompting/user-prompt.txt":"<sha256>",…},
//    "counts":{"asked":…,"kept":…,"handwritten":…,"failed":…,"rejected":{"order":2},"requests":…},
//    "diversity":{"distinct_1":…,"distinct_2":…,"distinct_3":…,"new_5_grams":…,"near_duplicates":…,"same_openings":…,
//      "repeating":…,"openers":[{"text":"…","count":2}]},
//    "tokens":{"prompt":…,"completion":…,"cached":…,"estimated":false},
//    "cost":{"currency":"USD","amount":0.012345} or null,
//    "estimate":{"prompt_tokens":…,"completion_tokens":{"low","high"},"cost":…,"off":{…}} or null,"seconds":12.3}
#ifndef CONFAB_OUTPUT_RUN_FILE_H
#define CONFAB_OUTPUT_RUN_FILE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "journal/journal.h"

typedef struct RunFileHash {
    Str path;    // relative to the project
    Str sha256;  // hex
} RunFileHash;

typedef struct RunFileReason {
    Str name;
    uint64_t n;
} RunFileReason;

typedef struct RunFile {
    Str version;               // confab's
    Str stamp, project;
    bool complete;
    uint64_t seed;
    Nanos started, ended;      // wall clock
    Str settings_json;         // a JSON object, written as it is
    Str model, model_reported;
    Str address, api, server_reported;
    const RunFileHash *files;  // in the order to show
    size_t n_files;
    uint64_t asked, kept, handwritten, failed, requests;
    Str diversity_json;        // a JSON object, written as it is; absent: left out
    const RunFileReason *rejected;
    size_t n_rejected;
    int64_t prompt_tokens, completion_tokens, cached_tokens;
    bool tokens_estimated;
    Str currency;              // absent: no prices, cost is null
    Money cost;
    Str estimate_json;         // a JSON object, written as it is; absent: null
    Nanos time;                // spent running, over all resumes
} RunFile;

void run_file_render(const RunFile *run, Buf *out);
bool run_file_write(const char *path, const RunFile *run, Error *e);

#endif
