// SPDX-License-Identifier: Apache-2.0
#include "project_folder.h"

#include "base/json.h"
#include "output/record.h"
#include "plan/plan.h"

static const FolderFile base[] = {
    {"prompting/system-prompt.txt", "Write."},
    {"prompting/user-prompt.txt", "{topic} {knowledge} {mood} {template}"},
    {"prompting/injections/mood.json", "[{\"value\":\"very \\\"angry\\\"\",\"label\":\"angry\"}]"},
    {"prompting/templates.txt", "[brief]\nBrief."},
    {"config/generation-paramters.json", "{\"temperature\":0.5,\"top_k\":40,\"stop\":[\"a\",\"b\",\"c\"]}"},
    {"examples/examples.txt", "[topic=tea]\nCustomer: Hello?\nAgent: Hello."},
    {"knowledge/tea/green.md", "Warm water."},
    {0},
};

typedef struct Fixture {
    ProjectFolder folder;
    Plan *plan;
    Recorder recorder;
    Arena items;
    Buf json, csv;
} Fixture;

// Without participants of its own a format has User and Assistant, who have no examples here.
static bool fixture_try(Fixture *f, const char *format)
{
    *f = (Fixture){0};
    folder_make(&f->folder, base, (FolderFile[]){{"config/output-format.json", format}, {0}});
    if (!strstr(format, "participants")) folder_write(f->folder.path, &(FolderFile){"examples/examples.txt", ""});
    PlanSettings settings = {.seed = 7, .max_exchanges = 4, .model = S("tiny"), .run = S("26-11-22-15h04m05s")};
    return folder_load(&f->folder, NULL) &&
           plan_open(&f->folder.project, &settings, &f->folder.arena, &f->plan, &f->folder.problems) &&
           recorder_open(&f->folder.project, &f->folder.arena, &f->recorder, &f->folder.problems);
}

static void fixture_open(Fixture *f, const char *format)
{
    if (fixture_try(f, format)) return;
    problems_print(&f->folder.problems, stderr);
    fail_msg("no recorder");
}

static void fixture_close(Fixture *f)
{
    if (f->plan) plan_close(f->plan);
    arena_free(&f->items);
    buf_free(&f->json);
    buf_free(&f->csv);
    folder_close(&f->folder);
}

static Turn turns[] = {{0, S_INIT("Is it\nhot?"), NULL}, {1, S_INIT("No, \"warm\"."), NULL}, {0, S_INIT("Ok"), NULL}};
static const AnswerFacts facts = {.attempt = 2, .finish_reason = S_INIT("stop"), .model_reported = S_INIT("tiny-1"),
                                  .prompt_sha256 = S_INIT("ab12"), .wall = 0, .usage_known = true, .prompt_tokens = 10,
                                  .completion_tokens = 20, .cost_known = true, .cost = 1500000};

// Renders iteration 3 with two turns; asked labels as given.
static void render(Fixture *f, Str *labels, size_t n_turns)
{
    PlanItem item;
    Error e;
    Conversation conversation = {.turns = turns, .n_turns = n_turns, .labels = labels};
    assert_true(plan_item(f->plan, 3, 1, NULL, &f->items, &item, &e));
    ValueSource source = plan_source(&item);
    buf_clear(&f->json);
    buf_clear(&f->csv);
    if (!record_render(&f->recorder, &source, &conversation, &facts, &f->items, &f->json, &f->csv, &e)) fail_msg("%s", e.what);
}

static void render_example(Fixture *f)
{
    PlanItem item;
    Error e;
    const Example *example = &f->folder.project.examples.items[0];
    plan_handwritten(f->plan, example, &f->items, &item);
    ValueSource source = plan_source(&item);
    buf_clear(&f->json);
    buf_clear(&f->csv);
    if (!record_render(&f->recorder, &source, &example->conversation, &(AnswerFacts){.handwritten = true}, &f->items, &f->json,
                       &f->csv, &e))
        fail_msg("%s", e.what);
}

static void expect_str(Str actual, const char *expected)
{
    if (!str_eq(actual, str_from(expected))) fail_msg("\n--- is\n%.*s\n--- not\n%s", STR_ARG(actual), expected);
}

// Puts values that depend on draws and hashes in the place of $1 … in `expected`.
static const char *with(Fixture *f, const char *expected, const Str *values, size_t n)
{
    Buf out = {0};
    for (const char *c = expected; *c; c++) {
        if (*c == '$' && c[1] >= '1' && c[1] < '1' + (int)n) buf_add(&out, values[*++c - '1']);
        else buf_add_char(&out, *c);
    }
    char *text = arena_cstr(&f->items, buf_str(&out));
    buf_free(&out);
    return text;
}

// ---- the default record -------------------------------------------------------------------------

static void the_default_record(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"]}");
    render(&f, NULL, 2);
    PlanItem item;
    Error e;
    Value chunks, seed;
    assert_true(plan_item(f.plan, 3, 1, NULL, &f.items, &item, &e));
    plan_value(&item, (Ref){.id = NAME_CHUNKS}, &chunks);
    plan_value(&item, (Ref){.id = NAME_SEED}, &seed);
    Str values[] = {chunks.text, seed.text};
    expect_str(buf_str(&f.json),
               with(&f, "{\"id\":\"26-11-22-15h04m05s-3\",\"run\":\"26-11-22-15h04m05s\",\"index\":3,\"attempt\":2,"
                        "\"source\":\"generated\",\"partition\":\"train\",\"topic\":\"tea\",\"labels\":{\"mood\":\"angry\"},"
                        "\"chunks\":$1,\"template\":\"brief\",\"parameters\":{\"temperature\":0.5,\"top_k\":40,"
                        "\"stop\":[\"a\",\"b\",\"c\"]},\"model\":\"tiny\",\"seed\":$2,"
                        "\"messages\":[{\"role\":\"user\",\"name\":\"Customer\",\"content\":\"Is it\\nhot?\"},"
                        "{\"role\":\"assistant\",\"name\":\"Agent\",\"content\":\"No, \\\"warm\\\".\"}]}", values, 2));
    expect_str(f.recorder.csv_header,
               "id,run,index,attempt,source,partition,topic,labels.mood,chunks,template,parameters.temperature,"
               "parameters.top_k,parameters.stop,model,seed,messages,conversation\r\n");
    Str row = buf_str(&f.csv);
    assert_true(str_starts(row, S("26-11-22-15h04m05s-3,26-11-22-15h04m05s,3,2,generated,train,tea,angry,\"[{\"\"id\"\":")));
    assert_true(str_contains(row, S(",brief,0.5,40,\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]\",tiny,")));
    assert_true(str_ends(row, S(",\"Customer: Is it\nhot?\nAgent: No, \"\"warm\"\".\"\r\n")));

    render_example(&f);
    expect_str(buf_str(&f.json),
               "{\"id\":\"26-11-22-15h04m05s-example-1\",\"run\":\"26-11-22-15h04m05s\",\"index\":null,\"attempt\":null,"
               "\"source\":\"handwritten\",\"partition\":\"train\",\"topic\":\"tea\",\"labels\":{\"mood\":null},"
               "\"chunks\":null,\"template\":null,\"parameters\":{\"temperature\":null,\"top_k\":null,\"stop\":null},"
               "\"model\":null,\"seed\":null,"
               "\"messages\":[{\"role\":\"user\",\"name\":\"Customer\",\"content\":\"Hello?\"},"
               "{\"role\":\"assistant\",\"name\":\"Agent\",\"content\":\"Hello.\"}]}");
    expect_str(buf_str(&f.csv), "26-11-22-15h04m05s-example-1,26-11-22-15h04m05s,,,handwritten,train,tea,,,,,,,,,"
                                "\"[{\"\"role\"\":\"\"user\"\",\"\"name\"\":\"\"Customer\"\",\"\"content\"\":\"\"Hello?\"\"},"
                                "{\"\"role\"\":\"\"assistant\"\",\"\"name\"\":\"\"Agent\"\",\"\"content\"\":\"\"Hello.\"\"}]\","
                                "\"Customer: Hello?\nAgent: Hello.\"\r\n");
    fixture_close(&f);
}

// ---- records of one's own -----------------------------------------------------------------------

static void one_placeholder_keeps_its_type(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"],\"record\":{"
                     "\"n\":\"{index}\",\"text\":\"no {index}\",\"list\":\"{param.stop}\",\"mixed\":\"{param.stop}!\","
                     "\"page\":\"{chunk.page}\",\"pages\":\"p{chunk.page}\",\"fixed\":7.50,\"none\":null,\"yes\":true,"
                     "\"word\":\"plain\",\"braces\":\"{{topic}} {\",\"mood\":\"{mood}\",\"conversation\":\"{conversation}\","
                     "\"nested\":[1,{\"a\":\"{topic}\"},[]],\"empty\":{}}}");
    render(&f, NULL, 1);
    expect_str(buf_str(&f.json),
               "{\"n\":3,\"text\":\"no 3\",\"list\":[\"a\",\"b\",\"c\"],\"mixed\":\"[\\\"a\\\",\\\"b\\\",\\\"c\\\"]!\","
               "\"page\":null,\"pages\":\"p\",\"fixed\":7.5,\"none\":null,\"yes\":true,\"word\":\"plain\","
               "\"braces\":\"{topic} {\",\"mood\":\"very \\\"angry\\\"\",\"conversation\":\"Customer: Is it\\nhot?\","
               "\"nested\":[1,{\"a\":\"tea\"},[]],\"empty\":{}}");
    expect_str(f.recorder.csv_header,
               "n,text,list,mixed,page,pages,fixed,none,yes,word,braces,mood,nested,conversation\r\n");
    expect_str(buf_str(&f.csv),
               "3,no 3,\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]\",\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]!\",,p,7.5,,true,plain,{topic} {,"
               "\"very \"\"angry\"\"\",\"[1,{\"\"a\"\":\"\"tea\"\"},[]]\",\"Customer: Is it\nhot?\"\r\n");
    fixture_close(&f);
}

static void what_is_known_of_an_answer(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"],\"system\":\"On {topic}.\",\"record\":{\"m\":\"{messages}\",\"f\":\"{finish_reason}\","
                     "\"r\":\"{model.reported}\",\"p\":\"{prompt.sha256}\",\"t\":\"{time}\",\"u\":[\"{usage.prompt_tokens}\","
                     "\"{usage.completion_tokens}\"],\"c\":\"{cost}\",\"s\":\"{source}\",\"a\":\"{attempt}\"}}");
    render(&f, NULL, 1);
    expect_str(buf_str(&f.json),
               "{\"m\":[{\"role\":\"system\",\"content\":\"On tea.\"},{\"role\":\"user\",\"content\":\"Is it\\nhot?\"}],"
               "\"f\":\"stop\",\"r\":\"tiny-1\",\"p\":\"ab12\",\"t\":\"1970-01-01T00:00:00Z\",\"u\":[10,20],\"c\":0.0015,"
               "\"s\":\"generated\",\"a\":2}");
    render_example(&f);
    assert_true(str_contains(buf_str(&f.json), S("\"f\":null,\"r\":null,\"p\":null,\"t\":null,\"u\":[null,null],\"c\":null,"
                                                 "\"s\":\"handwritten\",\"a\":null}")));
    fixture_close(&f);
}

static void a_list_of_one_is_repeated_for_each_turn(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"],\"record\":{\"conversation\":"
                     "[{\"n\":\"{turn.number}\",\"who\":\"{turn.participant}/{turn.role}\",\"text\":\"{turn.text}\"}],"
                     "\"texts\":[\"{turn.text}\"],\"fixed\":[\"{topic}\"]}}");
    render(&f, NULL, 3);
    expect_str(buf_str(&f.json),
               "{\"conversation\":[{\"n\":1,\"who\":\"Customer/user\",\"text\":\"Is it\\nhot?\"},"
               "{\"n\":2,\"who\":\"Agent/assistant\",\"text\":\"No, \\\"warm\\\".\"},{\"n\":3,\"who\":\"Customer/user\",\"text\":\"Ok\"}],"
               "\"texts\":[\"Is it\\nhot?\",\"No, \\\"warm\\\".\",\"Ok\"],\"fixed\":[\"tea\"]}");
    // The transcript takes the place of the record's own `conversation`.
    expect_str(f.recorder.csv_header, "texts,fixed,conversation\r\n");
    fixture_close(&f);
}

static void a_file_can_be_the_record_itself(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"conversations\":[{\"from\":\"{turn.role}\",\"value\":\"{turn.text}\"}]}");
    render(&f, NULL, 2);
    expect_str(buf_str(&f.json), "{\"conversations\":[{\"from\":\"user\",\"value\":\"Is it\\nhot?\"},"
                                 "{\"from\":\"assistant\",\"value\":\"No, \\\"warm\\\".\"}]}");
    expect_str(f.recorder.csv_header, "conversations,conversation\r\n");
    fixture_close(&f);
}

static void a_row_a_turn(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"],\"csv\":{\"row\":\"turn\",\"columns\":{\"id\":\"{id}\","
                     "\"turn\":\"{turn.number}\",\"speaker\":\"{turn.participant}\",\"text\":\"{turn.text}\",\"stop\":\"{param.stop}\","
                     "\"page\":\"{chunk.page}\"}}}");
    render(&f, NULL, 2);
    expect_str(f.recorder.csv_header, "id,turn,speaker,text,stop,page\r\n");
    expect_str(buf_str(&f.csv),
               "26-11-22-15h04m05s-3,1,Customer,\"Is it\nhot?\",\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]\",\r\n"
               "26-11-22-15h04m05s-3,2,Agent,\"No, \"\"warm\"\".\",\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]\",\r\n");
    fixture_close(&f);
}

// ---- labels -------------------------------------------------------------------------------------

static void labels_drawn_and_asked(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"],\"labels\":{\"mood\":\"{mood.label}\","
                     "\"end\":{\"of\":[\"good\",\"bad\"]},\"heat\":\"{param.temperature}\",\"both\":\"{topic}-{mood.label}\"},"
                     "\"turn_labels\":{\"intent\":{\"of\":[\"ask\",\"tell\"]},\"at\":\"{turn.number}\"},"
                     "\"record\":{\"all\":\"{labels}\",\"end\":\"{label.end}\",\"heat\":\"{label.heat}\","
                     "\"turns\":[{\"i\":\"{turn.label.intent}\",\"at\":\"{turn.label.at}\"}]}}");
    Str asked[] = {S("good")}, first[] = {S("ask")};
    turns[0].labels = first;
    render(&f, asked, 2);
    turns[0].labels = NULL;
    expect_str(buf_str(&f.json),
               "{\"all\":{\"mood\":\"angry\",\"end\":\"good\",\"heat\":0.5,\"both\":\"tea-angry\"},\"end\":\"good\",\"heat\":0.5,"
               "\"turns\":[{\"i\":\"ask\",\"at\":1},{\"i\":null,\"at\":2}]}");
    expect_str(f.recorder.csv_header, "all.mood,all.end,all.heat,all.both,end,heat,turns,conversation\r\n");
    assert_true(str_starts(buf_str(&f.csv), S("angry,good,0.5,tea-angry,good,0.5,")));
    render(&f, (Str[]){{0}}, 1);
    assert_true(str_contains(buf_str(&f.json), S("\"end\":null")));
    render_example(&f);
    assert_true(str_starts(buf_str(&f.json), S("{\"all\":{\"mood\":null,\"end\":null,\"heat\":null,\"both\":\"tea-\"},")));
    fixture_close(&f);
}

// ---- what is wrong ------------------------------------------------------------------------------

static void two_columns_of_one_name_are_an_error(void **state)
{
    (void)state;
    Fixture f;
    assert_false(fixture_try(&f, "{\"record\":{\"a.b\":1,\"a\":{\"b\":2},\"c\":\"{conversation}\"}}"));
    assert_int_equal(f.folder.problems.errors, 1);
    const Error *e = f.folder.problems.items;
    while (e->warning) e++;
    assert_string_equal(e->code, "csv");
    assert_non_null(strstr(e->what, "a.b"));
    fixture_close(&f);
}

static void a_record_too_large_is_an_error(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"]}");
    PlanItem item;
    Error e;
    Conversation conversation = {.turns = turns, .n_turns = 1};
    assert_true(plan_item(f.plan, 0, 1, NULL, &f.items, &item, &e));
    ValueSource source = plan_source(&item);
    f.json.max = 100;
    assert_false(record_render(&f.recorder, &source, &conversation, &facts, &f.items, &f.json, NULL, &e));
    assert_string_equal(e.code, "record");
    fixture_close(&f);
}

static bool no_value(void *ctx, Ref ref, Value *out)
{
    (void)ctx, (void)ref, (void)out;
    return false;
}

static void a_value_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, "{\"participants\":[\"Customer\",\"Agent\"]}");
    Error e;
    Conversation conversation = {.turns = turns, .n_turns = 1};
    ValueSource source = {no_value, NULL};
    assert_false(record_render(&f.recorder, &source, &conversation, &facts, &f.items, &f.json, &f.csv, &e));
    assert_int_equal(e.kind, ERROR_INTERNAL);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_record),
        cmocka_unit_test(one_placeholder_keeps_its_type),
        cmocka_unit_test(what_is_known_of_an_answer),
        cmocka_unit_test(a_list_of_one_is_repeated_for_each_turn),
        cmocka_unit_test(a_file_can_be_the_record_itself),
        cmocka_unit_test(a_row_a_turn),
        cmocka_unit_test(labels_drawn_and_asked),
        cmocka_unit_test(two_columns_of_one_name_are_an_error),
        cmocka_unit_test(a_record_too_large_is_an_error),
        cmocka_unit_test(a_value_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
