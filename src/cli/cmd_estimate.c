// SPDX-License-Identifier: Apache-2.0
//
// confab estimate: what a run will need, before it costs anything.
#include "cli/commands.h"

#include "cli/cmd_estimate_sample.h"
#include "cli/launch.h"
#include "cli/locate.h"

static int estimate_project(Launch *l, Error *e)
{
    enum { ITERATIONS = 100, MAX_EXCHANGES = 6 };
    Cli *cli = l->cli;
    Str folder;
    if (!locate_project(cli, true, &folder, e)) return (int)e->kind;
    launch_read_settings(l);
    if (!l->settings.iterations) l->settings.iterations = ITERATIONS;
    if (!l->settings.max_exchanges) l->settings.max_exchanges = MAX_EXCHANGES;
    l->settings.seed = settings_whole(&cli->settings, OPTION_SEED, 0);
    l->project_loaded = locate_and_load(cli, folder, l->settings.max_exchanges, &l->project, e);
    if (!l->project_loaded || !launch_prepare_model(l, settings_has(&cli->settings, OPTION_SAMPLE), e) || !launch_plan_estimate(l, e)) return (int)e->kind;
    unsigned sample = (unsigned)settings_whole(&cli->settings, OPTION_SAMPLE, 0);
    if (sample && !estimate_ask_sample(l, sample, e)) return (int)e->kind;
    Buf b = {0};
    if (cli->json) {
        estimate_render_json(&l->estimate, &b);
    } else {
        buf_printf(&b, "%llu conversations: ", (unsigned long long)l->settings.iterations);
        estimate_render(&l->estimate, &b);
        buf_add_char(&b, '\n');
    }
    cli_print(cli, &b);
    return 0;
}

static int act(Cli *cli, Error *e)
{
    Launch l = {.cli = cli};
    int code = estimate_project(&l, e);
    launch_end(&l);
    return code;
}

const Command cmd_estimate = {
    .name = "estimate",
    .bit = ON_ESTIMATE,
    .arguments = "",
    .summary = "tell tokens, time and cost of a run before it begins",
    .details = "Counts the run's own prompts, or a sample of a long run, with the model's tokenizer where its vocabulary is "
               "there; else a count is an estimate and marked with ≈. What answers take is learnt from earlier runs of the "
               "project and model, or from its examples, or with --sample from some answers that are asked for first. Without -n and -x: 100 conversations of at most 6 exchanges.",
    .examples = "confab estimate -p coffee-support -n 1000 -x 6\n"
                "confab estimate -p coffee-support -n 1000 -x 6 --sample 3",
    .act = act,
};
