// SPDX-License-Identifier: Apache-2.0
//
// The value of every placeholder of the prompts for one item, and what was drawn as JSON.
//
// {chunk.…} and {document.sha256} speak of the first passage, {chunk.heading} is the path of
// headings ("Fees > Refunds"), {seed} the seed that is sent. What was not drawn is null. With
// `"as": "turns"` {examples} is null: the examples are messages then.
#ifndef CONFAB_PLAN_VALUES_H
#define CONFAB_PLAN_VALUES_H

#include "plan/item.h"

// `item` is a const PlanItem *; the Ref one of SCOPE_PROMPT. Texts live as long as the item's arena.
bool plan_value(void *item, Ref ref, Value *out);
ValueSource plan_source(const PlanItem *item);

// The texts of all that was drawn but passages and examples, filled: what an answer may repeat of
// the prompts. In the item's arena.
size_t plan_drawn_texts(const PlanItem *item, const Str **out);

// The user prompt as sent, cut where it shows an example: what an answer may repeat although an example
// says it too. In the item's arena; slices of the message.
size_t plan_asked_texts(const PlanItem *item, const Str **out);

// {"topic":…,"document":…,"chunks":["<id>",…],"template":…,"flow":["<stage>",…],"exchanges":3,
// "examples":[2],"<injection>":"<label>",…}: only what was drawn.
void plan_drawn_json(const PlanItem *item, Buf *out);

#endif
