// SPDX-License-Identifier: Apache-2.0
#include "cli/launch.h"

#include <unistd.h>

#include "cli/locate.h"
#include "cli/numbers.h"
#include "cli/progress_show.h"
#include "cli/prompt.h"
#include "cli/signals.h"
#include "cli/summary.h"
#include "cli/wrap.h"

void launch_read_settings(Launch *l)
{
    const Settings *s = &l->cli->settings;
    RunSettings *r = &l->settings;
    r->iterations = settings_whole(s, OPTION_ITERATIONS, 0);
    r->start = settings_whole(s, OPTION_START, 0);
    r->max_exchanges = (unsigned)settings_whole(s, OPTION_MAX_EXCHANGES, 0);
    r->partition = settings_str(s, OPTION_PARTITION);
    r->attempts = (unsigned)settings_whole(s, OPTION_ATTEMPTS, 3);
    static const Structured structured[] = {STRUCTURED_AUTO, STRUCTURED_ON, STRUCTURED_OFF};
    r->structured = structured[settings_choice(s, OPTION_STRUCTURED)];
    r->dedup = settings_choice(s, OPTION_DEDUP) == 0;
    r->dedup_threshold = settings_real(s, OPTION_DEDUP_THRESHOLD, 0.8);
    r->dedup_semantic = settings_on(s, OPTION_DEDUP_SEMANTIC);
    r->semantic_threshold = settings_real(s, OPTION_DEDUP_SEMANTIC_THRESHOLD, 0.9);
    r->dedup_openers = settings_on(s, OPTION_DEDUP_OPENERS);
    r->dedup_scope = settings_str(s, OPTION_DEDUP_SCOPE);
    r->max_cost = (Money)(settings_real(s, OPTION_MAX_COST, 0) * 1e6) * 1000;
    r->max_tokens = (int64_t)settings_whole(s, OPTION_MAX_TOKENS, 0);
    r->max_time = (Nanos)(settings_real(s, OPTION_MAX_TIME, 0) * 1e3) * NANOS_PER_MS;
    r->rpm = settings_real(s, OPTION_RPM, 0);
    r->tpm = settings_real(s, OPTION_TPM, 0);
    r->ca_file = access_ca_file(&l->cli->environment);
    r->timeout = (Nanos)(settings_real(s, OPTION_TIMEOUT, 900) * 1e3) * NANOS_PER_MS;
}

static bool no_price(const Launch *l, Str name, Error *e)
{
    Str file = model_prices_file(l->cli);
    error_set(e, ERROR_USAGE, "price", "--max-cost is given, but the price of %.*s is not known", STR_ARG(name));
    return error_hint(e, "add the model's prices to %.*s, or set --max-tokens instead", STR_ARG(file.ptr ? file : S("prices.json")));
}

static bool check_budget(const Launch *l, Error *e)
{
    Str name = model_name(&l->model);
    return !settings_has(&l->cli->settings, OPTION_MAX_COST) || l->settings.pricing.known || !name.ptr || no_price(l, name, e);
}

static void use_model(Launch *l)
{
    l->settings.model = model_name(&l->model);
    l->settings.endpoints = l->model.endpoints;
    l->settings.n_endpoints = l->model.n;
    l->settings.local_model = l->model.local;
    l->settings.pricing = model_facts(&l->model).pricing;
    l->settings.batch_percent = l->settings.pricing.known ? model_facts(&l->model).batch : 0;
    l->settings.currency = l->model.prices.currency;
    l->settings.embedder_pricing = embeddings_pricing(l->cli, &l->model.prices);
    model_gauge_open(l->cli, &l->model, &l->counter, &l->gauge);
    l->settings.gauge = &l->gauge;
}

bool launch_prepare_model(Launch *l, bool installed, Error *e)
{
    if (!model_prepare(l->cli, installed, &l->model, e)) return false;
    l->model_prepared = true;
    use_model(l);
    l->settings.concurrency =
        (unsigned)settings_whole(&l->cli->settings, OPTION_CONCURRENCY, model_default_concurrency(&l->model));
    return check_budget(l, e);
}

void launch_look_at_server(Launch *l)
{
    if (l->model.local) return;
    model_look(l->cli, &l->model);
    use_model(l);
}

bool launch_choose_model(Launch *l, Error *e)
{
    if (!l->model.local) {
        // Asking a server that does not answer can take long, and there is nothing to clean up yet.
        bool stop = signals_hold(false);
        bool begun = !stop && model_begin(l->cli, &l->model, 0, 0, e);
        signals_hold(true);
        if (stop) return error_set(e, (ErrorKind)signals_exit_code(), "interrupted", "nothing was started");
        if (!begun) return false;
    }
    use_model(l);
    return check_budget(l, e);
}

bool launch_plan_estimate(Launch *l, Error *e)
{
    Arena a = {0};
    Plan *plan = NULL;
    Problems problems = {.arena = &a};
    PlanSettings settings = {.seed = l->settings.seed, .max_exchanges = l->settings.max_exchanges,
                             .model = l->settings.model, .run = S("run"), .wall = clock_wall(&system_clock)};
    bool ok = plan_open(&l->project, &settings, &a, &plan, &problems);
    cli_report_all(l->cli, &problems);
    if (!ok)
        cli_reported(ERROR_PROJECT, e);
    else
        ok = estimate_make(plan, &l->settings, &l->estimate, e);
    plan_close(plan);
    arena_free(&a);
    return ok;
}

// With --verbose: every setting that somebody set.
static void say_settings(Cli *cli)
{
    const Settings *s = &cli->settings;
    for (OptionId id = 0; cli->verbose && id < OPTION_COUNT; id++) {
        const Option *o = option_get(id);
        if (!o->variable || s->items[id].origin <= FROM_DEFAULT) continue;
        Str value = access_shown(s, id, &cli->arena), origin = access_origin(&s->items[id], &cli->arena);
        cli_say(cli, "Setting  %s=%.*s, from: %.*s", o->variable, STR_ARG(value), STR_ARG(origin));
    }
}

bool launch_estimate(Launch *l, Error *e)
{
    if (!launch_plan_estimate(l, e)) return false;
    l->settings.forecast = estimate_forecast(&l->estimate);
    say_settings(l->cli);
    const RunSettings *s = &l->settings;
    Buf b = {0};
    number_count(&b, s->iterations);
    buf_printf(&b, " %s, at most %u %s each, seed %llu, %u at once", s->iterations == 1 ? "conversation" : "conversations",
               s->max_exchanges, s->max_exchanges == 1 ? "exchange" : "exchanges", (unsigned long long)s->seed, s->concurrency);
    cli_tell(l->cli, "Run", buf_str(&b));
    cli_tell(l->cli, "Model", model_shown(&l->model, &l->cli->arena));
    buf_clear(&b);
    estimate_render(&l->estimate, &b);
    cli_tell(l->cli, "Estimate", buf_str(&b));
    buf_free(&b);
    return true;
}

bool launch_ask(Launch *l, bool *go, Error *e)
{
    *go = true;
    if (!cli_may_ask(l->cli) || settings_on(&l->cli->settings, OPTION_YES)) return true;
    Prompter p = {.in = STDIN_FILENO, .out = l->cli->err, .interrupted = signals_interrupted()};
    return prompt_yes(&p, "Start? (y/n)", go, e);
}

// ---- running ------------------------------------------------------------------------------------

static void on_progress(void *ctx, const Progress *progress)
{
    progress_show_update(ctx, progress);
}

static void on_message(void *ctx, const Error *message)
{
    progress_show_message(ctx, message);
}

// Room for the longest prompt of the sample, a quarter more for those not in it, and for its answer's allowance.
static unsigned slot_context(const Estimate *x)
{
    enum { LEAST = 2048, MOST = 8192, STEP = 256 };
    double tokens = (double)x->longest_prompt * 1.25 + (double)x->longest_answer + STEP;
    if (tokens < LEAST) return LEAST;
    if (tokens > MOST) return MOST;
    return ((unsigned)tokens + STEP - 1) / STEP * STEP;
}

static void say_end(Launch *l, ProgressShow *show, const RunSummary *summary)
{
    Buf b = {0};
    progress_show_finish(show, &summary->progress);
    if (l->cli->events) {
        summary_render_event(summary, &b);
        fwrite(b.ptr, 1, b.len, l->cli->err);
    } else if (!l->cli->quiet) {
        Buf wrapped = {0};
        summary_render(summary, show->currency, &b);
        wrap_lines(&wrapped, buf_str(&b), SUMMARY_LABELS, cli_width(l->cli));
        print_safe(l->cli->err, buf_str(&wrapped), true);
        buf_free(&wrapped);
    }
    buf_clear(&b);
    if (l->cli->json) {
        summary_render_json(summary, &b);
        fwrite(b.ptr, 1, b.len, l->cli->out);
    }
    buf_free(&b);
    Str again = locate_flags(l->cli);
    if (summary->progress.totals.kept + summary->progress.totals.failed < summary->progress.total)
        cli_say(l->cli, "Go on with: confab resume%.*s", STR_ARG(again));
    else if (summary->progress.totals.failed)
        cli_say(l->cli, "Ask again for what failed with: confab retry%.*s", STR_ARG(again));
}

static int run_and_show(Launch *l, Run *run, Error *e)
{
    ProgressShow show;
    RunSummary summary;
    size_t choice = settings_choice(&l->cli->settings, OPTION_PROGRESS);
    progress_show_open(&show, choice, l->cli->quiet, &l->cli->term, l->cli->err, STDERR_FILENO);
    show.currency = l->settings.currency;
    progress_show_start(&show, run_stamp(run), l->settings.iterations, l->settings.seed, l->resume.stamp != NULL);
    RunObserver observer = {on_progress, on_message, &show};
    signals_watch(run);
    bool ok = run_go(run, &observer, &summary, e);
    signals_watch(NULL);
    say_end(l, &show, &summary);
    progress_show_free(&show);
    if (ok) *e = (Error){0};
    return (int)summary.end;
}

// What gives embeddings is there before anything is paid for.
static bool begin_embeddings(Launch *l, Error *e)
{
    RunSettings *s = &l->settings;
    if (!s->dedup || !s->dedup_semantic) return true;
    l->embeddings_asked = true;
    if (!embeddings_open(l->cli, s->concurrency, &l->embeddings, e)) return false;
    s->embedder = l->embeddings.embedder;
    Str model = l->embeddings.endpoint.model;
    s->embedder_pricing = l->embeddings.local ? (Pricing){.known = true} : prices_of(&l->model.prices, model).pricing;
    return !settings_has(&l->cli->settings, OPTION_MAX_COST) || s->embedder_pricing.known || no_price(l, model, e);
}

int launch_go(Launch *l, Error *e)
{
    Run *run;
    if (l->model.local) {
        unsigned context = slot_context(&l->estimate);
        if (!model_begin(l->cli, &l->model, l->settings.concurrency, context, e)) return (int)e->kind;
        use_model(l);
        l->gauge.window = context;
    }
    if (!begin_embeddings(l, e)) return (int)e->kind;
    if (!run_open(&l->project, &l->settings, &l->resume, &run, e)) return (int)e->kind;
    int code = run_and_show(l, run, e);
    run_close(run);
    return code;
}

void launch_end(Launch *l)
{
    if (l->model_prepared) {
        model_gauge_close(&l->counter, &l->gauge);
        model_end(&l->model);
    }
    if (l->embeddings_asked) embeddings_close(&l->embeddings);
    if (l->project_loaded) project_close(&l->project);
}
