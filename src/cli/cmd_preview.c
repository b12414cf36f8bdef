// SPDX-License-Identifier: Apache-2.0
//
// confab preview: the prompts and parameters that a run would send, without sending anything.
#include "cli/commands.h"

#include "base/json.h"
#include "cli/locate.h"
#include "cli/model.h"
#include "cli/option_values.h"
#include "plan/plan.h"

typedef struct Preview {
    Cli *cli;
    Plan *plan;
    Model asked;
    Str model;      // absent: the server will be asked
    Counter counter;
    Gauge gauge;
    Arena item;
    Buf out;
    bool first;
    bool ok;
    Error *e;
} Preview;

// What was made smaller so that the prompt fits the model.
static void add_fitted_json(Buf *b, const Trim *trim)
{
    if (!trim->examples_dropped && !trim->passage_limit) return;
    buf_printf(b, ",\"fitted\":{\"examples_dropped\":%u,\"passage_bytes\":", trim->examples_dropped);
    if (trim->passage_limit)
        buf_printf(b, "%zu}", trim->passage_limit);
    else
        buf_add(b, S("null}"));
}

static void add_fitted_text(Buf *b, const Trim *trim)
{
    if (trim->examples_dropped) buf_printf(b, "fitted: %u fewer %s\n", trim->examples_dropped, trim->examples_dropped == 1 ? "example" : "examples");
    if (trim->passage_limit) buf_printf(b, "fitted: the passage cut to at most %zu bytes\n", trim->passage_limit);
}

static void add_json(Buf *b, const PlanItem *item, Str model, const Fitted *fitted)
{
    buf_printf(b, "{\"index\":%llu,\"seed\":%llu,\"model\":", (unsigned long long)item->drawn.iteration,
               (unsigned long long)item->drawn.seed);
    if (model.ptr)
        json_write_string(b, model);
    else
        buf_add(b, S("null"));
    buf_add(b, S(",\"parameters\":{"));
    for (size_t i = 0; i < item->n_params; i++) {
        if (i) buf_add_char(b, ',');
        json_write_string(b, item->params[i].name);
        buf_add_char(b, ':');
        buf_add(b, item->params[i].json);
    }
    buf_add(b, S("},\"messages\":["));
    for (size_t i = 0; i < item->n_messages; i++) {
        buf_add(b, i ? S(",{\"role\":") : S("{\"role\":"));
        json_write_string(b, item->messages[i].role);
        buf_add(b, S(",\"content\":"));
        json_write_string(b, item->messages[i].content);
        buf_add_char(b, '}');
    }
    buf_add(b, S("],\"drawn\":"));
    plan_drawn_json(item, b);
    add_fitted_json(b, &fitted->trim);
    buf_printf(b, ",\"prompt_tokens\":%lld}", (long long)fitted->prompt);
}

static void add_text(Buf *b, const PlanItem *item, Str model, const Fitted *fitted, bool exact, bool verbose)
{
    buf_printf(b, "=== %llu  seed %llu  model %.*s  %s%lld prompt tokens\n", (unsigned long long)item->drawn.iteration,
               (unsigned long long)item->drawn.seed, STR_ARG(model.ptr ? model : S("(the server's)")),
               exact ? "" : "≈ ", (long long)fitted->prompt);
    add_fitted_text(b, &fitted->trim);
    buf_add(b, S("drawn: "));
    plan_drawn_json(item, b);
    buf_add(b, S("\nparameters:"));
    for (size_t i = 0; i < item->n_params; i++)
        buf_printf(b, " %.*s=%.*s", STR_ARG(item->params[i].name), STR_ARG(item->params[i].json));
    buf_add_char(b, '\n');
    if (verbose) buf_printf(b, "schema: %.*s\n", STR_ARG(item->schema));
    for (size_t i = 0; i < item->n_messages; i++)
        buf_printf(b, "--- %.*s\n%.*s\n", STR_ARG(item->messages[i].role), STR_ARG(item->messages[i].content));
}

// Each item is written as it is made, so that ten thousand of them need no memory.
static void show(void *self, uint64_t index)
{
    Preview *p = self;
    PlanItem item;
    if (!p->ok) return;
    arena_reset(&p->item);
    buf_clear(&p->out);
    Fitted fitted;
    p->ok = fit_item(p->plan, index, 1, &p->gauge, &p->item, &item, &fitted, p->e);
    if (!p->ok) return;
    if (p->cli->json) {
        buf_add(&p->out, p->first ? S("") : S(","));
        add_json(&p->out, &item, p->model, &fitted);
        fwrite(p->out.ptr, 1, p->out.len, p->cli->out);
    } else {
        if (!p->first) buf_add_char(&p->out, '\n');
        add_text(&p->out, &item, p->model, &fitted, gauge_is_exact(&p->gauge), p->cli->verbose);
        print_safe(p->cli->out, buf_str(&p->out), true);
    }
    p->first = false;
}

// No model is asked; a server at home is looked at for how it counts and what it holds, as a run will do.
static bool know_model(Preview *p, Error *e)
{
    Cli *cli = p->cli;
    if (!model_prepare(cli, false, &p->asked, e)) return false;
    *e = (Error){0};  // the embedded model need not be there
    model_look(cli, &p->asked);
    p->model = model_name(&p->asked);
    model_gauge_open(cli, &p->asked, &p->counter, &p->gauge);
    return true;
}

static int act(Cli *cli, Error *e)
{
    enum { MAX_EXCHANGES = 6 };
    Str folder;
    Project project;
    if (!locate_project(cli, true, &folder, e)) return (int)e->kind;
    unsigned exchanges = (unsigned)settings_whole(&cli->settings, OPTION_MAX_EXCHANGES, MAX_EXCHANGES);
    if (!locate_and_load(cli, folder, exchanges, &project, e)) return (int)e->kind;
    Preview p = {.cli = cli, .first = true, .e = e};
    if (!know_model(&p, e)) {
        model_end(&p.asked);
        project_close(&project);
        return (int)e->kind;
    }
    Problems problems = {.arena = &cli->arena};
    PlanSettings settings = {.seed = settings_whole(&cli->settings, OPTION_SEED, 0), .max_exchanges = exchanges,
                             .model = p.model, .run = S("preview"), .wall = clock_wall(&system_clock)};
    p.ok = plan_open(&project, &settings, &cli->arena, &p.plan, &problems);
    cli_report_all(cli, &problems);
    if (!p.ok) cli_reported(ERROR_PROJECT, e);
    if (!settings_has(&cli->settings, OPTION_SEED)) cli_say(cli, "No --seed is given: these are the prompts of seed 0.");
    if (p.ok && cli->json) fputs("{\"version\":1,\"items\":[", cli->out);
    if (p.ok) option_indices(settings_str(&cli->settings, OPTION_INDICES), OPTION_INDICES_MAX, show, &p);
    if (p.ok && cli->json) fputs("]}\n", cli->out);
    plan_close(p.plan);
    model_gauge_close(&p.counter, &p.gauge);
    model_end(&p.asked);
    project_close(&project);
    arena_free(&p.item);
    buf_free(&p.out);
    return p.ok ? 0 : (int)e->kind;
}

const Command cmd_preview = {
    .name = "preview",
    .bit = ON_PREVIEW,
    .arguments = "",
    .summary = "show the prompts and parameters that a run would send",
    .details = "Sends nothing; of a llama.cpp server at home its chat template and window are asked. With the --seed of a run the prompts are those of that run's first attempts. Without "
               "--max-exchanges the limit is 6. With --verbose also the JSON schema of the answer.",
    .examples = "confab preview -p coffee-support -i 0-4 --seed 7",
    .act = act,
};
