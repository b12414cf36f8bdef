// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the model for attempt a of iteration i: the drawn values (draw.h) and the
// messages, parameters and schema made of them. A Plan is immutable, and plan_item may be called
// from several threads.
//
// The messages are: the system prompt (left out where it is empty); with `"as": "turns"` each drawn
// example as a user message, which is the user prompt with the example's own values, and an
// assistant message; the user prompt. What is the same for all comes first, byte for byte, so that
// a server's prompt cache can use it.
#ifndef CONFAB_PLAN_PLAN_H
#define CONFAB_PLAN_PLAN_H

#include "base/clock.h"
#include "conversation/schema.h"
#include "llm/chat.h"
#include "plan/draw.h"

typedef struct PlanSettings {
    uint64_t seed;
    unsigned max_exchanges;   // at least 1
    Str model;                // {model}
    Str run;                  // {run}: the stamp
    Nanos wall;               // of the run's start: {date}
    SchemaLimits schema;      // what the API's schemas may hold
} PlanSettings;

// Makes an item smaller so that it fits a context window. {0} leaves it as drawn.
typedef struct Trim {
    unsigned examples_dropped;  // of those drawn, from the last
    size_t passage_limit;       // most bytes of {knowledge}, cut behind a word; 0: all
} Trim;

enum {
    // A filled prompt above this is no prompt but values that mention values.
    PLAN_PROMPT_MAX = 8 << 20,
};

typedef struct Plan Plan;

// An item's texts live in its arena. It is also the ValueSource of everything drawn.
typedef struct PlanItem {
    const Plan *plan;
    Drawn drawn;
    Trim trim;
    const ChatMessage *messages;
    size_t n_messages;
    const ChatParam *params;
    size_t n_params;
    Str schema;                // JSON schema of the answer
    Str knowledge;             // the passage's text, trimmed
    size_t n_shown;            // examples shown: drawn.examples[0 … n_shown)
    const Example *handwritten;  // see plan_handwritten; NULL: a conversation to be asked for
    Arena *arena;              // for values that are made when asked for
} PlanItem;

// Everything is in `a`, but for what plan_close releases. False when an error was reported.
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

// The value of a name of SCOPE_PROMPT. `item` is a const PlanItem *. Texts live as long as the item.
bool plan_value(void *item, Ref ref, Value *out);
ValueSource plan_source(const PlanItem *item);

// The drawn values' texts, for the check on leaks: values filled, passages aside. In the item's arena.
size_t plan_drawn_texts(const PlanItem *item, const Str **out);

// {"topic":…,"document":…,"chunks":["<id>",…],"template":…,"flow":[…],"exchanges":3,"examples":[2],
// "<injection>":"<label>",…}: only what was drawn.
void plan_drawn_json(const PlanItem *item, Buf *out);

#endif
