// SPDX-License-Identifier: Apache-2.0
#include "cli/continue.h"

#include "cli/launch.h"
#include "cli/locate.h"
#include "cli/signals.h"
#include "cli/summary.h"
#include "run/history.h"

// A dataset half of one model and half of another is no accident that should happen.
static bool check_model(const Launch *l, const RunInfo *run, Error *e)
{
    bool was_local = str_eq(run->address, S("embedded"));
    if (settings_on(&l->cli->settings, OPTION_ACCEPT_CHANGES)) return true;
    if (was_local != l->model.local) {
        error_set(e, ERROR_USAGE, "changed", "the run asked %.*s at %.*s, but now %s", STR_ARG(run->model), STR_ARG(run->address),
                  l->model.local ? "LLM_API_URL is not set" : "LLM_API_URL names another server");
        return error_hint(e, was_local ? "unset LLM_API_URL, or go on with --accept-changes"
                                       : "set LLM_API_URL as before, or go on with --accept-changes");
    }
    Str name = model_name(&l->model);
    if (!name.ptr || str_eq(name, run->model)) return true;
    error_set(e, ERROR_USAGE, "changed", "the run asked the model %.*s, not %.*s", STR_ARG(run->model), STR_ARG(name));
    return error_hint(e, "set LLM_NAME=%.*s, or go on with --accept-changes", STR_ARG(run->model));
}

static void say_nothing_to_do(Cli *cli, const RunInfo *run, bool retry_failed)
{
    Buf b = {0};
    if (cli->json) {
        summary_info_json(run, run_state_name(run->state), &b);
        cli_print(cli, &b);
    }
    if (run->totals.failed && !retry_failed)
        cli_say(cli, "Run %s has nothing pending; `confab retry %s` asks again for the %llu that failed.", run->stamp, run->stamp,
                (unsigned long long)run->totals.failed);
    else
        cli_say(cli, "Run %s is complete; there is nothing to ask for.", run->stamp);
}

static void take_identity(Launch *l, const RunInfo *run, bool retry_failed)
{
    launch_read_settings(l);
    l->settings.iterations = run->iterations;
    l->settings.start = run->start;
    l->settings.seed = run->seed;
    l->settings.max_exchanges = run->max_exchanges;
    l->settings.partition = run->partition;
    l->settings.dedup_semantic = run->dedup_semantic;
    l->resume = (RunResume){.stamp = run->stamp,
                            .accept_changes = settings_on(&l->cli->settings, OPTION_ACCEPT_CHANGES),
                            .retry_failed = retry_failed};
    settings_set(&l->cli->settings, OPTION_PARTITION, run->partition);
}

static int go_on(Launch *l, bool retry_failed, Error *e)
{
    Cli *cli = l->cli;
    Project bare;
    char stamp[STAMP_SIZE];
    bool go;
    RunInfo *run = arena_new(&cli->arena, RunInfo, 1);
    Str named = cli->arguments.n ? cli->arguments.rest[0] : (Str){0};
    if (!locate_run(cli, named, &bare, stamp, e) || !history_read(&bare, stamp, &cli->arena, run, e)) return (int)e->kind;
    bool ended = run->state == RUN_COMPLETE || run->state == RUN_PARTIAL;
    if (ended && !(retry_failed && run->totals.failed)) {
        say_nothing_to_do(cli, run, retry_failed);
        return run->totals.failed ? ERROR_PARTIAL : 0;
    }
    // The model of the run, unless the person names one.
    if (settings_has(&cli->settings, OPTION_ENDPOINT) && !settings_has(&cli->settings, OPTION_MODEL))
        settings_set(&cli->settings, OPTION_MODEL, run->model);
    take_identity(l, run, retry_failed);
    if (!launch_prepare_model(l, true, e) || !check_model(l, run, e)) return (int)e->kind;
    l->project_loaded = locate_and_load(cli, bare.folder, run->max_exchanges, &l->project, e);
    if (!l->project_loaded) return (int)e->kind;
    if (!launch_choose_model(l, e) || !launch_estimate(l, e) || !launch_ask(l, &go, e)) return (int)e->kind;
    if (!go) return cli_reported(ERROR_INTERRUPTED, e);
    return launch_go(l, e);
}

int continue_run(Cli *cli, bool retry_failed, Error *e)
{
    Launch l = {.cli = cli};
    signals_hold(true);
    int code = go_on(&l, retry_failed, e);
    launch_end(&l);
    return code;
}
