// SPDX-License-Identifier: Apache-2.0
#include "run/finish.h"

#include "base/json.h"
#include "base/path.h"
#include "llm/adapter.h"
#include "output/dataset.h"
#include "output/run_file.h"
#include "run/facts.h"

// Rows for dataset_write: first what the journal kept, then the handwritten examples.
typedef struct Rows {
    const FinishParts *parts;
    KeptReader *kept;       // NULL once it has ended
    size_t next_example;
    uint64_t handwritten;
    Arena scratch;
    Buf json, csv;
} Rows;

static bool next_example(Rows *rows, DatasetRow *row, Error *e)
{
    const Examples *examples = &rows->parts->project->examples;
    while (rows->next_example < examples->n) {
        const Example *example = &examples->items[rows->next_example++];
        if (!plan_adds_example(rows->parts->assessor->plan, example)) continue;
        arena_reset(&rows->scratch);
        buf_clear(&rows->json);
        buf_clear(&rows->csv);
        if (!assess_handwritten(rows->parts->assessor, example, &rows->scratch, &rows->json, &rows->csv, e)) return false;
        *row = (DatasetRow){buf_str(&rows->json), buf_str(&rows->csv)};
        rows->handwritten++;
        return true;
    }
    return false;
}

static bool next_row(void *ctx, DatasetRow *row, Error *e)
{
    Rows *rows = ctx;
    *e = (Error){0};
    KeptItem item;
    if (rows->kept && kept_next(rows->kept, &item, e)) {
        *row = (DatasetRow){item.row.record, item.row.csv};
        return true;
    }
    if (e->kind) return false;
    kept_close(rows->kept);
    rows->kept = NULL;
    return next_example(rows, row, e);
}

static bool write_dataset(const FinishParts *p, RunSummary *summary, uint64_t *handwritten, Error *e)
{
    Rows rows = {.parts = p, .kept = journal_read_kept(p->journal, e)};
    if (!rows.kept) return false;
    DatasetFiles files;
    Arena a = {0};
    Str folder = path_join(&a, p->project->folder, S("generated"));
    bool ok = dataset_write(folder.ptr, p->stamp, p->assessor->recorder->csv_header, &(DatasetSource){next_row, &rows}, &files, e);
    if (ok) {
        snprintf(summary->json_path, sizeof summary->json_path, "%s", files.json_path);
        snprintf(summary->csv_path, sizeof summary->csv_path, "%s", files.csv_path);
        snprintf(summary->run_path, sizeof summary->run_path, "%.*s/%s.run.json", STR_ARG(folder), p->stamp);
    }
    *handwritten = rows.handwritten;
    kept_close(rows.kept);
    arena_free(&rows.scratch);
    buf_free(&rows.json);
    buf_free(&rows.csv);
    arena_free(&a);
    return ok;
}

static void add_share(Buf *b, const char *key, double share)
{
    buf_printf(b, "\"%s\":", key);
    if (share < 0) buf_add(b, S("null"));
    else buf_printf(b, "%.6g", share);
    buf_add_char(b, ',');
}

static Str diversity_json(const RunDiversity *d, Arena *a)
{
    Buf b = {0};
    buf_add_char(&b, '{');
    add_share(&b, "distinct_1", d->distinct[0]);
    add_share(&b, "distinct_2", d->distinct[1]);
    add_share(&b, "distinct_3", d->distinct[2]);
    add_share(&b, "new_5_grams", d->new_5);
    add_share(&b, "near_duplicates", d->duplicate_rate);
    add_share(&b, "same_openings", d->same_openings);
    add_share(&b, "repeating", d->repeating);
    buf_add(&b, S("\"openers\":["));
    for (size_t i = 0; i < d->n_openers; i++) {
        buf_add(&b, i ? S(",{\"text\":") : S("{\"text\":"));
        json_write_string(&b, str_from(d->openers[i].text));
        buf_printf(&b, ",\"count\":%llu}", (unsigned long long)d->openers[i].n);
    }
    buf_add(&b, S("]}"));
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

bool finish_write(const FinishParts *p, RunSummary *summary, Error *e)
{
    uint64_t handwritten = 0;
    if (!write_dataset(p, summary, &handwritten, e)) return false;
    Arena a = {0};
    JournalSums sums;
    if (!journal_sum(p->journal, &sums, e)) return false;
    facts_add_embeddings(p->journal, &sums);
    Buf estimate = {0};
    summary->forecast = forecast_from(facts_text(p->journal, S("estimate"), &a));
    summary->off = forecast_error(&summary->forecast, &sums, (double)facts_number(p->journal, S("time")) / (double)NANOS_PER_SECOND, p->settings->iterations);
    forecast_render_json(&summary->forecast, &summary->off, &estimate);
    Str currency = facts_text(p->journal, S("currency"), &a);
    RunFileHash *files = arena_new(&a, RunFileHash, p->project->n_files);
    for (size_t i = 0; i < p->project->n_files; i++)
        files[i] = (RunFileHash){p->project->files[i].path, hash_hex(&a, p->project->files[i].hash.bytes, 32)};
    RunFileReason reasons[JOURNAL_REASONS];
    for (size_t i = 0; i < sums.n_reasons; i++) reasons[i] = (RunFileReason){str_from(sums.reasons[i].name), sums.reasons[i].n};
    RunFile file = {
        .version = S(CONFAB_VERSION),
        .stamp = str_from(p->stamp),
        .project = p->project->name,
        .complete = sums.kept == p->settings->iterations,
        .seed = p->settings->seed,
        .started = facts_number(p->journal, S("began")),
        .ended = clock_wall(p->clock),
        .settings_json = facts_text(p->journal, S("settings"), &a),
        .model = p->settings->model,
        .model_reported = facts_text(p->journal, S("model_reported"), &a),
        .address = facts_text(p->journal, S("address"), &a),
        .api = facts_text(p->journal, S("api"), &a),
        .files = files,
        .n_files = p->project->n_files,
        .asked = p->settings->iterations,
        .kept = sums.kept,
        .handwritten = handwritten,
        .failed = sums.failed,
        .requests = sums.requests,
        .rejected = reasons,
        .n_rejected = sums.n_reasons,
        .diversity_json = diversity_json(&summary->diversity, &a),
        .prompt_tokens = sums.prompt_tokens,
        .completion_tokens = sums.completion_tokens,
        .cached_tokens = sums.cached_tokens,
        .tokens_estimated = sums.tokens_estimated,
        .currency = !summary->progress.cost_known ? (Str){0} : currency.len ? currency : S("USD"),
        .estimate_json = buf_str(&estimate),
        .cost = sums.cost,
        .time = facts_number(p->journal, S("time")),
    };
    bool ok = run_file_write(summary->run_path, &file, e);
    buf_free(&estimate);
    arena_free(&a);
    return ok;
}
