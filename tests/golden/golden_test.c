// SPDX-License-Identifier: Apache-2.0
//
// golden_test FOLDER EXPECTED [PARTITION]: what the project gives for 20 iterations of seed 42 (prompts,
// parameters, schema, drawn values), three further attempts, a record of each kind. Compares it with the
// file EXPECTED, or writes that file where the environment has CONFAB_GOLDEN=write.
#include "base/file.h"
#include "output/record.h"
#include "plan/plan.h"

enum { ITERATIONS = 20, EXPECTED_MAX = 16 << 20 };

typedef struct Golden {
    Arena arena, item_arena;
    Project project;
    Plan *plan;
    Recorder recorder;
    Buf out;
} Golden;

static bool open_all(Golden *g, const char *folder, const char *partition)
{
    Problems problems = {.arena = &g->arena};
    ProjectOptions options = {.strict = true, .no_cache = true, .partition = str_from(partition)};
    PlanSettings settings = {.seed = 42, .max_exchanges = 4, .model = S("model"), .run = S("26-11-22-15h04m05s"),
                             .wall = INT64_C(1795359845) * NANOS_PER_SECOND};
    bool ok = project_load(folder, &options, &g->arena, &g->project, &problems) &&
              plan_open(&g->project, &settings, &g->arena, &g->plan, &problems) &&
              recorder_open(&g->project, &g->arena, &g->recorder, &problems);
    if (!ok) problems_print(&problems, stderr);
    return ok;
}

static void add_item(Golden *g, const PlanItem *item)
{
    buf_printf(&g->out, "==== iteration %llu, attempt %u, seed %llu, %u exchanges\n", (unsigned long long)item->drawn.iteration,
               item->drawn.attempt, (unsigned long long)item->drawn.seed, item->drawn.exchanges);
    for (size_t m = 0; m < item->n_messages; m++)
        buf_printf(&g->out, "---- %.*s\n%.*s\n", STR_ARG(item->messages[m].role), STR_ARG(item->messages[m].content));
    buf_add(&g->out, S("---- parameters\n"));
    for (size_t p = 0; p < item->n_params; p++)
        buf_printf(&g->out, "%.*s: %.*s\n", STR_ARG(item->params[p].name), STR_ARG(item->params[p].json));
    buf_add(&g->out, S("---- drawn\n"));
    plan_drawn_json(item, &g->out);
    buf_add_char(&g->out, '\n');
}

static bool add_record(Golden *g, const PlanItem *item, const Conversation *conversation, const AnswerFacts *facts, Error *e)
{
    Buf csv = {0};
    ValueSource source = plan_source(item);
    bool ok = record_render(&g->recorder, &source, conversation, facts, &g->item_arena, &g->out, &csv, e);
    buf_add_char(&g->out, '\n');
    buf_add(&g->out, buf_str(&csv));
    buf_free(&csv);
    return ok;
}

// Everybody says a line, twice; the first of each label's values.
static Conversation plain_conversation(Golden *g)
{
    const Form *form = plan_form(g->plan);
    Conversation c = {.n_turns = 2 * form->n_participants};
    c.turns = arena_new(&g->item_arena, Turn, c.n_turns);
    c.labels = arena_new(&g->item_arena, Str, form->n_labels);
    for (size_t i = 0; i < form->n_labels; i++) c.labels[i] = form->labels[i].of[0];
    for (size_t t = 0; t < c.n_turns; t++) {
        c.turns[t] = (Turn){.participant = (unsigned)(t % form->n_participants), .text = S("A line,\n\"quoted\" {topic}.")};
        c.turns[t].labels = arena_new(&g->item_arena, Str, form->n_turn_labels);
        for (size_t i = 0; i < form->n_turn_labels; i++)
            if (form->turn_labels[i].participant == ANYONE || form->turn_labels[i].participant == (int)c.turns[t].participant)
                c.turns[t].labels[i] = form->turn_labels[i].of[0];
    }
    return c;
}

static bool add_items(Golden *g, Error *e)
{
    PlanItem item;
    for (uint64_t i = 0; i < ITERATIONS; i++) {
        if (!plan_item(g->plan, i, 1, NULL, &g->item_arena, &item, e)) return false;
        add_item(g, &item);
    }
    for (uint64_t i = 0; i < 3; i++) {
        if (!plan_item(g->plan, 1000000 * i, 2, NULL, &g->item_arena, &item, e)) return false;
        add_item(g, &item);
    }
    buf_add(&g->out, S("==== schema\n"));
    buf_add(&g->out, item.schema);
    return true;
}

static bool add_records(Golden *g, Error *e)
{
    PlanItem item;
    const AnswerFacts facts = {.attempt = 1, .finish_reason = S("stop"), .model_reported = S("model-1"), .prompt_sha256 = S("00ff"),
                               .usage_known = true, .prompt_tokens = 100, .completion_tokens = 50, .cost_known = true, .cost = 1500};
    buf_add(&g->out, S("\n==== records\n"));
    buf_add(&g->out, g->recorder.csv_header);
    Conversation conversation = plain_conversation(g);
    if (!plan_item(g->plan, 0, 1, NULL, &g->item_arena, &item, e) || !add_record(g, &item, &conversation, &facts, e)) return false;
    for (size_t i = 0; i < g->project.examples.n; i++) {
        const Example *example = &g->project.examples.items[i];
        if (!plan_adds_example(g->plan, example)) continue;
        plan_handwritten(g->plan, example, &g->item_arena, &item);
        if (!add_record(g, &item, &example->conversation, &(AnswerFacts){.handwritten = true}, e)) return false;
    }
    return true;
}

static bool compare(const Golden *g, const char *path, Arena *a)
{
    Str expected;
    Error e;
    if (!file_read(path, EXPECTED_MAX, a, &expected, NULL, &e)) {
        error_print(&e, stderr);
        fprintf(stderr, "CONFAB_GOLDEN=write makes it; read it before you keep it\n");
        return false;
    }
    Str is = buf_str(&g->out);
    if (str_eq(is, expected)) return true;
    size_t at = 0, line = 1, start = 0;
    while (at < is.len && at < expected.len && is.ptr[at] == expected.ptr[at])
        if (is.ptr[at++] == '\n') line++, start = at;
    fprintf(stderr, "%s:%zu: not what the project gives now\n", path, line);
    fprintf(stderr, "expected: %.*s\nis:       %.*s\n", STR_ARG(str_slice(expected, start, at + 120)),
            STR_ARG(str_slice(is, start, at + 120)));
    fprintf(stderr, "CONFAB_GOLDEN=write rewrites it, if the change is meant\n");
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    Golden g = {0};
    Error e = {0};
    bool ok = open_all(&g, argv[1], argc > 3 ? argv[3] : NULL);
    if (ok && !(add_items(&g, &e) && add_records(&g, &e))) {
        error_print(&e, stderr);
        ok = false;
    }
    const char *mode = getenv("CONFAB_GOLDEN");
    if (ok && mode && strcmp(mode, "write") == 0) ok = file_write_whole(argv[2], buf_str(&g.out), &e);
    else if (ok) ok = compare(&g, argv[2], &g.arena);

    if (g.plan) plan_close(g.plan);
    project_close(&g.project);
    buf_free(&g.out);
    arena_free(&g.item_arena);
    arena_free(&g.arena);
    return ok ? 0 : 1;
}
