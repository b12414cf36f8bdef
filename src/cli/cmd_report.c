// SPDX-License-Identifier: Apache-2.0
//
// confab report: a run at a glance, as one HTML file or as numbers.
#include "cli/chunk_counter.h"
#include "cli/pdf_reader.h"
#include "cli/commands.h"

#include "base/file.h"
#include "cli/locate.h"
#include "cli/report_coverage.h"
#include "cli/summary.h"
#include "output/export_row.h"
#include "output/pump.h"
#include "report/numbers.h"
#include "report/page.h"
#include "run/handwritten.h"
#include "run/history.h"

enum { PAIRS = 256 };  // of one conversation; more are not told

typedef struct Feed {
    Report report;
    CoverageFeed coverage;
    ExportReader reader;
    Arena arena;           // of a row
    Buf text;
    uint64_t place, total;
} Feed;

static Str plain(Feed *f, Str raw)
{
    buf_clear(&f->text);
    json_slice_text(&f->text, raw);
    return arena_str(&f->arena, buf_str(&f->text));
}

typedef struct Pairs {
    ReportPair items[PAIRS];
    size_t n;
} Pairs;

static void add_pair(Feed *f, Pairs *p, Str name, Str raw)
{
    if (!json_slice_is_null(raw) && p->n < PAIRS) p->items[p->n++] = (ReportPair){name, plain(f, raw)};
}

static void add_members(Feed *f, Pairs *p, Str object)
{
    JsonWalk w = {.text = object};
    Str key, value;
    while (json_walk_member(&w, &key, &value)) add_pair(f, p, plain(f, key), value);
}

static void add_chunks(Feed *f, Pairs *p, Str chunks)
{
    JsonWalk w = {.text = chunks};
    Str chunk;
    while (json_walk_item(&w, &chunk) && p->n < PAIRS) {
        Str document = plain(f, json_slice_member(chunk, S("document"))), number = json_slice_member(chunk, S("number"));
        Str start = json_slice_member(chunk, S("start")), end = json_slice_member(chunk, S("end"));
        p->items[p->n++] = (ReportPair){S("passage"), arena_printf(&f->arena, "%.*s, chunk %.*s, bytes %.*s to %.*s", STR_ARG(document),
                                                                   STR_ARG(number), STR_ARG(start), STR_ARG(end))};
    }
}

static bool add_row(void *ctx, const KeptItem *item, Error *e)
{
    (void)e;
    Feed *f = ctx;
    ExportRow row;
    Pairs labels, parameters, origin;
    labels.n = parameters.n = origin.n = 0;
    arena_reset(&f->arena);
    export_read(&f->reader, item, &row);
    ReportTurn *turns = arena_new(&f->arena, ReportTurn, row.n + 1);
    size_t n = 0;
    for (size_t i = row.has_system; i < row.n; i++, n++)
        turns[n] = (ReportTurn){export_role(row.messages[i].role), plain(f, row.messages[i].name), plain(f, row.messages[i].content)};
    add_pair(f, &labels, S("topic"), row.topic);
    add_pair(f, &labels, S("document"), row.document);
    add_pair(f, &labels, S("template"), row.template);
    add_members(f, &labels, row.labels);
    add_members(f, &parameters, row.parameters);
    // Evenly spread: where the tenth that a place lies in begins.
    bool sample = f->place * REPORT_SAMPLES / f->total != (f->place ? (f->place - 1) * REPORT_SAMPLES / f->total : REPORT_SAMPLES);
    if (sample) {
        add_chunks(f, &origin, row.chunks);
        add_pair(f, &origin, S("source"), row.source);
        add_pair(f, &origin, S("attempt"), row.attempt);
    }
    f->place++;
    if (!row.handwritten) report_coverage_row(&f->coverage, &row, &f->report);
    report_add(&f->report, &(ReportRow){
        .id = plain(f, row.id), .handwritten = row.handwritten, .turns = turns, .n_turns = n, .labels = labels.items, .n_labels = labels.n,
        .parameters = parameters.items, .n_parameters = parameters.n, .origin = origin.items, .n_origin = origin.n,
        .text = item->row.text, .sample = sample});
    return true;
}

static bool add_answer(void *ctx, const JudgedItem *item, Error *e)
{
    (void)e;
    report_answer(&((Feed *)ctx)->report, &(ReportAnswer){
        .kept = str_eq(item->reason, S("kept")), .reason = item->reason, .attempt = item->attempt, .wall = item->wall,
        .latency = item->latency, .prompt_tokens = item->prompt_tokens, .completion_tokens = item->completion_tokens,
        .cost = item->cost, .similarity = item->similarity});
    return true;
}

// What the project as it is now adds to the journal: its examples, and what could have been drawn.
static void add_project(Cli *cli, Feed *f, const Project *bare, const RunInfo *run, KeptQuery *query)
{
    Project project = {0};
    Problems problems = {.arena = &cli->arena};
    Error e = {0};
    Str header;
    ChunkCounter counter = {.cli = cli, .model = run->model};
    ProjectOptions options = {.max_exchanges = run->max_exchanges, .partition = run->partition, .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(cli)};
    if (!project_load(bare->folder.ptr, &options, &cli->arena, &project, &problems) ||
        !handwritten_add(&project, run->stamp, query, &cli->arena, &header, &problems, &e))
        cli_say(cli, "The project cannot be read now, so its handwritten examples and what could be drawn are left out.");
    else
        report_coverage_set_up(&f->coverage, &project, &f->report, &cli->arena);
    project_close(&project);
    chunk_counter_close(&counter);
}

static bool gather(Cli *cli, Feed *f, const Project *project, const RunInfo *run, KeptQuery *query, Error *e)
{
    Report *r = &f->report;
    report_init(r);
    r->project = project->name;
    r->run = str_from(run->stamp);
    r->state = str_from(run_state_name(run->state));
    r->model = run->model;
    r->confab = S(CONFAB_VERSION);
    r->asked = run->iterations;
    r->cost_known = summary_cost_known(run);
    r->seconds = (double)run->time / (double)NANOS_PER_SECOND;
    add_project(cli, f, project, run, query);
    if (!kept_query_count(query, &f->total, e) ||
        !pump_each(query, KEPT_DRAWN | KEPT_CONVERSATION | KEPT_TEXT, add_row, f, e) ||
        !kept_query_judged(query, add_answer, f, e))
        return false;
    report_finish(r);
    return true;
}

static bool write_report(Cli *cli, const Feed *f, Error *e)
{
    Buf b = {0};
    Str path = settings_str(&cli->settings, OPTION_OUTPUT);
    bool ok = true;
    if (cli->json) {
        report_json(&f->report, &b);
        cli_print(cli, &b);
    }
    if (path.ptr) {
        report_page(&f->report, &b);
        if (str_eq(path, S("-"))) fwrite(b.ptr, 1, b.len, cli->out);
        else ok = file_write_whole(arena_cstr(&cli->arena, path), buf_str(&b), e);
        if (ok) cli_say(cli, "Report of %llu conversations in %.*s", (unsigned long long)f->report.conversations, STR_ARG(path));
    }
    buf_free(&b);
    return ok;
}

static int act(Cli *cli, Error *e)
{
    Project project;
    char stamp[STAMP_SIZE];
    Str named = cli->arguments.n ? cli->arguments.rest[0] : (Str){0};
    RunInfo *run = arena_new(&cli->arena, RunInfo, 1);
    if (!cli->json && !settings_has(&cli->settings, OPTION_OUTPUT)) {
        error_set(e, ERROR_USAGE, "usage", "--output is missing");
        error_hint(e, "confab report -p NAME -o report.html, or --json for the numbers");
        return (int)e->kind;
    }
    if (!locate_run(cli, named, &project, stamp, e) || !history_read(&project, stamp, &cli->arena, run, e)) return (int)e->kind;
    KeptQuery *query = NULL;
    Feed *f = mem_alloc(sizeof *f);
    memset(f, 0, sizeof *f);
    Str path = arena_printf(&cli->arena, "%.*s/.confab/%s.db", STR_ARG(project.folder), stamp);
    bool ok = kept_query_open(path.ptr, &query, e);
    if (ok) {
        ok = gather(cli, f, &project, run, query, e) && write_report(cli, f, e);
        report_free(&f->report);
    }
    kept_query_close(query);
    export_reader_free(&f->reader);
    arena_free(&f->arena);
    report_coverage_free(&f->coverage);
    buf_free(&f->text);
    free(f);
    return ok ? 0 : (int)e->kind;
}

const Command cmd_report = {
    .name = "report",
    .bit = ON_REPORT,
    .arguments = "[RUN]",
    .max_arguments = 1,
    .summary = "show a run at a glance",
    .details = "One HTML file that needs no network: numbers, lengths, what was drawn of all that could be, labels, parameters, "
               "rejections, speed, diversity, and ten conversations. --json prints the numbers instead, or beside it.",
    .examples = "confab report -p coffee-support -o report.html\nconfab report -p coffee-support --json",
    .act = act,
};
