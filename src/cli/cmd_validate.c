// SPDX-License-Identifier: Apache-2.0
//
// confab validate: everything that is wrong with a project, at once, and what was found in it.
#include "cli/chunk_counter.h"
#include "cli/pdf_reader.h"
#include "cli/commands.h"

#include "base/json.h"
#include "cli/event.h"
#include "cli/locate.h"
#include "cli/model.h"
#include "llm/adapter.h"
#include "output/record.h"
#include "plan/plan.h"

// A parameter that the address at hand is known not to take would fail every request.
static void check_parameters(Cli *cli, const Project *project, Problems *problems)
{
    Access access;
    Endpoint *endpoints;
    size_t n;
    Error why;
    if (!settings_has(&cli->settings, OPTION_ENDPOINT)) return;
    if (!access_resolve(&cli->settings, &cli->arena, &access, problems, &why)) {
        problems_add(problems, &why);
        return;
    }
    Str api = str_eq(access.api, S("auto")) ? (Str){0} : access.api;
    if (!endpoint_list(access.url, api, access.key, access.model, &cli->arena, &endpoints, &n, &why)) {
        problems_add(problems, &why);
        return;
    }
    for (size_t i = 0; i < project->parameters.n; i++)
        for (size_t k = 0; k < n; k++) {
            if (adapter_check_param(&endpoints[k], project->parameters.items[i].name, &why)) continue;
            error_at_file(&why, project->parameters.file);
            problems_add(problems, &why);
            break;
        }
    for (size_t k = 0; k < n; k++) endpoint_forget(&endpoints[k]);
}

// What only shows when prompts and records are made ready.
static void check_plan(Cli *cli, const Project *project, unsigned exchanges, Problems *problems)
{
    Plan *plan;
    Recorder recorder;
    PlanSettings settings = {.max_exchanges = exchanges, .run = S("run"), .wall = clock_wall(&system_clock)};
    if (plan_open(project, &settings, &cli->arena, &plan, problems)) plan_close(plan);
    recorder_open(project, &cli->arena, &recorder, problems);
}

static void render_json(const Problems *problems, const ProjectCounts *c, Buf *b)
{
    buf_printf(b, "{\"version\":1,\"valid\":%s,\"counts\":", problems->errors ? "false" : "true");
    if (c)
        buf_printf(b, "{\"templates\":%zu,\"examples\":%zu,\"injections\":%zu,\"values\":%zu,\"topics\":%zu,\"documents\":%zu,"
                      "\"chunks\":%zu}", c->templates, c->examples, c->injections, c->values, c->topics, c->documents, c->chunks);
    else
        buf_add(b, S("null"));
    buf_add(b, S(",\"problems\":["));
    for (size_t i = 0; i < problems->n; i++) {
        const Error *p = &problems->items[i];
        buf_printf(b, "%s{\"severity\":\"%s\",", i ? "," : "", p->warning ? "warning" : "error");
        event_error_keys(p, b);
        buf_add_char(b, '}');
    }
    buf_add(b, S("]}\n"));
}

static void report(Cli *cli, const Problems *problems, const Project *project, bool loaded)
{
    Buf b = {0};
    ProjectCounts counts = {0};
    if (loaded) counts = project_counts(project);
    if (cli->json) {
        render_json(problems, loaded ? &counts : NULL, &b);
    } else {
        cli_report_all(cli, problems);
        if (loaded) buf_printf(&b, "%.*s\n", STR_ARG(locate_counts(&counts, &cli->arena)));
        size_t warnings = 0;
        for (size_t i = 0; i < problems->n; i++) warnings += problems->items[i].warning;
        if (problems->n)
            buf_printf(&b, "%zu %s, %zu %s\n", problems->errors, problems->errors == 1 ? "error" : "errors", warnings,
                       warnings == 1 ? "warning" : "warnings");
        else
            buf_add(&b, S("nothing is wrong\n"));
    }
    cli_print(cli, &b);
}

static int act(Cli *cli, Error *e)
{
    enum { MAX_EXCHANGES = 6 };
    Str folder;
    Project project;
    Problems problems = {.arena = &cli->arena};
    if (!locate_project(cli, true, &folder, e)) return (int)e->kind;
    ChunkCounter counter = {.cli = cli};
    ProjectOptions options = {.strict = settings_on(&cli->settings, OPTION_STRICT), .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(cli)};
    bool loaded = project_load(folder.ptr, &options, &cli->arena, &project, &problems);
    chunk_counter_close(&counter);
    if (loaded) {
        check_plan(cli, &project, MAX_EXCHANGES, &problems);
        check_parameters(cli, &project, &problems);
    }
    report(cli, &problems, &project, loaded);
    project_close(&project);
    return problems.errors ? cli_reported(ERROR_PROJECT, e) : 0;
}

const Command cmd_validate = {
    .name = "validate",
    .bit = ON_VALIDATE,
    .arguments = "",
    .summary = "say everything that is wrong with a project, at once",
    .details = "Each fault with file, line and column and what to write instead. With LLM_API_URL set, also the parameters "
               "that this API is known not to take. Ends with 3 when there is an error.",
    .examples = "confab validate -p coffee-support",
    .act = act,
};
