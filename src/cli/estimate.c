// SPDX-License-Identifier: Apache-2.0
#include "cli/estimate.h"

#include <math.h>

#include "base/json.h"
#include "cli/numbers.h"
#include "run/allowance.h"
#include "run/history.h"

enum {
    TURN_TOKENS = 10,     // the JSON around a turn
    TURN_LOW = 10, TURN_HIGH = 60,  // a turn's own tokens, where no example tells
    RUN_REQUESTS = 5,     // fewer answers of an earlier run say nothing
};

typedef struct Sample {
    uint64_t prompts, prompt_tokens, longest, longest_answer;
    double squares;
    uint64_t turns, fitted, too_long;
} Sample;

static void count_prompt(const Plan *plan, const RunSettings *s, const PlanItem *item, const Fitted *fitted, Sample *out)
{
    uint64_t tokens = (uint64_t)fitted->prompt, answer = (uint64_t)allowance(item, plan_form(plan), s->local_model, 0);
    out->prompts++;
    out->prompt_tokens += tokens;
    out->squares += (double)tokens * (double)tokens;
    out->turns += item->drawn.exchanges * plan_form(plan)->n_participants;
    out->fitted += fitted->trim.examples_dropped || fitted->trim.passage_limit;
    if (tokens > out->longest) out->longest = tokens;
    if (answer > out->longest_answer) out->longest_answer = answer;
}

static bool take_sample(const Plan *plan, const RunSettings *s, Sample *out, Error *e)
{
    Arena a = {0};
    uint64_t n = s->iterations < ESTIMATE_SAMPLE ? s->iterations : ESTIMATE_SAMPLE;
    bool ok = true;
    for (uint64_t k = 0; k < n && ok; k++) {
        PlanItem item;
        Fitted fitted;
        uint64_t index = s->start + (uint64_t)((double)s->iterations * (double)k / (double)n);
        ok = fit_item(plan, index, 1, s->gauge, &a, &item, &fitted, e);
        if (ok) {
            count_prompt(plan, s, &item, &fitted, out);
        } else if (strcmp(e->code, "context") == 0) {
            out->too_long++;
            ok = true;
        }
    }
    arena_free(&a);
    return ok;
}

// Tokens of a turn in the project's own examples; 0: it has none.
static double example_turn(const Project *project, Counter *counter)
{
    uint64_t tokens = 0, turns = 0;
    for (size_t i = 0; i < project->examples.n; i++) {
        const Conversation *c = &project->examples.items[i].conversation;
        for (size_t t = 0; t < c->n_turns; t++) tokens += counter_count(counter, c->turns[t].text);
        turns += c->n_turns;
    }
    return turns ? (double)tokens / (double)turns : 0;
}

// What earlier runs of this model with this limit of exchanges took.
typedef struct Learnt {
    double answer;       // completion tokens of an answer; 0: nothing learnt
    double requests;     // for an iteration
} Learnt;

static Learnt learn(const Plan *plan, const RunSettings *s)
{
    Arena a = {0};
    Problems ignored = {.arena = &a};
    Error e;
    RunInfo *runs;
    size_t n;
    int64_t completion = 0;
    uint64_t requests = 0, done = 0;
    if (!history_list(plan_project(plan), &a, &runs, &n, &ignored, &e)) n = 0;
    for (size_t i = 0; i < n; i++) {
        const JournalSums *t = &runs[i].totals;
        if (!str_eq(runs[i].model, s->model) || runs[i].max_exchanges != plan_form(plan)->max_exchanges || t->requests < RUN_REQUESTS) continue;
        completion += t->completion_tokens;
        requests += (uint64_t)t->requests;
        done += (uint64_t)(t->kept + t->failed);
    }
    arena_free(&a);
    if (!requests || !done || completion <= 0) return (Learnt){0, 1};
    return (Learnt){(double)completion / (double)requests, (double)requests / (double)done};
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

static void estimate_prompts(const Sample *sample, const RunSettings *s, double scale, Estimate *out)
{
    double n = (double)sample->prompts, mean = (double)sample->prompt_tokens / n;
    double spread = n > 1 ? sqrt(fmax(0, sample->squares / n - mean * mean) / (n - 1)) : 0;
    out->prompt_tokens = (uint64_t)((double)sample->prompt_tokens * scale);
    out->prompt_error = sample->prompts < s->iterations ? spread * (double)s->iterations : 0;
    out->exact = gauge_is_exact(s->gauge) && sample->prompts == s->iterations;
    out->fitted = sample->fitted;
    out->longest_prompt = sample->longest;
    out->longest_answer = sample->longest_answer;
}

bool estimate_make(const Plan *plan, const RunSettings *s, Estimate *out, Error *e)
{
    Sample sample = {0};
    *out = (Estimate){.iterations = s->iterations, .cost_known = s->pricing.known};
    if (!take_sample(plan, s, &sample, e)) return false;
    out->too_long = sample.too_long;
    if (!sample.prompts) return true;
    double scale = (double)s->iterations / (double)(sample.prompts + sample.too_long), n = (double)s->iterations;
    double turn = example_turn(plan_project(plan), s->gauge->counter), turns = (double)sample.turns * scale;
    Learnt learnt = learn(plan, s);
    double low = turns * (turn > 0 ? turn * 0.6 + TURN_TOKENS : TURN_LOW + TURN_TOKENS);
    double high = turns * (turn > 0 ? turn * 2 + TURN_TOKENS : TURN_HIGH + TURN_TOKENS);
    if (learnt.answer > 0) low = learnt.answer * n * 0.85, high = learnt.answer * n * learnt.requests * 1.15;
    estimate_prompts(&sample, s, scale, out);
    out->completion_low = (uint64_t)low;
    out->completion_high = (uint64_t)high;
    estimate_time(s, low, high, out);
    // A conversation that is rejected is asked for again, and its prompt paid again.
    double prompts_high = (double)out->prompt_tokens * learnt.requests + out->prompt_error;
    out->cost_low = pricing_cost(&s->pricing, (int64_t)out->prompt_tokens, 0, (int64_t)out->completion_low);
    out->cost_high = pricing_cost(&s->pricing, (int64_t)prompts_high, 0, (int64_t)out->completion_high);
    return true;
}

void estimate_render(const Estimate *x, Buf *out)
{
    if (!x->exact) buf_add(out, S("≈ "));
    if (x->exact)
        number_count(out, x->prompt_tokens);
    else
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
    if (x->fitted) buf_printf(out, "; %llu prompts made smaller to fit", (unsigned long long)x->fitted);
    if (x->too_long) buf_printf(out, "; %llu prompts do not fit the model", (unsigned long long)x->too_long);
}

void estimate_render_json(const Estimate *x, Buf *out)
{
    buf_printf(out, "{\"version\":1,\"iterations\":%llu,\"prompt_tokens\":{\"exact\":%s,\"total\":%llu},"
                    "\"completion_tokens\":{\"low\":%llu,\"high\":%llu},\"cost\":",
               (unsigned long long)x->iterations, x->exact ? "true" : "false", (unsigned long long)x->prompt_tokens,
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
