// SPDX-License-Identifier: Apache-2.0
//
// What a run will need, told before it begins: prompt tokens from a sample of its prompts, completion
// tokens from its examples (or from what turns usually have), time from both. A token is taken as
// four letters, so every count is an estimate.
#ifndef CONFAB_CLI_ESTIMATE_H
#define CONFAB_CLI_ESTIMATE_H

#include "plan/plan.h"
#include "run/run.h"

typedef struct Estimate {
    uint64_t iterations;
    uint64_t prompt_tokens;
    uint64_t completion_low, completion_high;
    double seconds_low, seconds_high;
    uint64_t longest_prompt;     // tokens, in the sample
    uint64_t longest_answer;     // tokens, at most
    bool cost_known;
    Money cost_low, cost_high;
} Estimate;

enum { ESTIMATE_SAMPLE = 64 };  // prompts looked at, spread evenly over the run

// Only what a plan and these settings need: iterations, start, concurrency, pricing, local_model.
bool estimate_make(const Plan *plan, const RunSettings *settings, Estimate *out, Error *e);

uint64_t estimate_tokens(Str text);                  // letters / 4, rounded up
uint64_t estimate_prompt_tokens(const PlanItem *item);

void estimate_render(const Estimate *estimate, Buf *out);       // one line, without its end
void estimate_render_json(const Estimate *estimate, Buf *out);  // the object of `estimate --json`

#endif
