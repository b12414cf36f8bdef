// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_estimate_sample.h"

#include <math.h>

#include "cli/signals.h"
#include "llm/adapter.h"
#include "llm/judge.h"
#include "run/allowance.h"

static const Nanos TIMEOUT = 900 * NANOS_PER_SECOND;  // as a run's own

typedef struct Asked {
    unsigned n;
    double turn, turn_squares;    // completion tokens a turn
    double seconds, longest, shortest;
    double counted, told;         // tokens of the prompts, here and by the server
    double most;                  // tokens of the longest answer
} Asked;

static void add_answer(const PlanItem *item, const Form *form, const Usage *usage, int64_t counted, double seconds, Asked *a)
{
    double turn = (double)usage->completion / (double)(item->drawn.exchanges * form->n_participants);
    a->n++;
    a->turn += turn;
    a->turn_squares += turn * turn;
    a->seconds += seconds;
    a->shortest = a->n == 1 || seconds < a->shortest ? seconds : a->shortest;
    a->longest = fmax(a->longest, seconds);
    a->most = fmax(a->most, (double)usage->completion);
    a->counted += (double)counted;
    a->told += (double)usage->prompt;
}

static bool read_answer(const Endpoint *endpoint, const HttpReply *reply, Arena *a, Usage *usage, Error *e)
{
    ChatReply answer;
    if (reply->end != HTTP_DONE || reply->status < 200 || reply->status > 299) {
        Judgement judgement;
        judge(reply, false, 0, a, &judgement);
        *e = judgement.error;
        return false;
    }
    if (!endpoint->adapter->read_reply(reply->body, a, &answer, e)) return false;
    *usage = answer.usage;
    if (usage->known) return true;
    error_set(e, ERROR_UNREACHABLE, "usage", "the server does not say how many tokens an answer took");
    return error_hint(e, "without --sample the estimate goes by earlier runs and by the examples");
}

static bool ask(Launch *l, const PlanItem *item, const Fitted *fitted, const Form *form, Arena *a, Asked *asked, Error *e)
{
    const Endpoint *endpoint = &l->model.endpoints[0];
    const RunSettings *s = &l->settings;
    int64_t most = allowance(item, form, s->local_model, 0);
    ChatRequest request = {
        .messages = item->messages, .n_messages = item->n_messages, .params = item->params, .n_params = item->n_params,
        .schema = s->structured != STRUCTURED_OFF && endpoint->adapter->takes_schema ? item->schema : (Str){0},
        .has_seed = true, .seed = item->drawn.seed, .max_tokens = (unsigned)(most < fitted->room ? most : fitted->room),
    };
    Buf body = {0};
    HttpReply *reply;
    Usage usage;
    Nanos began = clock_now(&system_clock);
    bool ok = endpoint->adapter->write_request(endpoint, &request, &body) || error_set(e, ERROR_INTERNAL, "request", "the request is too large");
    ok = ok && http_post(&l->model.transport, endpoint, (Str){0}, buf_str(&body), s->timeout ? s->timeout : TIMEOUT, &reply, e);
    buf_free(&body);
    if (!ok) return false;
    double seconds = (double)(clock_now(&system_clock) - began) / (double)NANOS_PER_SECOND;
    ok = read_answer(endpoint, reply, a, &usage, e);
    l->model.transport.release(l->model.transport.self, reply);
    if (ok) add_answer(item, form, &usage, fitted->prompt, seconds, asked);
    return ok;
}

static bool ask_all(Launch *l, const Plan *plan, unsigned n, Asked *asked, Error *e)
{
    Arena item_arena = {0}, scratch = {0};
    bool ok = true;
    for (unsigned k = 0; k < n && ok; k++) {
        PlanItem item;
        Fitted fitted;
        if (*signals_interrupted()) {
            ok = cli_reported((ErrorKind)signals_exit_code(), e) == 0;
            break;
        }
        uint64_t index = l->settings.start + (uint64_t)((double)l->settings.iterations * (double)k / (double)n);
        ok = fit_item(plan, index, 1, &l->gauge, &item_arena, &item, &fitted, e) && ask(l, &item, &fitted, plan_form(plan), &scratch, asked, e);
        if (ok) cli_say(l->cli, "Asked %u of %u: %.0f completion tokens a turn so far, %.1f seconds an answer", k + 1, n, asked->turn / (k + 1), asked->seconds / (k + 1));
        arena_reset(&scratch);
    }
    arena_free(&item_arena);
    arena_free(&scratch);
    return ok;
}

// Two standard errors around the mean, and never nearer than a tenth: a few answers do not show all there is.
static Measured measured(const Asked *a)
{
    double n = a->n, mean = a->turn / n, variance = n > 1 ? fmax(0, (a->turn_squares - n * mean * mean) / (n - 1)) : mean * mean / 4;
    double around = fmax(2 * sqrt(variance / n), mean * 0.1), seconds = a->seconds / n;
    return (Measured){
        .turn_low = fmax(mean - around, 1), .turn_high = mean + around,
        .seconds_low = (seconds + a->shortest) / 2, .seconds_high = (seconds + a->longest) / 2 * 1.5,
        .prompt = a->counted > 0 ? a->told / a->counted : 0, .asked = a->n,
    };
}

bool estimate_ask_sample(Launch *l, unsigned n, Error *e)
{
    Arena a = {0};
    Plan *plan = NULL;
    Problems problems = {.arena = &a};
    Asked asked = {0};
    PlanSettings settings = {.seed = l->settings.seed, .max_exchanges = l->settings.max_exchanges, .model = l->settings.model,
                             .run = S("run"), .wall = clock_wall(&system_clock)};
    if (n > l->settings.iterations) n = (unsigned)l->settings.iterations;
    unsigned context = (unsigned)(l->estimate.longest_prompt + l->estimate.longest_answer) * 5 / 4 + 512;
    bool ok = model_begin(l->cli, &l->model, l->settings.concurrency, context, e);
    if (ok) ok = plan_open(&l->project, &settings, &a, &plan, &problems) || cli_reported(ERROR_PROJECT, e) == 0;
    ok = ok && ask_all(l, plan, n, &asked, e);
    if (ok && asked.n) {
        Measured m = measured(&asked);
        estimate_apply(&l->settings, &m, &l->estimate);
    }
    plan_close(plan);
    arena_free(&a);
    return ok;
}
