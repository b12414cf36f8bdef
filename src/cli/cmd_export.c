// SPDX-License-Identifier: Apache-2.0
//
// confab export: the dataset in the formats that other tools read.
#include "cli/chunk_counter.h"
#include "cli/pdf_reader.h"
#include "cli/commands.h"

#include "base/file.h"
#include "base/json.h"
#include "cli/locate.h"
#include "cli/numbers.h"
#include "output/pump.h"
#include "output/selection.h"
#include "run/handwritten.h"
#include "run/history.h"
#include "run/rejected.h"

enum { RUNS = 100 };  // open at once; each is a file

typedef struct Task {
    Cli *cli;
    Project project;
    char stamps[RUNS][STAMP_SIZE];
    KeptQuery *runs[RUNS];
    Project loaded;             // only for dpo
    Rejected *rejected[RUNS];   // likewise
    size_t run;                 // the one that is written
    size_t n_runs;
    ExportPlan plan;
    SelectionRules rules;
    Selection selection;
    Export export;
    ExportReader reader;
    size_t place;
} Task;

static bool is_stdout(Str path) { return str_eq(path, S("-")); }

static bool read_options(Task *t, Error *e)
{
    Cli *cli = t->cli;
    const Settings *s = &cli->settings;
    if (!settings_has(s, OPTION_FORMAT) || !settings_has(s, OPTION_OUTPUT)) {
        error_set(e, ERROR_USAGE, "usage", "%s is missing", settings_has(s, OPTION_FORMAT) ? "--output" : "--format");
        return error_hint(e, "confab export -p NAME -f jsonl -o FILE; `confab help export` lists the formats");
    }
    ExportPlan *plan = &t->plan;
    plan->format = export_format(settings_str(s, OPTION_FORMAT));
    plan->zstd = settings_on(s, OPTION_ZSTD);
    plan->csv_safe = settings_on(s, OPTION_CSV_SAFE);
    plan->bom = settings_on(s, OPTION_BOM);
    plan->confab = S(CONFAB_VERSION);
    Str output = settings_str(s, OPTION_OUTPUT);
    if (!is_stdout(output)) plan->path = output;
    SelectionRules *rules = &t->rules;
    rules->where = settings_str(s, OPTION_WHERE);
    size_t source = settings_choice(s, OPTION_SOURCE);
    rules->generated = source != 2;
    rules->handwritten = source != 1;
    rules->sample = settings_whole(s, OPTION_SAMPLE, 0);
    rules->seed = settings_whole(s, OPTION_SEED, 0);
    rules->stratify = settings_str(s, OPTION_STRATIFY);
    rules->together = settings_str(s, OPTION_TOGETHER);
    rules->threshold = settings_real(s, OPTION_THRESHOLD, 0.8);
    if (settings_has(s, OPTION_SPLIT) && !split_parse(settings_str(s, OPTION_SPLIT), &cli->arena, rules->shares, &rules->n_shares, e))
        return false;
    if ((rules->stratify.ptr || rules->together.ptr) && !rules->n_shares)
        return error_set(e, ERROR_USAGE, "usage", "--%s goes with --split", rules->stratify.ptr ? "stratify" : "together");
    if (plan->zstd && !plan->format->text) {
        error_set(e, ERROR_USAGE, "usage", "%s is compressed already", plan->format->name);
        return error_hint(e, "leave out --zstd");
    }
    if ((plan->csv_safe || plan->bom) && strcmp(plan->format->name, "csv") != 0)
        return error_set(e, ERROR_USAGE, "usage", "--csv-safe and --bom go with --format csv");
    plan->folder = plan->path.ptr && (rules->n_shares || plan->format->folder);
    return true;
}

static bool open_runs(Task *t, Error *e)
{
    Cli *cli = t->cli;
    size_t n = cli->arguments.n ? cli->arguments.n : 1;
    for (size_t i = 0; i < n; i++) {
        Str named = cli->arguments.n ? cli->arguments.rest[i] : (Str){0};
        if (!locate_run(cli, named, &t->project, t->stamps[i], e)) return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(t->stamps[k], t->stamps[i]) == 0)
                return error_set(e, ERROR_USAGE, "usage", "run %s is named twice", t->stamps[i]);
        Str path = arena_printf(&cli->arena, "%.*s/.confab/%s.db", STR_ARG(t->project.folder), t->stamps[i]);
        if (!kept_query_open(path.ptr, &t->runs[i], e)) return false;
        t->n_runs = i + 1;
    }
    t->plan.project = t->project.name;
    return true;
}

static void name_turn_labels(Task *t, const Form *form)
{
    Arena *a = &t->cli->arena;
    Str *names = arena_new(a, Str, form->n_turn_labels + 1);
    for (size_t i = 0; i < form->n_turn_labels; i++) {
        Buf raw = {0};
        json_write_string(&raw, form->turn_labels[i].name);
        names[i] = arena_str(a, buf_str(&raw));
        buf_free(&raw);
    }
    t->rules.turn_labels = names;
    t->rules.n_turn_labels = form->n_turn_labels;
}

// Handwritten examples and the CSV's header come from the project as it is now. They follow the last run.
static bool add_project(Task *t, Error *e)
{
    Cli *cli = t->cli;
    Project project = {0};
    Problems problems = {.arena = &cli->arena};
    RunInfo *info = arena_new(&cli->arena, RunInfo, 1);
    const char *stamp = t->stamps[t->n_runs - 1];
    if (history_read(&t->project, stamp, &cli->arena, info, e)) t->plan.model = info->model;
    ChunkCounter counter = {.cli = cli, .model = info->model};
    ProjectOptions options = {.max_exchanges = info->max_exchanges, .partition = info->partition, .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(cli)};
    bool ok = project_load(t->project.folder.ptr, &options, &cli->arena, &project, &problems) &&
              handwritten_add(&project, stamp, t->runs[t->n_runs - 1], &cli->arena, &t->plan.csv_header, &problems, e);
    if (!ok && e->kind == ERROR_NONE) {
        cli_report_all(cli, &problems);
        cli_say(cli, "The project cannot be read now, so its handwritten examples are left out.");
        ok = true;
    }
    name_turn_labels(t, &project.format.form);
    project_close(&project);
    chunk_counter_close(&counter);
    return ok;
}

static bool write_row(void *ctx, const KeptItem *item, Error *e)
{
    Task *t = ctx;
    ExportRow row;
    export_read(&t->reader, item, &row);
    unsigned part = selection_part(&t->selection, t->place++, &row);
    if (part == SELECTION_NONE) return true;
    row.split = t->selection.names[part];
    if (t->rejected[t->run] && !rejected_fill(t->rejected[t->run], t->runs[t->run], &row, e)) return false;
    return export_row(&t->export, part, &row, e);
}

// Preferences need the prompts, which follow from the project.
static bool open_rejected(Task *t, Error *e)
{
    Problems problems = {.arena = &t->cli->arena};
    RunInfo *info = arena_new(&t->cli->arena, RunInfo, 1);
    if (strcmp(t->plan.format->name, "dpo") != 0) return true;
    if (!history_read(&t->project, t->stamps[0], &t->cli->arena, info, e)) return false;
    ChunkCounter counter = {.cli = t->cli, .model = info->model};
    ProjectOptions options = {.max_exchanges = info->max_exchanges, .partition = info->partition, .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(t->cli)};
    bool ok = project_load(t->project.folder.ptr, &options, &t->cli->arena, &t->loaded, &problems);
    chunk_counter_close(&counter);
    for (size_t i = 0; i < t->n_runs && ok; i++)
        ok = rejected_open(&t->loaded, t->stamps[i], &t->cli->arena, &t->rejected[i], &problems, e);
    if (!ok && e->kind == ERROR_NONE) {
        cli_report_all(t->cli, &problems);
        cli_reported(ERROR_PROJECT, e);
    }
    return ok;
}

static unsigned columns_of(const ExportFormat *format)
{
    if (strcmp(format->name, "json") == 0) return KEPT_DRAWN | KEPT_RECORD;
    if (strcmp(format->name, "csv") == 0) return KEPT_DRAWN | KEPT_CSV;
    return KEPT_DRAWN | KEPT_CONVERSATION;
}

static bool write_all(Task *t, Error *e)
{
    ExportPlan *plan = &t->plan;
    memcpy(plan->parts, t->selection.names, sizeof plan->parts);
    memcpy(plan->labels, t->selection.labels, sizeof plan->labels);
    memcpy(plan->turn_labels, t->selection.turn_labels, sizeof plan->turn_labels);
    plan->n_turn_labels = t->selection.n_turn_labels;
    plan->n_parts = t->selection.n_names;
    plan->n_labels = t->selection.n_labels;
    if (!export_open(&t->export, plan, e)) return false;
    for (t->run = 0; t->run < t->n_runs; t->run++) {
        KeptQuery *run = t->runs[t->run];
        unsigned columns = columns_of(plan->format);
        // Rejected answers are asked of the same query while its rows are gone over.
        bool ok = t->rejected[t->run] ? kept_query_each(run, 0, columns, write_row, t, e) : pump_each(run, columns, write_row, t, e);
        if (!ok) return false;
    }
    return export_close(&t->export, e);
}

static void say_what_was_written(Task *t)
{
    uint64_t rows = 0, unfit = 0, trimmed = 0;
    Buf b = {0};
    for (size_t i = 0; i < t->export.n_open; i++) {
        const ExportFile *f = &t->export.files[i];
        rows += f->rows;
        unfit += f->unfit;
        trimmed += f->trimmed;
        if (!t->plan.folder) continue;
        buf_printf(&b, "%s%.*s %llu", b.len ? ", " : " (", STR_ARG(t->plan.parts[i]), (unsigned long long)f->rows);
        if (!f->rows) cli_say(t->cli, "Part %.*s is empty: what was made of one document, and what is nearly the same, stays together; "
                                      "there are only %llu such groups.", STR_ARG(t->plan.parts[i]), (unsigned long long)t->selection.groups);
    }
    if (b.len) buf_add_char(&b, ')');
    cli_say(t->cli, "%llu rows of %s%.*s%s%.*s", (unsigned long long)rows, t->plan.format->name, STR_ARG(buf_str(&b)),
            t->plan.path.ptr ? " in " : "", STR_ARG(t->plan.path));
    if (t->selection.near)
        cli_say(t->cli, "%llu conversations are nearly the same as another, and are in its part.", (unsigned long long)t->selection.near);
    if (unfit && t->rejected[0])
        cli_say(t->cli, "%llu conversations had no rejected answer to compare with.", (unsigned long long)unfit);
    else if (unfit)
        cli_say(t->cli, "%llu conversations were left out: the format %s cannot say them.", (unsigned long long)unfit, t->plan.format->name);
    if (trimmed) cli_say(t->cli, "%llu conversations lost an opening turn of the assistant or a closing one of the user.", (unsigned long long)trimmed);
    if (strcmp(t->plan.format->name, "openai") == 0 && rows < 10) cli_say(t->cli, "OpenAI wants at least 10 rows.");
    buf_free(&b);
}

static int act(Cli *cli, Error *e)
{
    Task *t = arena_new(&cli->arena, Task, 1);
    t->cli = cli;
    bool ok = read_options(t, e) && open_runs(t, e) && add_project(t, e) && open_rejected(t, e) &&
              selection_make(&t->rules, t->runs, t->n_runs, &cli->arena, &t->selection, e) && write_all(t, e);
    if (ok) say_what_was_written(t);
    export_abandon(&t->export);
    selection_free(&t->selection);
    export_reader_free(&t->reader);
    for (size_t i = 0; i < t->n_runs; i++) {
        rejected_close(t->rejected[i]);
        kept_query_close(t->runs[i]);
    }
    project_close(&t->loaded);
    return ok ? 0 : (int)e->kind;
}

const Command cmd_export = {
    .name = "export",
    .bit = ON_EXPORT,
    .arguments = "[RUN...]",
    .max_arguments = RUNS,
    .summary = "write the dataset in a format that other tools read",
    .details = "json and csv are the project's own records; jsonl, parquet and hf (a folder with a card) have the messages, every "
               "label, and where each conversation came from; openai, sharegpt (LLaMA-Factory), alpaca, chatml, dpo (kept against "
               "rejected answers) and axolotl are what those trainers take. With --split the output is a folder with a file a part. What was made from one "
               "document stays in one part, and so do near-duplicates (from --threshold); --together topic keeps topics whole as "
               "well. Handwritten examples go to train, and a run of another partition keeps it. Sample and parts follow --seed, 0 when not given. "
               "In --where stand index, source, topic, document, template, exchanges, turns, text and every label.",
    .examples = "confab export -p coffee-support -f jsonl -o coffee.jsonl\n"
                "confab export -p coffee-support -f hf -o coffee --split train=0.8,val=0.1,test=0.1 --stratify mood\n"
                "confab export -p coffee-support -f csv --csv-safe -o -",
    .act = act,
};
