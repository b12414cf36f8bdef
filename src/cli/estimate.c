// SPDX-License-Identifier: Apache-2.0
#include "cli/estimate.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cli/numbers.h"

enum {
    LETTERS_A_TOKEN = 4,
    MESSAGE_TOKENS = 4,   // role and separators of a message in most chat templates
    TURN_TOKENS = 10,     // the JSON around a turn
    TURN_LOW = 10, TURN_HIGH = 60,  // a turn's own tokens, where no example tells
};

uint64_t estimate_tokens(Str text)
{
    return (utf8_count(text) + LETTERS_A_TOKEN - 1) / LETTERS_A_TOKEN;
}

uint64_t estimate_prompt_tokens(const PlanItem *item)
{
    uint64_t n = 0;
    for (size_t i = 0; i < item->n_messages; i++) n += estimate_tokens(item->messages[i].content) + MESSAGE_TOKENS;
    return n;
}

typedef struct Sample {
    uint64_t prompts, prompt_tokens, longest;
    uint64_t turns;
} Sample;

static bool take_sample(const Plan *plan, const RunSettings *s, Sample *out, Error *e)
{
    Arena a = {0};
    uint64_t n = s->iterations < ESTIMATE_SAMPLE ? s->iterations : ESTIMATE_SAMPLE;
    bool ok = true;
    for (uint64_t k = 0; k < n && ok; k++) {
        PlanItem item;
        arena_reset(&a);
        uint64_t index = s->start + (uint64_t)((double)s->iterations * (double)k / (double)n);
        ok = plan_item(plan, index, 1, NULL, &a, &item, e);
        if (!ok) break;
        uint64_t tokens = estimate_prompt_tokens(&item);
        out->prompts++;
        out->prompt_tokens += tokens;
        out->turns += item.drawn.exchanges * plan_form(plan)->n_participants;
        if (tokens > out->longest) out->longest = tokens;
    }
    arena_free(&a);
    return ok;
}

// Tokens of a turn in the project's own examples; 0: it has none.
static double example_turn(const Project *project)
{
    uint64_t tokens = 0, turns = 0;
    for (size_t i = 0; i < project->examples.n; i++) {
        const Conversation *c = &project->examples.items[i].conversation;
        for (size_t t = 0; t < c->n_turns; t++) tokens += estimate_tokens(c->turns[t].text);
        turns += c->n_turns;
    }
    return turns ? (double)tokens / (double)turns : 0;
}

// Seconds for `tokens`, from what servers give: one answer's own pace, and how many go side by side.
static void estimate_time(const RunSettings *s, double low_tokens, double high_tokens, Estimate *out)
{
    double side_by_side = s->iterations < s->concurrency ? (double)s->iterations : s->concurrency;
    if (s->local_model) {
        // A small model on a few cores: one pace for all answers together.
        out->seconds_low = low_tokens / 200;
        out->seconds_high = high_tokens / 60;
        return;
    }
    double rounds = (double)s->iterations / side_by_side;
    double each_low = low_tokens / (double)s->iterations / 120 + 0.3, each_high = high_tokens / (double)s->iterations / 25 + 2;
    out->seconds_low = rounds * each_low;
    out->seconds_high = rounds * each_high;
    double paced = s->rpm > 0 ? (double)s->iterations / s->rpm * 60 : 0;
    if (out->seconds_low < paced) out->seconds_low = paced;
    if (out->seconds_high < paced) out->seconds_high = paced * 1.2;
}

bool estimate_make(const Plan *plan, const RunSettings *s, Estimate *out, Error *e)
{
    Sample sample = {0};
    *out = (Estimate){.iterations = s->iterations};
    if (!take_sample(plan, s, &sample, e)) return false;
    if (!sample.prompts) return true;
    double scale = (double)s->iterations / (double)sample.prompts;
    double turn = example_turn(plan_project(plan)), turns = (double)sample.turns * scale;
    double low = turns * (turn > 0 ? turn * 0.6 + TURN_TOKENS : TURN_LOW + TURN_TOKENS);
    double high = turns * (turn > 0 ? turn * 2 + TURN_TOKENS : TURN_HIGH + TURN_TOKENS);
    out->prompt_tokens = (uint64_t)((double)sample.prompt_tokens * scale);
    out->completion_low = (uint64_t)low;
    out->completion_high = (uint64_t)high;
    out->longest_prompt = sample.longest;
    out->longest_answer = (uint64_t)(high / (double)s->iterations) * 2;
    estimate_time(s, low, high, out);
    out->cost_known = s->pricing.known;
    out->cost_low = pricing_cost(&s->pricing, (int64_t)out->prompt_tokens, 0, (int64_t)out->completion_low);
    out->cost_high = pricing_cost(&s->pricing, (int64_t)out->prompt_tokens, 0, (int64_t)out->completion_high);
    return true;
}

void estimate_render(const Estimate *x, Buf *out)
{
    number_short(out, (double)x->prompt_tokens);
    buf_add(out, S(" prompt and "));
    number_short(out, (double)x->completion_low);
    buf_add(out, S(" to "));
    number_short(out, (double)x->completion_high);
    buf_add(out, S(" completion tokens, "));
    number_time(out, x->seconds_low);
    buf_add(out, S(" to "));
    number_time(out, x->seconds_high);
    if (!x->cost_known) {
        buf_add(out, S(", cost unknown: no price for this model"));
    } else if (x->cost_high == 0) {
        buf_add(out, S(", no cost"));
    } else {
        buf_add(out, S(", "));
        number_cost(out, x->cost_low, (Str){0});
        buf_add(out, S(" to "));
        number_cost(out, x->cost_high, (Str){0});
    }
}

void estimate_render_json(const Estimate *x, Buf *out)
{
    buf_printf(out, "{\"version\":1,\"iterations\":%llu,\"prompt_tokens\":{\"exact\":false,\"total\":%llu},"
                    "\"completion_tokens\":{\"low\":%llu,\"high\":%llu},\"cost\":",
               (unsigned long long)x->iterations, (unsigned long long)x->prompt_tokens,
               (unsigned long long)x->completion_low, (unsigned long long)x->completion_high);
    if (x->cost_known) {
        buf_add(out, S("{\"currency\":\"USD\",\"low\":"));
        json_write_double(out, (double)x->cost_low / 1e9);
        buf_add(out, S(",\"high\":"));
        json_write_double(out, (double)x->cost_high / 1e9);
        buf_add_char(out, '}');
    } else {
        buf_add(out, S("null"));
    }
    buf_add(out, S(",\"seconds\":{\"low\":"));
    json_write_double(out, x->seconds_low);
    buf_add(out, S(",\"high\":"));
    json_write_double(out, x->seconds_high);
    buf_add(out, S("}}\n"));
}
