// SPDX-License-Identifier: Apache-2.0
#include "run/rejected.h"

#include "base/json.h"
#include "llm/adapter.h"
#include "plan/plan.h"
#include "run/facts.h"

enum { ATTEMPTS = 255 };  // the journal's keys know no more

struct Rejected {
    Journal *journal;
    Plan *plan;
    const Adapter *adapter;
    Arena arena;            // of a row
    Buf prompt;
    ExportRejected items[ATTEMPTS];
};

static bool is_changed(Rejected *r, const Project *project, const char *stamp, Arena *a, Error *e)
{
    ProjectFile *then;
    Str *names;
    size_t n = facts_files(r->journal, a, &then);
    size_t changed = project_changed(project, then, n, a, &names);
    if (!changed) return false;
    error_set(e, ERROR_USAGE, "changed", "%.*s changed since run %s, so its prompts cannot be made again", STR_ARG(names[0]), stamp);
    error_hint(e, "bring the project back to what it was, or export another format");
    return true;
}

bool rejected_open(const Project *project, const char *stamp, Arena *a, Rejected **out, Problems *problems, Error *e)
{
    Rejected *r = mem_alloc(sizeof *r);
    *r = (Rejected){0};
    *out = r;
    *e = (Error){0};
    RunSettings run = {0};
    Str path = arena_printf(a, "%.*s/.confab/%s.db", STR_ARG(project->folder), stamp);
    if (!journal_open_to_read(path.ptr, &r->journal, e)) return false;
    if (!facts_settings(r->journal, a, &run))
        return error_set(e, ERROR_FILE, "unborn", "the journal of %s does not say what the run was", stamp);
    if (is_changed(r, project, stamp, a, e)) return false;
    r->adapter = adapter_named(facts_text(r->journal, S("api"), a));
    if (!r->adapter) return error_set(e, ERROR_FILE, "journal", "the journal of %s does not say what API answered", stamp);
    PlanSettings settings = {.seed = run.seed, .max_exchanges = run.max_exchanges, .model = run.model, .run = str_from(stamp),
                             .wall = facts_number(r->journal, S("began"))};
    return plan_open(project, &settings, a, &r->plan, problems);
}

void rejected_close(Rejected *r)
{
    if (!r) return;
    if (r->plan) plan_close(r->plan);
    if (r->journal) journal_close(r->journal, NULL);
    arena_free(&r->arena);
    buf_free(&r->prompt);
    free(r);
}

// False without an error: there is no such answer, or no text in it.
static bool read_text(Rejected *r, uint64_t iteration, unsigned attempt, Str *text, Error *e)
{
    AnswerRow answer;
    ChatReply reply = {0};
    Error unread;
    if (!journal_get_answer(r->journal, (StepKey){iteration, attempt, 0}, &r->arena, &answer, e)) return false;
    if (!r->adapter->read_reply(answer.raw, &r->arena, &reply, &unread) || !reply.text.len) return false;
    *text = reply.text;
    return true;
}

static void write_prompt(Rejected *r, const PlanItem *item)
{
    buf_clear(&r->prompt);
    buf_add_char(&r->prompt, '[');
    for (size_t i = 0; i < item->n_messages; i++) {
        buf_add(&r->prompt, i ? S(",{\"role\":") : S("{\"role\":"));
        json_write_string(&r->prompt, item->messages[i].role);
        buf_add(&r->prompt, S(",\"content\":"));
        json_write_string(&r->prompt, item->messages[i].content);
        buf_add_char(&r->prompt, '}');
    }
    buf_add_char(&r->prompt, ']');
}

bool rejected_fill(Rejected *r, KeptQuery *query, ExportRow *row, Error *e)
{
    uint64_t kept = 0;
    PlanItem item;
    *e = (Error){0};
    row->n_rejected = 0;
    if (row->handwritten || !str_to_u64(row->attempt, &kept) || kept < 2 || kept > ATTEMPTS) return true;
    arena_reset(&r->arena);
    if (!read_text(r, row->iteration, (unsigned)kept, &row->chosen, e)) return e->kind == ERROR_NONE;
    for (unsigned attempt = 1; attempt < kept; attempt++) {
        ExportRejected *rejected = &r->items[row->n_rejected];
        if (read_text(r, row->iteration, attempt, &rejected->text, e) &&
            kept_query_reason(query, row->iteration, attempt, &r->arena, &rejected->reason, NULL))
            row->n_rejected++;
        if (e->kind) return false;
    }
    row->rejected = r->items;
    if (!row->n_rejected) return true;
    if (!plan_item(r->plan, row->iteration, (unsigned)kept, NULL, &r->arena, &item, e)) return false;
    write_prompt(r, &item);
    row->prompt = buf_str(&r->prompt);
    return true;
}
