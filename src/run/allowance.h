// SPDX-License-Identifier: Apache-2.0
//
// How many tokens an answer may have, and how many a request can cost at most. Pure.
#ifndef CONFAB_RUN_ALLOWANCE_H
#define CONFAB_RUN_ALLOWANCE_H

#include "plan/plan.h"
#include "run/budget.h"

// The bound to send: the person's own max_tokens where the parameters have one, else made from the
// exchanges asked for; doubled `room` times, up to ALLOWANCE_MAX.
int64_t allowance(const PlanItem *item, const Form *form, bool local_model, unsigned room);

enum { ALLOWANCE_MAX = 128 << 10 };  // the longest completions that APIs give today

// No tokeniser gives more tokens than bytes, and no chat template adds more than this a message.
enum { MESSAGE_OVERHEAD = 32 };
// `prompt`: the messages' tokens where the model's vocabulary counted them, 0 where not.
Spending spending_at_most(const PlanItem *item, int64_t prompt, int64_t max_tokens, const Pricing *pricing);

#endif
