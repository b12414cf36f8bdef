// SPDX-License-Identifier: Apache-2.0
//
// confab status: how a run stands, also while it goes on.
#include "cli/commands.h"

#include "cli/locate.h"
#include "cli/numbers.h"
#include "cli/summary.h"
#include "run/history.h"

static void render_text(const RunInfo *run, Buf *b)
{
    const JournalSums *t = &run->totals;
    uint64_t done = t->kept + t->failed;
    buf_printf(b, "Run %s: %s\n", run->stamp, run_state_name(run->state));
    buf_printf(b, "  model     %.*s at %.*s\n", STR_ARG(run->model), STR_ARG(run->address));
    buf_printf(b, "  seed      %llu\n", (unsigned long long)run->seed);
    buf_printf(b, "  asked     %llu, at most %u exchanges\n", (unsigned long long)run->iterations, run->max_exchanges);
    buf_printf(b, "  kept      %llu, failed %llu, pending %llu\n", (unsigned long long)t->kept, (unsigned long long)t->failed,
               (unsigned long long)(run->iterations - (done < run->iterations ? done : run->iterations)));
    summary_sums_render(t, b);
    buf_add(b, S("  cost      "));
    if (summary_cost_known(run))
        number_cost(b, t->cost, run->currency);
    else
        buf_add(b, S("unknown: no price for this model"));
    buf_add(b, S("\n  time      "));
    number_time(b, (double)run->time / (double)NANOS_PER_SECOND);
    buf_add_char(b, '\n');
}

static int act(Cli *cli, Error *e)
{
    Project project;
    char stamp[STAMP_SIZE];
    Str named = cli->arguments.n ? cli->arguments.rest[0] : (Str){0};
    RunInfo *run = arena_new(&cli->arena, RunInfo, 1);
    if (!locate_run(cli, named, &project, stamp, e)) return (int)e->kind;
    if (!history_read(&project, stamp, &cli->arena, run, e)) return (int)e->kind;
    Buf b = {0};
    if (cli->json)
        summary_info_json(run, run_state_name(run->state), &b);
    else
        render_text(run, &b);
    print_safe(cli->out, buf_str(&b), true);
    buf_free(&b);
    return 0;
}

const Command cmd_status = {
    .name = "status",
    .bit = ON_STATUS,
    .arguments = "[RUN]",
    .max_arguments = 1,
    .summary = "show how a run stands",
    .details = "RUN is a run's stamp or a path to one of its files; without it the newest run of the project. It can be "
               "looked at while it goes on.",
    .examples = "confab status -p coffee-support --json",
    .act = act,
};
