// SPDX-License-Identifier: Apache-2.0
//
// The two values of this room: a Plan (a run's, immutable, made by plan_open) and a PlanItem (one
// attempt of one iteration). Everybody may read their fields; only plan.c writes them.
#ifndef CONFAB_PLAN_ITEM_H
#define CONFAB_PLAN_ITEM_H

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

typedef struct Plan {
    const Project *project;
    PlanSettings settings;
    Form form;                 // the project's with the run's limit of exchanges
    Dealer *dealer;
    const Str *instructions;   // {output_format} by exchanges asked for, from 1
    const Str *schemas;        // likewise
    const Template *flows;     // each flow's stages as a numbered list
    const Str *answers;        // each example in the format asked of the model
    Str participants, date, partition;
} Plan;

// Makes an item smaller so that it fits a context window. {0} leaves it as drawn.
typedef struct Trim {
    unsigned examples_dropped;  // of those drawn, from the last
    size_t passage_limit;       // most bytes of {knowledge}, cut behind a chunk, else a sentence; 0: all
} Trim;

// An item's texts live in its arena. It is also where the values of all that is drawn come from.
typedef struct PlanItem {
    const Plan *plan;
    Drawn drawn;
    const ChatMessage *messages;
    size_t n_messages;
    const ChatParam *params;
    size_t n_params;
    Str schema;                  // JSON schema of the answer
    Str knowledge;               // the passage's text, trimmed; absent: no passage
    size_t n_shown;              // examples shown: drawn.examples[0 … n_shown)
    const Example *handwritten;  // of plan_handwritten; NULL: a conversation to be asked for
    Arena *arena;                // for values that are made when asked for
} PlanItem;

#endif
