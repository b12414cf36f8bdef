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
    double cached;       // share of prompts that came from the server's cache
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
    int64_t prompts = 0, cached = 0;
    if (!history_list(plan_project(plan), &a, &runs, &n, &ignored, &e)) n = 0;
    for (size_t i = 0; i < n; i++) {
        const JournalSums *t = &runs[i].totals;
        if (!str_eq(runs[i].model, s->model) || runs[i].max_exchanges != plan_form(plan)->max_exchanges || t->requests < RUN_REQUESTS) continue;
        completion += t->completion_tokens;
        prompts += t->prompt_tokens;
        cached += t->cached_tokens;
        requests += (uint64_t)t->requests;
        done += (uint64_t)(t->kept + t->failed);
    }
    arena_free(&a);
    if (!requests || !done || completion <= 0) return (Learnt){.requests = 1};
    return (Learnt){.answer = (double)completion / (double)requests, .requests = (double)requests / (double)done,
                    .cached = prompts > 0 ? (double)cached / (double)prompts : 0};
}

// Nobody is asked faster than the limits of requests and tokens a minute allow.
static double paced(const RunSettings *s, double requests, double tokens)
{
    double by_requests = s->rpm > 0 ? requests / s->rpm * 60 : 0, by_tokens = s->tpm > 0 ? tokens / s->tpm * 60 : 0;
    return fmax(by_requests, by_tokens);
}

// As many rounds as it takes `concurrency` at once, each as long as an answer.
static void estimate_time(const RunSettings *s, double answer_low, double answer_high, Estimate *out)
{
    double side_by_side = s->iterations < s->concurrency ? (double)s->iterations : s->concurrency;
    double low = (double)s->iterations, high = low * out->requests, prompt = (double)out->prompt_tokens;
    out->seconds_low = fmax(ceil(low / side_by_side) * answer_low, paced(s, low, prompt + (double)out->completion_low));
    out->seconds_high = fmax(ceil(high / side_by_side) * answer_high, paced(s, high, prompt * out->requests + (double)out->completion_high));
}

// Without a measure of this server: what servers give, a stream's own pace and the wait before it.
static void guess_time(const RunSettings *s, Estimate *out)
{
    double n = (double)s->iterations, side_by_side = n < s->concurrency ? n : s->concurrency;
    double low = (double)out->completion_low / n, high = (double)out->completion_high / n;
    // A small model on a few cores has one pace for all answers together.
    if (s->local_model)
        estimate_time(s, low / 200 * side_by_side, high / 60 * side_by_side, out);
    else
        estimate_time(s, low / 120 + 0.3, high / 25 + 2, out);
}

static Money with_batch(Money cost, unsigned percent) { return cost * percent / 100; }

// A conversation that is rejected is asked for again, and its prompt paid again.
static void estimate_cost(const RunSettings *s, double cached, Estimate *out)
{
    double prompts_high = (double)out->prompt_tokens * out->requests + out->prompt_error;
    int64_t from_cache = (int64_t)((double)out->prompt_tokens * cached);
    out->cost_low = pricing_cost(&s->pricing, (int64_t)out->prompt_tokens, from_cache, (int64_t)out->completion_low);
    out->cost_high = pricing_cost(&s->pricing, (int64_t)prompts_high, 0, (int64_t)out->completion_high);
    out->batch_low = with_batch(out->cost_low, s->batch_percent);
    out->batch_high = with_batch(out->cost_high, s->batch_percent);
}

void estimate_apply(const RunSettings *s, const Measured *m, Estimate *x)
{
    x->asked = m->asked;
    if (!x->exact && m->prompt > 0) x->prompt_tokens = (uint64_t)((double)x->prompt_tokens * m->prompt);
    x->completion_low = (uint64_t)(x->turns * m->turn_low);
    x->completion_high = (uint64_t)(x->turns * m->turn_high * x->requests);
    estimate_time(s, m->seconds_low, m->seconds_high, x);
    estimate_cost(s, 0, x);
}

Forecast estimate_forecast(const Estimate *x)
{
    return (Forecast){true, x->cost_known, (int64_t)x->prompt_tokens, (int64_t)x->completion_low, (int64_t)x->completion_high, x->cost_low, x->cost_high};
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
    *out = (Estimate){.iterations = s->iterations, .cost_known = s->pricing.known, .currency = s->currency, .requests = 1};
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
    out->turns = turns;
    out->requests = learnt.requests;
    guess_time(s, out);
    estimate_cost(s, learnt.cached, out);
    return true;
}

static void add_costs(Money low, Money high, Str currency, Buf *out)
{
    number_cost(out, low, currency);
    buf_add(out, S(" to "));
    number_cost(out, high, currency);
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
        add_costs(x->cost_low, x->cost_high, x->currency, out);
        if (x->batch_high) {
            buf_add(out, S(" (by the batch API "));
            add_costs(x->batch_low, x->batch_high, x->currency, out);
            buf_add_char(out, ')');
        }
    }
    if (x->asked) buf_printf(out, "; after %u %s", x->asked, x->asked == 1 ? "answer" : "answers");
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
        buf_add(out, S("{\"currency\":"));
        json_write_string(out, x->currency.ptr ? x->currency : S("USD"));
        buf_add(out, S(",\"low\":"));
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
