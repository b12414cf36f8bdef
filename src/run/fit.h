// SPDX-License-Identifier: Apache-2.0
//
// Prompts that fit: before a request is sent, its prompt and the answer's allowance together are
// within the model's context window. What does not fit is made smaller by rule, in this order: fewer
// examples, from the last; a smaller passage, cut behind a chunk, then behind a sentence. What
// still does not fit fails with error[context].
//
// A pure function of the item, the window and the tokenizer, so a resumed run plans the same prompts.
#ifndef CONFAB_RUN_FIT_H
#define CONFAB_RUN_FIT_H

#include "plan/plan.h"
#include "tokens/chat_template.h"

// What prompts are measured with. One thread at a time.
typedef struct Gauge {
    Counter *counter;
    Str tokenizer;        // the family, for its chat template; absent: not known
    int64_t window;       // tokens of prompt and answer; 0: not known, everything fits
    int64_t max_output;   // of an answer; 0: not known
    bool local_model;
    Buf scratch;          // freed by gauge_free
} Gauge;

typedef struct Fitted {
    Trim trim;            // {0}: as drawn
    int64_t prompt;       // tokens; an estimate unless gauge_is_exact
    int64_t room;         // tokens that are left for the answer; INT64_MAX: not known
} Fitted;

void gauge_free(Gauge *g);
bool gauge_is_exact(const Gauge *g);
int64_t gauge_prompt(Gauge *g, const PlanItem *item);

// plan_item, fitted. An estimated prompt is taken as GUESS_ERROR percent larger.
bool fit_item(const Plan *plan, uint64_t iteration, unsigned attempt, Gauge *g, Arena *item_arena, PlanItem *out, Fitted *fitted,
              Error *e);

#endif
