// SPDX-License-Identifier: Apache-2.0
//
// confab list: the runs of a project, or the projects there are.
#include "cli/commands.h"

#include "base/json.h"
#include "cli/locate.h"
#include "cli/summary.h"
#include "run/history.h"

static void render_json(const Project *project, const RunInfo *runs, size_t n, Buf *b)
{
    buf_add(b, S("{\"version\":1,\"project\":"));
    json_write_string(b, project->name);
    buf_add(b, S(",\"runs\":["));
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "%s{\"run\":\"%s\",\"state\":\"%s\",", i ? "," : "", runs[i].stamp, run_state_name(runs[i].state));
        summary_numbers_json(runs[i].iterations, &runs[i].totals, summary_cost_known(&runs[i]), b);
        buf_add(b, S(",\"model\":"));
        json_write_string(b, runs[i].model);
        buf_add_char(b, '}');
    }
    buf_add(b, S("]}\n"));
}

static void render_text(const RunInfo *runs, size_t n, Buf *b)
{
    buf_printf(b, "%-18s  %-9s  %10s  %10s  %8s  %s\n", "RUN", "STATE", "ITERATIONS", "KEPT", "FAILED", "MODEL");
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%-18s  %-9s  %10llu  %10llu  %8llu  %.*s\n", runs[i].stamp, run_state_name(runs[i].state),
                   (unsigned long long)runs[i].iterations, (unsigned long long)runs[i].totals.kept,
                   (unsigned long long)runs[i].totals.failed, STR_ARG(runs[i].model));
}

static int list_projects(Cli *cli)
{
    Str *names;
    Buf b = {0};
    Str root = settings_str(&cli->settings, OPTION_PROJECTS);
    size_t n = project_names(arena_cstr(&cli->arena, root), &cli->arena, &names);
    if (cli->json) buf_add(&b, S("{\"version\":1,\"projects\":["));
    for (size_t i = 0; i < n; i++) {
        if (!cli->json) {
            buf_printf(&b, "%.*s\n", STR_ARG(names[i]));
            continue;
        }
        if (i) buf_add_char(&b, ',');
        json_write_string(&b, names[i]);
    }
    if (cli->json) buf_add(&b, S("]}\n"));
    print_safe(cli->out, buf_str(&b), true);
    buf_free(&b);
    if (n == 0) cli_say(cli, "There is no project in %.*s; `confab init NAME` makes one.", STR_ARG(root));
    return 0;
}

static int act(Cli *cli, Error *e)
{
    Str folder;
    RunInfo *runs;
    size_t n;
    Problems problems = {.arena = &cli->arena};
    if (!locate_project_if_any(cli, &folder, e)) return (int)e->kind;
    if (!folder.ptr) return list_projects(cli);
    Project project = locate_bare_project(folder);
    if (!history_list(&project, &cli->arena, &runs, &n, &problems, e)) return (int)e->kind;
    cli_report_all(cli, &problems);
    Buf b = {0};
    if (cli->json)
        render_json(&project, runs, n, &b);
    else if (n)
        render_text(runs, n, &b);
    print_safe(cli->out, buf_str(&b), true);
    buf_free(&b);
    if (n == 0) cli_say(cli, "Project %.*s has no run yet.", STR_ARG(project.name));
    return 0;
}

const Command cmd_list = {
    .name = "list",
    .bit = ON_LIST,
    .arguments = "",
    .summary = "list the runs of a project, or the projects",
    .details = "With -p, or inside a project, its runs, the newest first; else the projects of the projects folder.",
    .act = act,
};
