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
    RUN_DONE = 5,         // fewer conversations of an earlier run say nothing
};

typedef struct Sample {
    uint64_t prompts, prompt_tokens, more, longest, longest_answer;  // more: that they may be longer, where they are not exact
    double squares;
    uint64_t turns, fitted, too_long;
} Sample;

static void count_prompt(const Plan *plan, const RunSettings *s, const PlanItem *item, const Fitted *fitted, Sample *out)
{
    uint64_t tokens = (uint64_t)fitted->prompt, answer = (uint64_t)allowance(item, plan_form(plan), s->local_model, 0);
    out->prompts++;
    out->prompt_tokens += tokens;
    out->more += (uint64_t)fitted->most - tokens;
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

// What earlier runs of this model took: of an iteration with this limit of exchanges, and in what time.
typedef struct Learnt {
    unsigned runs;       // 0: nothing is known of answers
    double low, high;    // completion tokens of an iteration, of the run that took fewest and most
    double requests;     // for an iteration
    double cached;       // share of prompts that came from the server's cache
    Pace pace;
} Learnt;

static Str address_of(const RunSettings *s)
{
    if (s->local_model) return S("embedded");
    return s->n_endpoints ? s->endpoints[0].shown : (Str){0};
}

static void learn_answers(const RunInfo *runs, size_t n, Str model, unsigned max_exchanges, Learnt *out)
{
    double prompts = 0, cached = 0, requests = 0, all = 0;
    for (size_t i = 0; i < n && out->runs < PACE_RUNS; i++) {
        const JournalSums *t = &runs[i].totals;
        double done = (double)(t->kept + t->failed);
        if (!str_eq(runs[i].model, model) || runs[i].max_exchanges != max_exchanges || done < RUN_DONE || t->completion_tokens <= 0) continue;
        double each = (double)t->completion_tokens / done;
        out->low = out->runs == 0 || each < out->low ? each : out->low;
        out->high = fmax(out->high, each);
        out->runs++;
        prompts += (double)t->prompt_tokens;
        cached += (double)t->cached_tokens;
        requests += (double)t->requests;
        all += done;
    }
    if (out->runs) out->requests = fmax(1, requests / all);
    if (prompts > 0) out->cached = cached / prompts;
}

static Learnt learn(const Plan *plan, const RunSettings *s)
{
    Arena a = {0};
    Problems ignored = {.arena = &a};
    Error e;
    RunInfo *runs;
    size_t n;
    Learnt out = {.requests = 1};
    if (history_list(plan_project(plan), &a, &runs, &n, &ignored, &e)) {
        learn_answers(runs, n, s->model, plan_form(plan)->max_exchanges, &out);
        out.pace = pace_learn(plan_project(plan), runs, n, s->model, address_of(s));
    }
    arena_free(&a);
    return out;
}

// Nobody is asked faster than the limits of requests and tokens a minute allow.
static double paced(const RunSettings *s, double requests, double tokens)
{
    double by_requests = s->rpm > 0 ? requests / s->rpm * 60 : 0, by_tokens = s->tpm > 0 ? tokens / s->tpm * 60 : 0;
    return fmax(by_requests, by_tokens);
}

static void heed_limits(const RunSettings *s, Estimate *x)
{
    double n = (double)s->iterations, prompt = (double)x->prompt_tokens;
    x->seconds_low = fmax(x->seconds_low, paced(s, n, prompt + (double)x->completion_low));
    x->seconds_high = fmax(x->seconds_high, paced(s, n * x->requests, prompt * x->requests + (double)x->completion_high));
}

// A server on this machine has its cores for all answers together.
static bool one_pace(const RunSettings *s) { return s->local_model || (s->n_endpoints && s->endpoints[0].loopback); }

static double side_by_side(const RunSettings *s)
{
    return s->iterations < s->concurrency ? (double)s->iterations : fmax(1, s->concurrency);
}

// As many rounds as it takes `concurrency` at once, each as long as an answer of so many seconds.
static void time_of_rounds(const RunSettings *s, double answer_low, double answer_high, Estimate *x)
{
    double n = (double)s->iterations;
    x->seconds_low = ceil(n / side_by_side(s)) * answer_low;
    x->seconds_high = ceil(n * x->requests / side_by_side(s)) * answer_high;
}

static bool time_at_pace(const RunSettings *s, Estimate *x)
{
    PaceAsk ask = {(double)s->iterations, (double)s->iterations * x->requests, (double)x->completion_low, (double)x->completion_high,
                   s->concurrency, s->local_model};
    return pace_seconds(&x->pace, &ask, &x->seconds_low, &x->seconds_high);
}

// Without a measure of this server. The embedded model reads and writes as a small one does on few cores; another server
// on this machine may have a large model or a fast card; an API gives a stream's own pace and a wait before it.
static void guess_time(const RunSettings *s, Estimate *x)
{
    enum { EMBEDDED_READS_SLOW = 150, EMBEDDED_READS_FAST = 1500, EMBEDDED_SLOW = 25, EMBEDDED_FAST = 150, HOME_SLOW = 5, HOME_FAST = 300 };
    double n = (double)s->iterations, low = (double)x->completion_low, high = (double)x->completion_high, prompt = (double)x->prompt_tokens;
    if (s->local_model) {
        x->seconds_low = prompt / EMBEDDED_READS_FAST + low / EMBEDDED_FAST;
        x->seconds_high = prompt * x->requests / EMBEDDED_READS_SLOW + high / EMBEDDED_SLOW;
    } else if (one_pace(s)) {
        x->seconds_low = low / HOME_FAST;
        x->seconds_high = high / HOME_SLOW;
    } else {
        time_of_rounds(s, low / n / 120 + 0.3, high / n / 25 + 2, x);
    }
}

static void estimate_time(const RunSettings *s, Estimate *x)
{
    if (!time_at_pace(s, x)) guess_time(s, x);
    heed_limits(s, x);
}

static Money with_batch(Money cost, unsigned percent) { return cost * percent / 100; }

// Each answer's text is embedded, without the JSON around it.
static void estimate_embeddings(const RunSettings *s, Estimate *x)
{
    if (!s->dedup || !s->dedup_semantic) return;
    double frame = x->turns * TURN_TOKENS, low = (double)x->completion_low;
    x->embedding_low = (uint64_t)fmax(low - frame, low / 2);
    x->embedding_high = x->completion_high;
    if (!s->embedder_pricing.known) x->cost_known = false;
}

// A conversation that is rejected is asked for again, and its prompt paid again.
static void estimate_cost(const RunSettings *s, double cached, Estimate *out)
{
    double prompts_low = fmax((double)out->prompt_tokens - out->prompt_error, 0);
    double prompts_high = ((double)out->prompt_tokens + out->prompt_error) * out->requests;
    int64_t from_cache = (int64_t)(prompts_low * cached);
    estimate_embeddings(s, out);
    Money low = pricing_cost(&s->pricing, (int64_t)prompts_low, from_cache, (int64_t)out->completion_low);
    Money high = pricing_cost(&s->pricing, (int64_t)prompts_high, 0, (int64_t)out->completion_high);
    out->batch_low = with_batch(low, s->batch_percent);
    out->batch_high = with_batch(high, s->batch_percent);
    out->cost_low = low + pricing_cost(&s->embedder_pricing, (int64_t)out->embedding_low, 0, 0);
    out->cost_high = high + pricing_cost(&s->embedder_pricing, (int64_t)out->embedding_high, 0, 0);
}

// Answers asked for one after the other: a server on this machine gives several at once not much faster.
static void time_of_asked(const RunSettings *s, const Measured *m, Estimate *x)
{
    enum { TOGETHER = 4 };  // times as many tokens a second as one answer alone, at best
    double n = (double)s->iterations, together = fmin(TOGETHER, side_by_side(s));
    if (one_pace(s)) {
        x->seconds_low = n * m->seconds_low / together;
        x->seconds_high = n * x->requests * m->seconds_high;
    } else {
        time_of_rounds(s, m->seconds_low, m->seconds_high, x);
    }
}

#define MEASURED_ERROR 0.05

void estimate_apply(const RunSettings *s, const Measured *m, Estimate *x)
{
    x->asked = m->asked;
    if (!x->exact && m->prompt > 0) {
        x->prompt_tokens = (uint64_t)((double)x->prompt_tokens * m->prompt);
        // What is left of it varies little from prompt to prompt.
        x->prompt_error = fmin(x->prompt_error, (double)x->prompt_tokens * MEASURED_ERROR);
    }
    x->completion_low = (uint64_t)(x->turns * m->turn_low);
    x->completion_high = (uint64_t)(x->turns * m->turn_high * x->requests);
    if (!time_at_pace(s, x)) time_of_asked(s, m, x);
    heed_limits(s, x);
    estimate_cost(s, 0, x);
}

Forecast estimate_forecast(const Estimate *x)
{
    // A run counts among its prompts those of answers that are asked for again, and what was embedded.
    int64_t prompt = (int64_t)((double)x->prompt_tokens * x->requests) + (int64_t)(x->embedding_low + x->embedding_high) / 2;
    return (Forecast){true, x->cost_known, prompt, (int64_t)x->completion_low, (int64_t)x->completion_high, x->cost_low, x->cost_high,
                      x->seconds_low, x->seconds_high};
}

static void estimate_prompts(const Sample *sample, const RunSettings *s, double scale, Estimate *out)
{
    double n = (double)sample->prompts, mean = (double)sample->prompt_tokens / n;
    double spread = n > 1 ? sqrt(fmax(0, sample->squares / n - mean * mean) / (n - 1)) : 0;
    out->prompt_tokens = (uint64_t)((double)sample->prompt_tokens * scale);
    // Two standard errors of the sample's mean.
    out->prompt_error = (double)sample->more * scale + (sample->prompts < s->iterations ? 2 * spread * (double)s->iterations : 0);
    out->exact = gauge_is_exact(s->gauge) && sample->prompts == s->iterations;
    out->fitted = (uint64_t)((double)sample->fitted * scale);
    out->longest_prompt = sample->longest;
    out->longest_answer = sample->longest_answer;
}

bool estimate_make(const Plan *plan, const RunSettings *s, Estimate *out, Error *e)
{
    Sample sample = {0};
    *out = (Estimate){.iterations = s->iterations, .cost_known = s->pricing.known, .currency = s->currency, .requests = 1};
    if (!take_sample(plan, s, &sample, e)) return false;
    double scale = (double)s->iterations / (double)(sample.prompts + sample.too_long), n = (double)s->iterations;
    out->too_long = (uint64_t)((double)sample.too_long * scale);
    if (!sample.prompts) return true;
    double turn = example_turn(plan_project(plan), s->gauge->counter), turns = (double)sample.turns * scale;
    Learnt learnt = learn(plan, s);
    double low = turns * (turn > 0 ? turn * 0.6 + TURN_TOKENS : TURN_LOW + TURN_TOKENS);
    double high = turns * (turn > 0 ? turn * 2 + TURN_TOKENS : TURN_HIGH + TURN_TOKENS);
    if (learnt.runs) low = learnt.low * n * 0.85, high = learnt.high * n * 1.15;
    estimate_prompts(&sample, s, scale, out);
    out->completion_low = (uint64_t)low;
    out->completion_high = (uint64_t)high;
    out->turns = turns;
    out->requests = learnt.requests;
    out->runs = learnt.runs;
    out->pace = learnt.pace;
    estimate_time(s, out);
    estimate_cost(s, learnt.cached, out);
    return true;
}

static void add_costs(Money low, Money high, Str currency, Buf *out)
{
    number_cost(out, low, currency);
    buf_add(out, S(" to "));
    number_cost(out, high, currency);
}

// A count that is not exact, with its error where that shows.
static void add_prompts(const Estimate *x, Buf *out)
{
    if (x->exact) {
        number_count(out, x->prompt_tokens);
        return;
    }
    double percent = 100 * x->prompt_error / fmax((double)x->prompt_tokens, 1);
    buf_add(out, S("≈ "));
    number_short(out, (double)x->prompt_tokens);
    if (percent >= 0.5) buf_printf(out, " (±%.0f%%)", percent);
}

static void add_time(const Estimate *x, Buf *out)
{
    if (x->seconds_high < 1) {
        buf_add(out, S("less than a second"));
    } else {
        number_time(out, x->seconds_low);
        buf_add(out, S(" to "));
        number_time(out, x->seconds_high);
    }
    if (x->pace.n) {
        buf_printf(out, x->pace.n == 1 ? " (as an earlier run: " : " (as %zu earlier runs: ", x->pace.n);
        number_short(out, pace_tokens_per_second(&x->pace));
        buf_printf(out, " tokens a second, %.0f at once)", pace_at_once(&x->pace));
    } else if (!x->asked) {
        buf_add(out, S(" (a guess: no earlier run tells)"));
    }
}

static void add_cost(const Estimate *x, Buf *out)
{
    if (!x->cost_known) {
        buf_add(out, x->embedding_high ? S("cost unknown: no price for this model or that of the embeddings") : S("cost unknown: no price for this model"));
    } else if (x->cost_high == 0) {
        buf_add(out, S("no cost"));
    } else {
        add_costs(x->cost_low, x->cost_high, x->currency, out);
        if (x->batch_high) {
            buf_add(out, S(" (by the batch API "));
            add_costs(x->batch_low, x->batch_high, x->currency, out);
            buf_add_char(out, ')');
        }
    }
}

void estimate_render(const Estimate *x, Buf *out)
{
    if (x->too_long == x->iterations) {
        buf_add(out, S("no prompt fits the model; `confab preview` tells what each needs"));
        return;
    }
    add_prompts(x, out);
    buf_add(out, S(" prompt and "));
    number_short(out, (double)x->completion_low);
    buf_add(out, S(" to "));
    number_short(out, (double)x->completion_high);
    buf_add(out, S(" completion tokens, "));
    if (x->embedding_high) {
        number_short(out, (double)x->embedding_low);
        buf_add(out, S(" to "));
        number_short(out, (double)x->embedding_high);
        buf_add(out, S(" for embeddings, "));
    }
    add_time(x, out);
    buf_add(out, S(", "));
    add_cost(x, out);
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
    buf_add_char(out, '}');
    if (x->embedding_high)
        buf_printf(out, ",\"embedding_tokens\":{\"low\":%llu,\"high\":%llu}", (unsigned long long)x->embedding_low, (unsigned long long)x->embedding_high);
    buf_add(out, S("}\n"));
}
