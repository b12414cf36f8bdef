// SPDX-License-Identifier: Apache-2.0
//
// What a run will need, told before it begins: prompt tokens from its own prompts (all of them, or a
// sample spread over the run), completion tokens from earlier runs of the same project and model, or
// else from its examples, or from what turns usually have; time and cost from both. Prompts are
// counted as settings.gauge counts them: exactly where the tokenizer and its vocabulary are there. Time goes by the pace
// of earlier runs of the model at this address (run/pace.h), else it is guessed; and it is what the engine does with its
// limiter: as many requests at once as allowed, no faster than requests and tokens a minute. With --dedup-semantic an
// embedding is asked for each answer.
#ifndef CONFAB_CLI_ESTIMATE_H
#define CONFAB_CLI_ESTIMATE_H

#include "plan/plan.h"
#include "run/pace.h"

typedef struct Estimate {
    uint64_t iterations;
    uint64_t prompt_tokens;
    bool exact;                  // every prompt was counted, with the model's own tokenizer
    double prompt_error;         // by how many tokens that may be off: a guess's known error, and a sample's
    uint64_t fitted, too_long;   // prompts that were made smaller to fit the context window; that do not fit at all
    uint64_t completion_low, completion_high;
    double seconds_low, seconds_high;
    Pace pace;                   // of earlier runs; none: the time is a guess
    unsigned runs;               // earlier ones whose answers tell how long answers are
    uint64_t embedding_low, embedding_high;  // tokens, in the cost too
    uint64_t longest_prompt;     // tokens, in the sample
    uint64_t longest_answer;     // tokens, the largest allowance of the sample
    double turns;                // asked for in all answers
    double requests;             // for an iteration, as earlier runs took
    bool cost_known;
    Money cost_low, cost_high;   // the lower with what earlier runs had from the server's prompt cache
    Money batch_low, batch_high; // by a batch API; 0: it has no price of its own
    Str currency;                // absent: dollars
    unsigned asked;              // answers that were asked for first, see cmd_estimate_sample.h
} Estimate;

enum { ESTIMATE_SAMPLE = 2000 };  // prompts looked at; a run of no more is counted whole

// Only what a plan and these settings need: iterations, start, concurrency, pricing, local_model, model, endpoints, gauge,
// dedup_semantic and embedder_pricing.
bool estimate_make(const Plan *plan, const RunSettings *settings, Estimate *out, Error *e);

// Completion tokens, time and cost anew, where the pace or the length of answers has become known.
typedef struct Measured {
    double turn_low, turn_high;        // completion tokens a turn
    double seconds_low, seconds_high;  // of an answer
    double prompt;                     // what the server counted for a prompt, of what was counted here
    unsigned asked;
} Measured;
void estimate_apply(const RunSettings *settings, const Measured *measured, Estimate *estimate);

Forecast estimate_forecast(const Estimate *estimate);

void estimate_render(const Estimate *estimate, Buf *out);       // one line, without its end
void estimate_render_json(const Estimate *estimate, Buf *out);  // the object of `estimate --json`

#endif
