// SPDX-License-Identifier: Apache-2.0
//
// What a run will need, told before it begins: prompt tokens from its own prompts (all of them, or a
// sample spread over the run), completion tokens from earlier runs of the same project and model, or
// else from its examples, or from what turns usually have; time and cost from both. Prompts are
// counted as settings.gauge counts them: exactly where the tokenizer and its vocabulary are there.
#ifndef CONFAB_CLI_ESTIMATE_H
#define CONFAB_CLI_ESTIMATE_H

#include "plan/plan.h"
#include "run/run.h"

typedef struct Estimate {
    uint64_t iterations;
    uint64_t prompt_tokens;
    bool exact;                  // every prompt was counted, with the model's own tokenizer
    double prompt_error;         // of a sample: the sum's standard error, in tokens
    uint64_t fitted, too_long;   // prompts that were made smaller to fit the context window; that do not fit at all
    uint64_t completion_low, completion_high;
    double seconds_low, seconds_high;
    uint64_t longest_prompt;     // tokens, in the sample
    uint64_t longest_answer;     // tokens, the largest allowance of the sample
    bool cost_known;
    Money cost_low, cost_high;
} Estimate;

enum { ESTIMATE_SAMPLE = 2000 };  // prompts looked at; a run of no more is counted whole

// Only what a plan and these settings need: iterations, start, concurrency, pricing, local_model, model, gauge.
bool estimate_make(const Plan *plan, const RunSettings *settings, Estimate *out, Error *e);

void estimate_render(const Estimate *estimate, Buf *out);       // one line, without its end
void estimate_render_json(const Estimate *estimate, Buf *out);  // the object of `estimate --json`

#endif
