// SPDX-License-Identifier: Apache-2.0
#include "run/handwritten.h"

#include "run/assess.h"
#include "run/facts.h"

static bool read_settings(const Project *project, const char *stamp, Arena *a, RunSettings *settings, Nanos *began, Error *e)
{
    Journal *j;
    Str path = arena_printf(a, "%.*s/.confab/%s.db", STR_ARG(project->folder), stamp);
    if (!journal_open_to_read(path.ptr, &j, e)) return false;
    bool ok = facts_settings(j, a, settings) ||
              error_set(e, ERROR_FILE, "unborn", "the journal of %s does not say what the run was", stamp);
    *began = facts_number(j, S("began"));
    journal_close(j, NULL);
    return ok;
}

static bool add_examples(Assessor *assessor, const Project *project, KeptQuery *query, Error *e)
{
    Arena scratch = {0};
    bool ok = true;
    for (size_t i = 0; i < project->examples.n && ok; i++) {
        const Example *example = &project->examples.items[i];
        KeptRow row;
        if (!plan_adds_example(assessor->plan, example)) continue;
        arena_reset(&scratch);
        ok = assess_handwritten_row(assessor, example, &scratch, &row, e) && kept_query_add(query, &row, e);
    }
    arena_free(&scratch);
    return ok;
}

bool handwritten_add(const Project *project, const char *stamp, KeptQuery *query, Arena *a, Str *csv_header,
                     Problems *problems, Error *e)
{
    RunSettings run = {0};
    Nanos began;
    *e = (Error){0};
    if (!read_settings(project, stamp, a, &run, &began, e)) return false;
    PlanSettings settings = {.seed = run.seed, .max_exchanges = run.max_exchanges, .model = run.model, .run = str_from(stamp),
                             .wall = began};
    Plan *plan = NULL;
    Recorder recorder;
    bool ok = plan_open(project, &settings, a, &plan, problems) && recorder_open(project, a, &recorder, problems);
    if (ok) {
        Assessor assessor;
        assessor_init(&assessor, plan, &recorder, a);
        *csv_header = recorder.csv_header;
        ok = add_examples(&assessor, project, query, e);
        assessor_free(&assessor);
    }
    if (plan) plan_close(plan);
    return ok;
}
