// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the model for attempt a of iteration i: the drawn values (draw.h) and the
// messages, parameters and schema made of them. A Plan is immutable, and plan_item may be called
// from several threads.
//
// The messages are: the system prompt (left out where it is empty); with `"as": "turns"` each drawn
// example as a user message, which is the user prompt with the example's own values and length, and
// an assistant message; the user prompt. What is the same for all comes first, byte for byte, so
// that a server's prompt cache can use it.
#ifndef CONFAB_PLAN_PLAN_H
#define CONFAB_PLAN_PLAN_H

#include "plan/values.h"

enum {
    // A filled prompt above this is no prompt but values that mention values.
    PLAN_PROMPT_MAX = 8 << 20,
};

// Everything is in `a`, but for what plan_close releases. False when an error was reported. The
// project and the settings' texts must outlive the plan.
bool plan_open(const Project *project, const PlanSettings *settings, Arena *a, Plan **out, Problems *problems);
void plan_close(Plan *plan);

const Project *plan_project(const Plan *plan);
const Form *plan_form(const Plan *plan);  // the project's with the run's limit of exchanges

// `attempt` from 1. `trim` may be NULL.
bool plan_item(const Plan *plan, uint64_t iteration, unsigned attempt, const Trim *trim, Arena *item_arena,
               PlanItem *out, Error *e);

// A handwritten example as an item: its bracketed values fill their placeholders, everything else
// that is drawn is null. It has no messages, parameters or schema.
void plan_handwritten(const Plan *plan, const Example *example, Arena *item_arena, PlanItem *out);
// Whether the example joins the dataset: `add`, and the partition may use it.
bool plan_adds_example(const Plan *plan, const Example *example);

#endif
