// SPDX-License-Identifier: Apache-2.0
#include "run/allowance.h"

#include "tokens/chat_template.h"

enum {
    TURN_TOKENS = 200,        // a long turn of a chat, 150 words
    TURN_TOKENS_LOCAL = 96,   // the embedded model's turns are bounded by its schema
    FRAME_TOKENS = 256,       // JSON around the turns, labels, a sentence before
};

static bool own_bound(const PlanItem *item, int64_t *out)
{
    bool found = false;
    for (size_t i = 0; i < item->n_params; i++) {
        Str name = item->params[i].name;
        if (!str_eq(name, S("max_tokens")) && !str_eq(name, S("max_completion_tokens"))) continue;
        found |= str_to_i64(item->params[i].json, out) && *out > 0;
    }
    return found;
}

int64_t allowance(const PlanItem *item, const Form *form, bool local_model, unsigned room)
{
    int64_t tokens;
    if (!own_bound(item, &tokens)) {
        int64_t turns = (int64_t)item->drawn.exchanges * (int64_t)form->n_participants;
        tokens = FRAME_TOKENS + turns * (local_model ? TURN_TOKENS_LOCAL : TURN_TOKENS);
    }
    for (; room && tokens < ALLOWANCE_MAX; room--) tokens *= 2;
    return tokens < ALLOWANCE_MAX ? tokens : ALLOWANCE_MAX;
}

// A schema counts by its bytes either way: how a server shows it to its model is its own affair. So is its chat template.
Spending spending_at_most(const PlanItem *item, int64_t prompt, int64_t max_tokens, const Pricing *pricing)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < item->n_messages; i++) bytes += (int64_t)item->messages[i].content.len + MESSAGE_OVERHEAD;
    prompt = (prompt ? prompt + CHAT_SLACK + CHAT_SLACK_MESSAGE * (int64_t)item->n_messages : bytes) + (int64_t)item->schema.len;
    return (Spending){prompt + max_tokens, pricing_cost(pricing, prompt, 0, max_tokens)};
}
