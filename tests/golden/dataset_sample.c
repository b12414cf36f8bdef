// SPDX-License-Identifier: Apache-2.0
//
// dataset_sample PROJECT FOLDER: writes FOLDER/sample.json and .csv as a run would, with 40 conversations
// of texts that readers of CSV and JSON stumble over, and the project's examples. open_dataset.py reads them.
#include "base/file.h"
#include "output/dataset.h"
#include "output/record.h"
#include "plan/plan.h"

enum { CONVERSATIONS = 40 };

static const Str texts[] = {
    S_INIT("He said \"no\", then left."), S_INIT("first line\r\nsecond\n\nfourth"), S_INIT("=1+1"), S_INIT(" \ttabs and spaces "),
    S_INIT("Grüße, 日本, \xF0\x9F\x99\x82"), S_INIT("back\\slash \\n 'single' ;|"), S_INIT("\"\""), S_INIT("null"),
};

typedef struct Sample {
    Plan *plan;
    Recorder recorder;
    Arena arena;
    Buf json, csv;
    uint64_t next;
    size_t next_example;
} Sample;

static Conversation conversation_of(Sample *s)
{
    const Form *form = plan_form(s->plan);
    Conversation c = {.n_turns = 2 * form->n_participants};
    c.turns = arena_new(&s->arena, Turn, c.n_turns);
    c.labels = arena_new(&s->arena, Str, form->n_labels);
    for (size_t i = 0; i < form->n_labels; i++) c.labels[i] = form->labels[i].of[0];
    for (size_t t = 0; t < c.n_turns; t++) {
        c.turns[t].participant = (unsigned)(t % form->n_participants);
        c.turns[t].text = texts[(s->next + t) % (sizeof texts / sizeof *texts)];
        c.turns[t].labels = arena_new(&s->arena, Str, form->n_turn_labels);
    }
    return c;
}

static bool render(Sample *s, const PlanItem *item, const Conversation *c, const AnswerFacts *facts, DatasetRow *row, Error *e)
{
    ValueSource source = plan_source(item);
    if (!record_render(&s->recorder, &source, c, facts, &s->arena, &s->json, &s->csv, e)) return false;
    *row = (DatasetRow){buf_str(&s->json), buf_str(&s->csv)};
    return true;
}

static bool next_row(void *ctx, DatasetRow *row, Error *e)
{
    Sample *s = ctx;
    const Project *project = plan_project(s->plan);
    PlanItem item;
    arena_reset(&s->arena);
    buf_clear(&s->json);
    buf_clear(&s->csv);
    if (s->next < CONVERSATIONS) {
        if (!plan_item(s->plan, s->next, 1, NULL, &s->arena, &item, e)) return false;
        Conversation c = conversation_of(s);
        s->next++;
        return render(s, &item, &c, &(AnswerFacts){.attempt = 1, .finish_reason = S("stop")}, row, e);
    }
    if (s->next_example == project->examples.n) return false;
    const Example *example = &project->examples.items[s->next_example++];
    plan_handwritten(s->plan, example, &s->arena, &item);
    return render(s, &item, &example->conversation, &(AnswerFacts){.handwritten = true}, row, e);
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    Arena arena = {0};
    Project project = {0};
    Sample sample = {0};
    Error e = {0};
    DatasetFiles files;
    Problems problems = {.arena = &arena};
    ProjectOptions options = {.no_cache = true};
    PlanSettings settings = {.seed = 42, .max_exchanges = 4, .model = S("model"), .run = S("26-11-22-15h04m05s")};
    bool ok = project_load(argv[1], &options, &arena, &project, &problems) &&
              plan_open(&project, &settings, &arena, &sample.plan, &problems) &&
              recorder_open(&project, &arena, &sample.recorder, &problems);
    if (!ok) problems_print(&problems, stderr);
    DatasetSource source = {next_row, &sample};
    if (ok && !dataset_write(argv[2], "sample", sample.recorder.csv_header, &source, &files, &e)) {
        error_print(&e, stderr);
        ok = false;
    }
    if (ok) printf("%llu\n", (unsigned long long)files.rows);
    if (sample.plan) plan_close(sample.plan);
    project_close(&project);
    buf_free(&sample.json);
    buf_free(&sample.csv);
    arena_free(&sample.arena);
    arena_free(&arena);
    return ok ? 0 : 1;
}
