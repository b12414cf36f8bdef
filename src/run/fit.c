// SPDX-License-Identifier: Apache-2.0
#include "run/fit.h"

#include "run/allowance.h"

void gauge_free(Gauge *g) { buf_free(&g->scratch); }

bool gauge_is_exact(const Gauge *g) { return g->counter->exact && g->chat && g->chat->exact && !g->chat_unsure; }

int64_t gauge_prompt(Gauge *g, const PlanItem *item)
{
    return (int64_t)chat_count_by(g->counter, g->chat, item->messages, item->n_messages, &g->scratch);
}

int64_t gauge_most(const Gauge *g, int64_t prompt, size_t n_messages)
{
    if (gauge_is_exact(g)) return prompt;
    return g->counter->exact ? prompt + CHAT_SLACK + CHAT_SLACK_MESSAGE * (int64_t)n_messages : prompt + prompt * GUESS_ERROR / 100;
}

typedef struct Fitting {
    const Plan *plan;
    uint64_t iteration;
    unsigned attempt;
    Gauge *gauge;
    Arena *arena;
    PlanItem *out;
    Fitted *fitted;
    int64_t needed;   // tokens with the answer's allowance, of the last try that did not fit
    int64_t answer;   // the allowance alone
    Error *e;
} Fitting;

// Plans with the trim and measures. False: an error.
static bool measure(Fitting *f, Trim trim, bool *fits)
{
    Gauge *g = f->gauge;
    arena_reset(f->arena);
    if (!plan_item(f->plan, f->iteration, f->attempt, &trim, f->arena, f->out, f->e)) return false;
    int64_t prompt = gauge_prompt(g, f->out), answer = allowance(f->out, plan_form(f->plan), g->local_model, 0);
    if (g->max_output && answer > g->max_output) answer = g->max_output;
    int64_t careful = gauge_most(g, prompt, f->out->n_messages);
    *f->fitted = (Fitted){trim, prompt, careful, g->window ? g->window - careful : INT64_MAX};
    if (g->max_output && f->fitted->room > g->max_output) f->fitted->room = g->max_output;
    *fits = g->window == 0 || careful + answer <= g->window;
    if (!*fits) {
        f->needed = careful + answer;
        f->answer = answer;
    }
    return true;
}

// The longest passage that fits, by halving; the plan cuts it where a chunk or a sentence ends.
static bool fit_passage(Fitting *f, Trim trim, bool *fits)
{
    size_t low = 0, high = f->out->knowledge.len;  // bytes: low is the most that is known to fit, high does not
    while (high - low > 1) {
        trim.passage_limit = low + (high - low) / 2;
        if (!measure(f, trim, fits)) return false;
        *(*fits ? &low : &high) = trim.passage_limit;
    }
    if (low == 0) return true;
    trim.passage_limit = low;
    if (!measure(f, trim, fits)) return false;
    // A prompt without its passage is another prompt.
    *fits = *fits && f->out->knowledge.len > 0;
    return true;
}

static bool too_long(Fitting *f)
{
    error_set(f->e, ERROR_PROJECT, "context", "iteration %llu needs %lld tokens, %lld for its prompt and %lld for the answer, but the model holds %lld",
              (unsigned long long)f->iteration, (long long)f->needed, (long long)(f->needed - f->answer), (long long)f->answer, (long long)f->gauge->window);
    return error_hint(f->e, "shorten the prompts or the passages, ask for fewer exchanges, or use a model that holds more");
}

bool fit_item(const Plan *plan, uint64_t iteration, unsigned attempt, Gauge *g, Arena *item_arena, PlanItem *out, Fitted *fitted, Error *e)
{
    Fitting f = {plan, iteration, attempt, g, item_arena, out, fitted, 0, 0, e};
    Trim trim = {0};
    bool fits;
    if (!measure(&f, trim, &fits)) return false;
    size_t examples = out->n_shown;
    while (!fits && trim.examples_dropped < examples) {
        trim.examples_dropped++;
        if (!measure(&f, trim, &fits)) return false;
    }
    if (!fits && out->knowledge.len > 0 && !fit_passage(&f, trim, &fits)) return false;
    return fits || too_long(&f);
}
