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
    if (!l->project_loaded || !launch_prepare_model(l, settings_has(&cli->settings, OPTION_SAMPLE), e)) return (int)e->kind;
    launch_look_at_server(l);
    if (!launch_plan_estimate(l, e)) return (int)e->kind;
    if (cli->verbose) cli_say(cli, "Built-in prices of %s: %s", price_table_date, price_table_source);
    unsigned sample = (unsigned)settings_whole(&cli->settings, OPTION_SAMPLE, 0);
    if (sample && !estimate_ask_sample(l, sample, e)) return (int)e->kind;
    Buf b = {0};
    if (cli->json) {
        estimate_render_json(&l->estimate, &b);
    } else {
        buf_printf(&b, "%llu conversations: ", (unsigned long long)l->settings.iterations);
        estimate_render(&l->estimate, &b);
        buf_add_char(&b, '\n');
        cli_show(cli, buf_str(&b));
        buf_clear(&b);
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
               "there; else a count is an estimate and marked with ≈. A llama.cpp server at home is asked which chat template it uses and how "
               "much it holds; where another server at home may use a template of its own, the count is marked too. What answers take and how fast they come is learnt from "
               "earlier runs of the project with this model at this address; without them, what they take goes by the examples "
               "and the time is a guess. With --sample some answers are asked for first. With --dedup-semantic embeddings are "
               "counted too. Without -n and -x: 100 conversations of at most 6 exchanges. "
               "A model's prices, context window and tokenizer come from a built-in table (see --verbose for its date), and before it "
               "from prices.json beside the user config: {\"currency\": \"USD\", \"models\": {\"my-model\": {\"input\": 0.5, "
               "\"cached_input\": 0.05, \"output\": 1.5, \"batch\": 0.5, \"window\": 32768, \"max_output\": 4096, "
               "\"tokenizer\": \"llama3\", \"chat_template\": \"llama3.1\"}, \"home-*\": {\"input\": 0, \"output\": 0}}}. Prices are per "
               "million tokens; batch is the share of them that a batch API takes. All keys are optional. A model without a price "
               "costs \"unknown\", not nothing.",
    .examples = "confab estimate -p coffee-support -n 1000 -x 6\n"
                "confab estimate -p coffee-support -n 1000 -x 6 --sample 3",
    .act = act,
};
