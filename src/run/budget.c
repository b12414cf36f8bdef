// SPDX-License-Identifier: Apache-2.0
#include "run/budget.h"

static bool fits(int64_t cap, int64_t held, int64_t more) { return cap == 0 || (held <= cap && more <= cap - held); }

bool budget_reserve(Budget *b, Spending at_most)
{
    if (!fits(b->cap.tokens, b->spent.tokens + b->reserved.tokens, at_most.tokens) ||
        !fits(b->cap.cost, b->spent.cost + b->reserved.cost, at_most.cost))
        return false;
    b->reserved.tokens += at_most.tokens;
    b->reserved.cost += at_most.cost;
    return true;
}

void budget_settle(Budget *b, Spending at_most, Spending actual)
{
    b->reserved.tokens -= at_most.tokens;
    b->reserved.cost -= at_most.cost;
    b->spent.tokens += actual.tokens;
    b->spent.cost += actual.cost;
}

bool budget_exhausted(const Budget *b, Spending at_most)
{
    return !fits(b->cap.tokens, b->spent.tokens, at_most.tokens) || !fits(b->cap.cost, b->spent.cost, at_most.cost);
}

// 2^40 tokens at 2^50 billionths a million: the product needs more than 64 bits.
__extension__ typedef __int128 Wide;

static Money part(Money price, int64_t tokens) { return (Money)(((Wide)price * tokens + 999999) / 1000000); }

Money pricing_cost(const Pricing *p, int64_t prompt, int64_t cached, int64_t completion)
{
    if (!p->known) return 0;
    if (cached > prompt) cached = prompt;
    return part(p->input, prompt - cached) + part(p->cached_input, cached) + part(p->output, completion);
}
