// SPDX-License-Identifier: Apache-2.0
//
// confab run: asks for what is missing, shows what is to be done, and writes the dataset.
#include "cli/commands.h"

#include <unistd.h>

#include "base/random.h"
#include "cli/launch.h"
#include "cli/locate.h"
#include "cli/prompt.h"
#include "cli/signals.h"
#include "run/history.h"

static bool ask_numbers(Cli *cli, Error *e)
{
    static const struct {
        OptionId id;
        const char *label;
        Str fallback;
    } asked[] = {
        {OPTION_ITERATIONS, "Iterations", S_INIT("100")},
        {OPTION_MAX_EXCHANGES, "Max Exchanges", S_INIT("6")},
    };
    Prompter p = {.in = STDIN_FILENO, .out = cli->err, .interrupted = signals_interrupted()};
    for (size_t i = 0; i < 2; i++) {
        Str answer;
        if (settings_has(&cli->settings, asked[i].id)) continue;
        const Option *o = option_get(asked[i].id);
        if (!cli_may_ask(cli)) {
            error_set(e, ERROR_USAGE, "usage", "--%s is missing", o->name);
            return error_hint(e, "give --%s %s, or set %s: %s", o->name, o->argument, o->variable, o->help);
        }
        if (!prompt_option(&p, asked[i].id, asked[i].label, asked[i].fallback, &cli->arena, &answer, e)) return false;
        settings_set(&cli->settings, asked[i].id, answer);
    }
    return true;
}

// Short enough to be typed again, large enough that two runs hardly ever share it.
static bool random_seed(uint64_t *seed, Error *e)
{
    uint32_t bits;
    if (!random_system(&bits, sizeof bits)) return error_set(e, ERROR_INTERNAL, "random", "the system gives no random numbers");
    *seed = bits;
    return true;
}

static bool describe_unfinished(Cli *cli, const RunInfo *found, bool *use, Error *e)
{
    uint64_t done = found->totals.kept + found->totals.failed;
    cli_say(cli, "Run %s of the same settings is unfinished: %llu of %llu done.", found->stamp, (unsigned long long)done,
            (unsigned long long)found->iterations);
    *use = true;
    bool always = settings_choice(&cli->settings, OPTION_RESUME) == 1;
    if (always || !cli_may_ask(cli) || settings_on(&cli->settings, OPTION_YES)) return true;
    Prompter p = {.in = STDIN_FILENO, .out = cli->err, .interrupted = signals_interrupted()};
    return prompt_yes(&p, "Go on with it? (y/n)", use, e);
}

// A new run, or an unfinished one of the same settings.
static bool choose_run(Launch *l, Error *e)
{
    Cli *cli = l->cli;
    bool never = settings_choice(&cli->settings, OPTION_RESUME) == 2;
    bool any_seed = !settings_has(&cli->settings, OPTION_SEED), use;
    l->settings.seed = settings_whole(&cli->settings, OPTION_SEED, 0);
    RunInfo *found = arena_new(&cli->arena, RunInfo, 1);
    if (!never && history_find_unfinished(&l->project, &l->settings, any_seed, &cli->arena, found)) {
        if (!describe_unfinished(cli, found, &use, e)) return false;
        if (use) {
            l->resume = (RunResume){.stamp = found->stamp, .accept_changes = settings_on(&cli->settings, OPTION_ACCEPT_CHANGES)};
            l->settings.seed = found->seed;
            return true;
        }
    }
    return !any_seed || random_seed(&l->settings.seed, e);
}

// Plans every conversation of the run and sends nothing.
static int dry_run(Launch *l, Error *e)
{
    Cli *cli = l->cli;
    Arena run = {0}, item = {0};
    Problems problems = {.arena = &run};
    Plan *plan = NULL;
    PlanSettings settings = {.seed = l->settings.seed, .max_exchanges = l->settings.max_exchanges,
                             .model = l->settings.model, .run = S("run"), .wall = clock_wall(&system_clock)};
    bool ok = plan_open(&l->project, &settings, &run, &plan, &problems);
    uint64_t done = 0;
    for (; ok && done < l->settings.iterations && !*signals_interrupted(); done++) {
        PlanItem planned;
        arena_reset(&item);
        ok = plan_item(plan, l->settings.start + done, 1, NULL, &item, &planned, e);
    }
    cli_report_all(cli, &problems);
    if (!ok && problems.errors) cli_reported(ERROR_PROJECT, e);
    if (ok) cli_say(cli, "%llu %s planned; nothing was sent.", (unsigned long long)done, done == 1 ? "conversation" : "conversations");
    if (ok && cli->json)
        fprintf(cli->out, "{\"version\":1,\"dry_run\":true,\"seed\":%llu,\"iterations\":%llu}\n",
                (unsigned long long)l->settings.seed, (unsigned long long)done);
    plan_close(plan);
    arena_free(&item);
    arena_free(&run);
    if (ok && *signals_interrupted()) return cli_reported((ErrorKind)signals_exit_code(), e);
    return ok ? 0 : (int)e->kind;
}

static bool check_access(Cli *cli, Error *e)
{
    Access access;
    Problems said_later = {.arena = &cli->arena};
    return access_resolve(&cli->settings, &cli->arena, &access, &said_later, e);
}

static int run_project(Launch *l, Error *e)
{
    Cli *cli = l->cli;
    Str folder;
    bool dry = settings_on(&cli->settings, OPTION_DRY_RUN), go;
    if (!locate_project(cli, true, &folder, e)) return (int)e->kind;
    // What is wrong with the settings is said before the person is asked anything.
    if (!check_access(cli, e) || !ask_numbers(cli, e)) return (int)e->kind;
    launch_read_settings(l);
    l->project_loaded = locate_and_load(cli, folder, l->settings.max_exchanges, &l->project, e);
    if (!l->project_loaded || !launch_prepare_model(l, !dry, e)) return (int)e->kind;
    if (!dry && !launch_choose_model(l, e)) return (int)e->kind;
    if (!choose_run(l, e) || !launch_estimate(l, e)) return (int)e->kind;
    if (dry) return dry_run(l, e);
    if (!launch_ask(l, &go, e)) return (int)e->kind;
    if (!go) {
        cli_say(cli, "Nothing was started.");
        return cli_reported(ERROR_INTERRUPTED, e);
    }
    return launch_go(l, e);
}

static int act(Cli *cli, Error *e)
{
    Launch l = {.cli = cli};
    signals_hold(true);
    int code = run_project(&l, e);
    launch_end(&l);
    return code;
}

const Command cmd_run = {
    .name = "run",
    .bit = ON_RUN,
    .arguments = "",
    .summary = "write the dataset of a project",
    .details = "Plans each conversation, asks the model for it, checks the answer, and writes the dataset to generated/ as "
               "JSON and CSV. On a terminal it asks for the project, the iterations and the most exchanges where they are "
               "missing, shows an estimate, and asks to start. Ctrl-C finishes what is in flight, a second one stops at "
               "once; either way `confab resume` goes on.",
    .examples = "confab run -p coffee-support -n 100 -x 6\n"
                "LLM_API_URL=https://api.example.com LLM_NAME=some-model confab run -p coffee-support -n 20 -x 4 --yes",
    .act = act,
};
