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
    const ChatTemplate *chat;  // its chat template; NULL: not known
    bool chat_unsure;     // the server may use another one than its model's own
    int64_t window;       // tokens of prompt and answer; 0: not known, everything fits
    int64_t max_output;   // of an answer; 0: not known
    bool local_model;
    Buf scratch;          // freed by gauge_free
} Gauge;

typedef struct Fitted {
    Trim trim;            // {0}: as drawn
    int64_t prompt;       // tokens; an estimate unless gauge_is_exact
    int64_t most;         // that the prompt can take: more than that where it is not exact
    int64_t room;         // tokens that are left for the answer; INT64_MAX: not known
} Fitted;

void gauge_free(Gauge *g);
bool gauge_is_exact(const Gauge *g);
int64_t gauge_prompt(Gauge *g, const PlanItem *item);
// What a prompt of so many tokens can take: where only the chat template is not known exactly some tokens more, where
// the tokens are guessed GUESS_ERROR percent.
int64_t gauge_most(const Gauge *g, int64_t prompt, size_t n_messages);

// plan_item, fitted. A prompt that is not exact is taken as large as gauge_most says.
bool fit_item(const Plan *plan, uint64_t iteration, unsigned attempt, Gauge *g, Arena *item_arena, PlanItem *out, Fitted *fitted,
              Error *e);

#endif
